"""The app: its main screen, and the timers that draw its frames."""

import gc
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.filter import LineFilter
from textual.screen import Screen

from threadviz.protocol.requests import ExecRequest
from threadviz.tui.commands import COMMANDS
from threadviz.tui.render.ascii import ASCII, ASCII_CLASS, draws_ascii
from threadviz.tui.render.styles import lane_variables
from threadviz.tui.runs import Session
from threadviz.tui.screens.main import MainScreen

FRAME_S = 1 / 30
"""Seconds between frames."""

IDLE_FRAME_S = 1 / 10
"""Seconds between frames while nothing changes: each timer message costs time, whatever it does."""

DRAIN_NS = 4_000_000
"""The time (ns) that a frame may spend on new events of a run; the rest is for the next frame."""

FULL_COLLECTION_AFTER = 1000
"""The number of middle garbage collections before a full one: many minutes."""


class ThreadvizApp(App[None]):
    """Shows the runs of `session`, which the caller closes.

    `ascii_only` draws in ASCII, `loop` replays finished runs again and again; `clock` returns ns.
    """

    # Textual does not read the style sheet of a default screen.
    CSS_PATH = ["widgets/widgets.tcss", "screens/main.tcss"]  # noqa: RUF012 - as Textual has it
    TITLE = "threadviz"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-normal"), (160, "-wide")]  # noqa: RUF012 - as Textual has it
    VERTICAL_BREAKPOINTS = [(0, "-low"), (20, "-flat"), (34, "-tall"), (46, "-high")]  # noqa: RUF012 - as Textual has it

    def __init__(
        self,
        session: Session,
        *,
        ascii_only: bool = False,
        loop: bool = False,
        clock: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        super().__init__()
        self.set_class(ascii_only, ASCII_CLASS, update=False)
        self._session = session
        self._clock = clock
        self._last_frame = clock()
        self.main = MainScreen(session)
        self.main.view.loops = loop

    def get_default_screen(self) -> Screen[None]:
        return self.main

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return lane_variables(self.current_theme)

    def get_line_filters(self) -> Sequence[LineFilter]:
        filters = super().get_line_filters()
        return [*filters, ASCII] if draws_ascii(self) else filters

    def get_key_display(self, binding: Binding) -> str:
        """Return the label of a key; in ASCII its name, such as `left`, instead of a symbol."""
        label = super().get_key_display(binding)
        if label.isascii() or not draws_ascii(self):
            return label
        return (
            f"{binding.key} " if binding.group else binding.key
        )  # there is no gap between the keys of a group

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """Fill the palette with all commands that can be carried out now, and the choice of a theme."""
        if screen is self.main:
            for id_, command in COMMANDS.items():
                if command.available(self.main) and command.enabled(self.main):
                    carry_out = partial(self.main.action_carry_out, id_)
                    yield SystemCommand(command.label, command.help, carry_out)
        yield SystemCommand("Theme", "Choose the colours of everything.", self.action_change_theme)

    def action_help_quit(self) -> None:
        """Tell the user how to quit, after ctrl+c."""
        running = self._session.running
        if running is not None and isinstance(running.request, ExecRequest):
            self.notify(
                "Ctrl-C is not sent to the program. x ends it, by SIGTERM; q leaves, and ends it too."
            )
        else:
            self.notify("Press q to leave.")

    def on_mount(self) -> None:
        self._timer = self.set_interval(FRAME_S, self._frame)
        self._idle_timer = self.set_interval(IDLE_FRAME_S, self._frame, pause=True)
        self.call_after_refresh(self._limit_garbage_collection)

    def _limit_garbage_collection(self) -> None:
        """Keep garbage collection from delaying frames.

        Objects made before the first frame stay, and need not be examined. Objects that survive two collections belong
        almost all to the timeline, which has no cycles: to examine them takes tens of ms, so that is done rarely.
        """
        gc.freeze()
        young, middle, _ = gc.get_threshold()
        gc.set_threshold(young, middle, FULL_COLLECTION_AFTER)

    def _frame(self) -> None:
        now = self._clock()
        elapsed, self._last_frame = now - self._last_frame, now
        updated = self._session.drain(DRAIN_NS)
        self.main.show_frame(elapsed, updated)
        if self.main.idle:
            self._timer.pause()
            self._idle_timer.resume()
        else:
            self._idle_timer.pause()
            self._timer.resume()
