"""The app: one frame timer, and the main screen."""

import gc
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.filter import LineFilter
from textual.screen import Screen

from threadviz.tui.commands import COMMANDS
from threadviz.tui.render.ascii import ASCII
from threadviz.tui.render.styles import lane_variables
from threadviz.tui.runs.session import Session
from threadviz.tui.screens.main import MainScreen
from threadviz.tui.view import ReplayLoop

FRAME_S = 1 / 30
"""Seconds from frame to frame."""

QUIET_S = 1 / 10
"""The same, while nothing changes: each message of a timer costs, whatever is done about it."""

DRAIN_NS = 4_000_000
"""At most so long (ns) a frame spends on what has come of a run; what is left is for the next."""

FULL_COLLECTION_AFTER = 1000
"""So many collections of what is younger: many minutes."""


class ThreadvizApp(App[None]):
    """Shows the runs of `sitting`, which is closed by whoever made it.

    `plain` draws in ASCII, `loop` shows again and again what is over; `clock` is in ns.
    """

    CSS_PATH = "screens/main.tcss"  # Textual reads no sheet of a screen that is there from the beginning
    TITLE = "threadviz"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-normal"), (160, "-wide")]  # noqa: RUF012 - as Textual has it
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-flat"), (34, "-tall"), (46, "-high")]  # noqa: RUF012 - as Textual has it

    def __init__(
        self,
        session: Session,
        *,
        plain: bool = False,
        loop: bool = False,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        super().__init__()
        self.plain = plain
        self._sitting = session
        self._again = ReplayLoop() if loop else None
        self._clock = clock
        self._last_frame = clock()
        self.main = MainScreen(session, plain=plain)

    def get_default_screen(self) -> Screen[None]:
        """The main screen."""
        return self.main

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The colours of the lanes, for the theme that is set."""
        return lane_variables(self.current_theme)

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What each line goes through before it is shown."""
        filters = super().get_line_filters()
        return [*filters, ASCII] if self.plain else filters

    def get_key_display(self, binding: Binding) -> str:
        """The name of a key; in ASCII its name as Textual has it, such as `left`, where it else is a sign."""
        shown = super().get_key_display(binding)
        if shown.isascii() or not self.plain:
            return shown
        return f"{binding.key} " if binding.group else binding.key  # neighbours of a group touch

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """What the palette has: all commands, and the choice of a theme."""
        if screen is self.main:
            for command in COMMANDS:
                if command.fits(self.main) and command.possible(self.main):
                    carry_out = partial(self.main.action_carry_out, command.id)
                    yield SystemCommand(command.label, command.about, carry_out)
        yield SystemCommand("Theme", "Choose the colours of everything.", self.action_change_theme)

    def action_help_quit(self) -> None:
        """Say how to leave, for who tries ctrl+c."""
        if self._sitting.executing:
            self.notify(
                "Ctrl-C is not sent to the program. x ends it, by SIGTERM; q leaves, and ends it too."
            )
        else:
            self.notify("Press q to leave.")

    def on_mount(self) -> None:
        """Begin to show frames."""
        self._quick = self.set_interval(FRAME_S, self._frame)
        self._slow = self.set_interval(QUIET_S, self._frame, pause=True)
        self.call_after_refresh(self._spare_frames)

    def _spare_frames(self) -> None:
        """Have no frame wait for the garbage collector for long.

        What was made until the first frame stays, and need not be looked through. What lived through two collections
        is nearly all the timeline's, which has no cycles: to look through it takes tens of ms, so that is done seldom.
        """
        gc.freeze()
        young, middle, _ = gc.get_threshold()
        gc.set_threshold(young, middle, FULL_COLLECTION_AFTER)

    def _frame(self) -> None:
        now = self._clock()
        elapsed, self._last_frame = now - self._last_frame, now
        told = self._sitting.drain(DRAIN_NS)
        self.main.show_frame(elapsed, told)
        if self._again is not None:
            self._again.advance(self.main.view, elapsed)
        if self.main.quiet:
            self._quick.pause()
            self._slow.resume()
        else:
            self._slow.pause()
            self._quick.resume()
