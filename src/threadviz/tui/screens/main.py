"""The main screen: the lanes, what is said about them, and where commands are carried out."""

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import TYPE_CHECKING
from weakref import WeakSet

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Container, Vertical
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Input

from threadviz.text import printable
from threadviz.tui.commands import COMMANDS, Command, Panel
from threadviz.tui.runs import Run, RunGroup, Session
from threadviz.tui.save import save_picture_of
from threadviz.tui.screens.run_controller import RunController
from threadviz.tui.view import Motion, View
from threadviz.tui.widgets.axis import AxisLine
from threadviz.tui.widgets.code import CodePanel
from threadviz.tui.widgets.comparison import ComparisonPanel
from threadviz.tui.widgets.details import DetailsPanel
from threadviz.tui.widgets.filter_status import FilterStatus
from threadviz.tui.widgets.findings import FindingsPanel
from threadviz.tui.widgets.footer import RunFooter
from threadviz.tui.widgets.gil_lanes import GilLanes
from threadviz.tui.widgets.header import RunHeader
from threadviz.tui.widgets.lanes import LanesView
from threadviz.tui.widgets.legend import Legend
from threadviz.tui.widgets.output import OutputPanel
from threadviz.tui.widgets.tasks import TaskTable
from threadviz.tui.widgets.totals import TotalsPanel

# What is needed only when it is asked for is imported then: the first lanes need not wait for it.

if TYPE_CHECKING:
    from threadviz.tui.widgets.filter_input import FilterInput


# From commands to what Textual binds keys with.


def bindings_of(commands: Sequence[Command]) -> Iterator[Binding]:
    """Yield a binding for each command's keys; neighbours with the same footer are shown as one there."""
    for footer, alike in groupby(commands, key=lambda command: command.footer):
        together = list(alike)
        group = Binding.Group(footer, compact=True) if len(together) > 1 and footer else None
        for command in together:
            shown, *others = command.keys
            action = f"carry_out('{command.id}')"
            first = command.takes_keys
            yield Binding(
                shown,
                action,
                footer or command.label,
                bool(footer),
                priority=first,
                tooltip=command.about,
                group=group,
            )
            for key in others:
                yield Binding(key, action, command.label, show=False, priority=first)


# Tells the frames in which nothing changes, so that they cost next to nothing.

LOOK_ANYWAY = 6
"""While nothing changes, every so many frames it is made sure that there is nothing to draw: it would cost too much to
do so in each."""

LASTING = 15
"""From so many frames without a change on, none is expected soon."""


class Calm:
    """For how many frames nothing has changed."""

    def __init__(self) -> None:
        self._state: tuple[Hashable, ...] = ()
        self._frames = 0

    @property
    def lasting(self) -> bool:
        """Whether nothing has changed for a while."""
        return self._frames > LASTING

    def asks_for_a_look(self, view: View, told: bool, whole: bool) -> bool:
        """Whether this frame may have anything to draw.

        `told` says whether anything was told of a run since the frame before, `whole` whether that drew all there was.
        """
        state = view.state
        seen = told and view.playhead.motion is not Motion.FROZEN
        self._frames = 0 if seen or not whole or state != self._state else self._frames + 1
        self._state = state
        return self._frames % LOOK_ANYWAY == 0


# Which panels are shown.

ROOM_FOR_A_PANEL = 34
"""From so many lines on, the findings are open although nobody asked for them."""

ROOM_FOR_OUTPUT = 24
"""The same for what a program prints."""


class Panels:
    """The panels of the main screen: one of `widgets` is open at a time, or none, and `code` beside it, or not.

    Instead of the findings of one run, `comparison` is open where there are several. Until somebody opens or closes a
    panel, the findings are open where there is room for them, and the comparison always; of a program whose output
    comes here, the output is as soon as there is any, for which a little room is enough.
    """

    def __init__(self, widgets: Mapping[Panel, Widget], comparison: Widget, code: Widget) -> None:
        self._widgets = widgets
        self._comparison = comparison
        self._code = code
        self._opened: Panel | None = None
        self._untouched = True
        self._room = self._little_room = self._prints = self._printed = False
        self._comparing = False

    def __iter__(self) -> Iterator[Widget]:
        """All of them, but the code."""
        yield from self._widgets.values()
        yield self._comparison

    @property
    def opened(self) -> Panel | None:
        """The panel that is open, other than the code."""
        if not self._untouched:
            return self._opened
        if self._printed and not self._comparing:
            return Panel.OUTPUT if self._little_room else None
        return Panel.FINDINGS if self._room or self._comparing else None

    @property
    def widget(self) -> Widget | None:
        """What is shown of it."""
        return next((widget for widget in self if widget.display), None)

    def make_room(self, lines: int, *, printed: bool) -> None:
        """Say how many lines the screen has, and whether there is output: what to open that nobody asked for."""
        now = lines >= ROOM_FOR_A_PANEL, lines >= ROOM_FOR_OUTPUT, printed
        if now != (self._room, self._little_room, self._printed):
            self._room, self._little_room, self._printed = now
            self.show()

    def look_at(self, *, comparing: bool, prints: bool) -> None:
        """Say whether there are several runs; then their comparison is what one wants to see.

        Else, of a program that `prints` what comes here, that is.
        """
        if comparing or prints is not self._prints:
            self._untouched = True
        self._comparing, self._prints = comparing, prints
        self.show()

    def toggle(self, panel: Panel) -> None:
        """Open a panel, or close it."""
        if panel is Panel.CODE:
            self._code.display = not self._code.display
            self.show()
            return
        opened = self.opened
        self._untouched = False
        self._opened = None if panel is opened else panel
        self.show()

    def open(self, panel: Panel) -> None:
        """Open a panel where it is not."""
        if panel is not self.opened:
            self.toggle(panel)

    def open_only(self, panels: Sequence[Panel]) -> None:
        """Open these, and close the others."""
        self._untouched = False
        self._code.display = Panel.CODE in panels
        self._opened = next((panel for panel in panels if panel is not Panel.CODE), None)
        self.show()

    def close(self) -> bool:
        """Close what was opened by hand, and tell whether there was anything."""
        if self._code.display:
            self._code.display = False
        elif self._opened is not None:
            self._opened = None
            self._untouched = True
        else:
            return False
        self.show()
        return True

    def show(self) -> None:
        """Show what is open, and nothing else; where there is little room, the code takes all of it."""
        opened = None if self._code.display and not self._room else self.opened
        for panel, widget in self._widgets.items():
            widget.display = panel is opened and not (panel is Panel.FINDINGS and self._comparing)
        self._comparison.display = opened is Panel.FINDINGS and self._comparing


_BY_ID = {command.id: command for command in COMMANDS}


class MainScreen(Screen[None]):
    """Looks at the group of `sitting` that is current. It is a `commands.Desk`."""

    BINDINGS = list(bindings_of(COMMANDS))  # noqa: RUF012 - as Textual has it

    def __init__(self, session: Session, *, plain: bool) -> None:
        super().__init__()
        self.view = View()
        self._plain = plain
        self._sitting = session
        self.runs = RunController(self, session, plain=plain)
        self._group: RunGroup | None = None
        self._told = WeakSet[Run]()
        self._possible: tuple[bool, ...] = ()
        self._whole = False
        self._sought: str | None = None
        self._find_line: FilterInput | None = None
        self._calm = Calm()
        view = self.view
        self._gil = GilLanes(view, plain=plain)
        self._lanes = LanesView(view, plain=plain)
        self._tasks = TaskTable(view, plain=plain)
        self._details = DetailsPanel(view, plain=plain)
        self._totals = TotalsPanel(view, plain=plain)
        self._code = CodePanel(view, plain=plain)
        self._panels = Panels(
            {
                Panel.FINDINGS: FindingsPanel(view, plain=plain),
                Panel.TASKS: self._tasks,
                Panel.DETAILS: self._details,
                Panel.OUTPUT: OutputPanel(view, printed=lambda: self.runs.printed, plain=plain),
            },
            comparison=ComparisonPanel(
                view, pending=lambda: self.runs.pending, not_run=lambda: self.runs.not_run, plain=plain
            ),
            code=self._code,
        )
        self._drawn = (
            RunHeader(view, plain=plain),
            AxisLine(view, plain=plain),
            self._gil,
            self._lanes,
            FilterStatus(view, plain=plain),
            Legend(view, plain=plain),
            self._totals,
            *self._panels,
            self._code,
        )

    def compose(self) -> ComposeResult:
        """All there is, from the top."""
        heading, axis, gil, lanes, arranged, legend, totals, *panels, code = self._drawn
        yield heading
        with Container(id="beside"):
            with Vertical(id="picture"):
                yield axis
                yield gil
                yield lanes
                yield arranged
                yield legend
                yield totals
                for panel in panels:
                    panel.border_title = type(panel).__name__
                    yield panel.add_class("panel")
            code.border_title = "Code"
            yield code.add_class("panel")
        yield Container(id="foot")

    def on_mount(self) -> None:
        """Begin with the code put away."""
        self.set_class(self._plain, "-plain")
        self._code.display = False
        self._panels.show()
        self.show_frame(0)
        # It is as much work as all the rest, and nobody misses it while the first lanes come.
        self.call_after_refresh(self._mount_footer)

    async def _mount_footer(self) -> None:
        foot = self.query_one("#foot")
        if foot.is_attached:  # else somebody has left already
            await foot.mount(RunFooter())
            self.refresh_bindings()  # which it waits for

    def on_screen_resume(self) -> None:
        """Have the footer show its keys, if a dialog was opened before it was there."""
        self.refresh_bindings()

    # Frames

    def show_frame(self, elapsed: int, told: bool = True) -> None:
        """Draw what has changed, `elapsed` ns after the frame before; `told`: something was told of a run since."""
        self._follow_sitting()
        self._seek()
        self.view.advance(elapsed)
        printed = self.runs.printed
        self._panels.make_room(self.size.height, printed=printed is not None and printed.changes > 0)
        if not self._calm.asks_for_a_look(self.view, told, self.complete):
            return
        for widget in self._drawn:
            if widget.display:
                widget.refresh_view()
        self._whole = self._pictured and (self._details.whole or not self._details.display)
        for foot in self.query(RunFooter):
            foot.fit()  # its keys may have come to their places only since
        possible = tuple(command.fits(self) and command.possible(self) for command in COMMANDS)
        if possible != self._possible:
            self._possible = possible
            self.refresh_bindings()

    @property
    def _pictured(self) -> bool:
        """Whether all that is to be seen of the lanes was worked out."""
        return self._lanes.whole and self._gil.whole and self.view.row_cache.complete

    @property
    def quiet(self) -> bool:
        """Whether nothing has changed for a while."""
        return self._calm.lasting

    @property
    def complete(self) -> bool:
        """Whether all that is to be seen is there; else the next frames go on."""
        return self._whole and any(foot.fitted for foot in self.query(RunFooter))

    def _follow_sitting(self) -> None:
        group = self._sitting.current
        if group is None:
            return
        if group is not self._group:
            self._group = group
            self.view.show_runs((), comparing=group.comparison)
            self._empty_find_line()
            self._panels.look_at(comparing=group.comparison, prints=self.runs.has_output)
            self.app.clear_notifications()  # they were about what was looked at before
            self._totals.display = not group.comparison  # the comparison has them, side by side
        latest = group.runs[-1]
        self.view.awaiting = self._sitting.starting or (not latest.begun and not latest.over)
        for run in group.runs:
            if run.begun and run not in self.view.runs:  # before it has, there is nothing to be seen of it
                self.view.add(run)
            if run.trouble and run not in self._told:
                self._told.add(run)
                sentence = f"{run.trouble[0].upper()}{run.trouble[1:]}."
                self.notify(printable(sentence), title=printable(run.title), severity="error", markup=False)

    # Commands

    def action_carry_out(self, id: str) -> None:  # noqa: A002 - as the command has it
        """Carry out a command, and show at once what came of it."""
        self._follow_sitting()
        _BY_ID[id].do(self)
        self.show_frame(0)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Dim in the footer what there is nothing to do for, and leave out what makes no sense."""
        if action != "carry_out":
            return True
        command = _BY_ID[str(parameters[0])]
        if not command.fits(self):
            return False
        if command.takes_keys and self.focused is not None and self.focused is self._find_line:
            return None  # the key belongs to what is written there
        return True if command.possible(self) else None

    def find(self) -> None:
        """Ask which lanes to show."""
        from threadviz.tui.widgets.filter_input import FilterInput

        if self._find_line is None:
            self._find_line = FilterInput()
            self.mount(self._find_line, before="#foot")
        self._find_line.open()  # at once: the next key is meant for it

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show, with the next frame, the lanes that are found by what is written: to seek for each key takes long."""
        self._sought = event.value

    def on_filter_input_left(self, event: "FilterInput.Left") -> None:
        """Show what was found."""
        self._sought = event.value
        self.show_frame(0)

    def _empty_find_line(self) -> None:
        if self._find_line is not None:
            self._find_line.value = ""

    def _seek(self) -> None:
        """Have the lanes found that are sought."""
        if self._sought is not None:
            words, self._sought = self._sought, None
            self.view.arrange(replace(self.view.row_cache.options, words=words))

    def toggle_panel(self, panel: Panel) -> None:
        """Show a panel, or put it away where it is shown."""
        self._panels.toggle(panel)

    def open_only(self, panels: Sequence[Panel]) -> None:
        """Show these panels, and no other."""
        self._panels.open_only(panels)

    def on_lanes_view_opened(self) -> None:
        """Show the details of the lane that was clicked twice."""
        self._panels.open(Panel.DETAILS)

    def scroll_panel(self, pages: int) -> None:
        """Move the text of the panel by so many pages."""
        panel = self._panels.widget or self._lanes
        panel.scroll_relative(y=pages * max(1, panel.size.height - 1), animate=False)

    def select_task(self, rows: int) -> None:
        """Pick the task so many rows below the one that is picked."""
        self._panels.open(Panel.TASKS)
        self.call_after_refresh(self._tasks.move, rows)  # it has no rows before it has its size

    def sort_tasks(self) -> None:
        """Sort the tasks by the next column."""
        self._panels.open(Panel.TASKS)
        self._tasks.cycle_sort()

    def step_back(self) -> None:
        """Undo the latest of: panel opened, cursor put, lane picked, lanes sought."""
        view = self.view
        if self._panels.close():
            return
        if view.cursor is not None:
            view.clear_cursor()
        elif view.selected_row is not None:
            view.select_row(None)
        else:
            self._sought = ""
            self._empty_find_line()

    def save_picture(self) -> None:
        """Save the screen as it is, without what was said of the picture before."""
        self.app.clear_notifications()
        self.call_after_refresh(save_picture_of, self)

    def show_help(self) -> None:
        """Show all commands, and how to read the lanes."""
        from threadviz.tui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen([each for each in COMMANDS if each.fits(self)], plain=self._plain))

    def leave(self) -> None:
        """End the app."""
        self.app.exit()
