"""The main screen: the lanes, what is said about them, and where commands are carried out."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING
from weakref import WeakSet

from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.screen import Screen
from textual.widgets import Input

from threadviz.picture.plain import printable
from threadviz.tui.commands import COMMANDS, Panel
from threadviz.tui.runs import Group, Run, Sitting
from threadviz.tui.scene import Scene
from threadviz.tui.screens.bindings import bindings_of
from threadviz.tui.screens.calm import Calm
from threadviz.tui.screens.panels import Panels
from threadviz.tui.screens.picture import save_picture_of
from threadviz.tui.screens.run_desk import RunDesk
from threadviz.tui.widgets.arranged import Arranged
from threadviz.tui.widgets.axis_line import AxisLine
from threadviz.tui.widgets.code import Code
from threadviz.tui.widgets.comparison import Comparison
from threadviz.tui.widgets.details import Details
from threadviz.tui.widgets.findings import Findings
from threadviz.tui.widgets.foot import Foot
from threadviz.tui.widgets.gil_line import GilLine
from threadviz.tui.widgets.heading import Heading
from threadviz.tui.widgets.lanes import LanesView
from threadviz.tui.widgets.legend import Legend
from threadviz.tui.widgets.output import Output
from threadviz.tui.widgets.tasks import Tasks
from threadviz.tui.widgets.totals import Totals

# What is needed only when it is asked for is imported then: the first lanes need not wait for it.

if TYPE_CHECKING:
    from threadviz.tui.screens.find_line import FindLine

_BY_ID = {command.id: command for command in COMMANDS}


class MainScreen(Screen[None]):
    """Looks at the group of `sitting` that is current. It is a `commands.Desk`."""

    BINDINGS = list(bindings_of(COMMANDS))  # noqa: RUF012 - as Textual has it

    def __init__(self, sitting: Sitting, *, plain: bool) -> None:
        super().__init__()
        self.scene = Scene()
        self._plain = plain
        self._sitting = sitting
        self.runs = RunDesk(self, sitting, plain=plain)
        self._group: Group | None = None
        self._told = WeakSet[Run]()
        self._possible: tuple[bool, ...] = ()
        self._whole = False
        self._sought: str | None = None
        self._find_line: FindLine | None = None
        self._calm = Calm()
        scene = self.scene
        self._gil = GilLine(scene, plain=plain)
        self._lanes = LanesView(scene, plain=plain)
        self._tasks = Tasks(scene, plain=plain)
        self._details = Details(scene, plain=plain)
        self._totals = Totals(scene, plain=plain)
        self._code = Code(scene, plain=plain)
        self._panels = Panels(
            {
                Panel.FINDINGS: Findings(scene, plain=plain),
                Panel.TASKS: self._tasks,
                Panel.DETAILS: self._details,
                Panel.OUTPUT: Output(scene, printed=lambda: self.runs.printed, plain=plain),
            },
            comparison=Comparison(
                scene, pending=lambda: self.runs.pending, not_run=lambda: self.runs.not_run, plain=plain
            ),
            code=self._code,
        )
        self._drawn = (
            Heading(scene, plain=plain),
            AxisLine(scene, plain=plain),
            self._gil,
            self._lanes,
            Arranged(scene, plain=plain),
            Legend(scene, plain=plain),
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
            await foot.mount(Foot())
            self.refresh_bindings()  # which it waits for

    def on_screen_resume(self) -> None:
        """Have the footer show its keys, if a dialog was opened before it was there."""
        self.refresh_bindings()

    # Frames

    def show_frame(self, elapsed: int, told: bool = True) -> None:
        """Draw what has changed, `elapsed` ns after the frame before; `told`: something was told of a run since."""
        self._follow_sitting()
        self._seek()
        self.scene.advance(elapsed)
        printed = self.runs.printed
        self._panels.make_room(self.size.height, printed=printed is not None and printed.changes > 0)
        if not self._calm.asks_for_a_look(self.scene, told, self.complete):
            return
        for widget in self._drawn:
            if widget.display:
                widget.refresh_scene()
        self._whole = self._pictured and (self._details.whole or not self._details.display)
        for foot in self.query(Foot):
            foot.fit()  # its keys may have come to their places only since
        possible = tuple(command.fits(self) and command.possible(self) for command in COMMANDS)
        if possible != self._possible:
            self._possible = possible
            self.refresh_bindings()

    @property
    def _pictured(self) -> bool:
        """Whether all that is to be seen of the lanes was worked out."""
        return self._lanes.whole and self._gil.whole and self.scene.lanes.whole

    @property
    def quiet(self) -> bool:
        """Whether nothing has changed for a while."""
        return self._calm.lasting

    @property
    def complete(self) -> bool:
        """Whether all that is to be seen is there; else the next frames go on."""
        return self._whole and any(foot.fitted for foot in self.query(Foot))

    def _follow_sitting(self) -> None:
        group = self._sitting.current
        if group is None:
            return
        if group is not self._group:
            self._group = group
            self.scene.look_at((), comparing=group.comparison)
            self._empty_find_line()
            self._panels.look_at(comparing=group.comparison, prints=self.runs.has_output)
            self.app.clear_notifications()  # they were about what was looked at before
            self._totals.display = not group.comparison  # the comparison has them, side by side
        latest = group.runs[-1]
        self.scene.awaiting = self._sitting.starting or (not latest.begun and not latest.over)
        for run in group.runs:
            if run.begun and run not in self.scene.runs:  # before it has, there is nothing to be seen of it
                self.scene.add(run)
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
        from threadviz.tui.screens.find_line import FindLine

        if self._find_line is None:
            self._find_line = FindLine()
            self.mount(self._find_line, before="#foot")
        self._find_line.open()  # at once: the next key is meant for it

    def on_input_changed(self, event: Input.Changed) -> None:
        """Show, with the next frame, the lanes that are found by what is written: to seek for each key takes long."""
        self._sought = event.value

    def on_find_line_left(self, event: "FindLine.Left") -> None:
        """Show what was found."""
        self._sought = event.words
        self.show_frame(0)

    def _empty_find_line(self) -> None:
        if self._find_line is not None:
            self._find_line.value = ""

    def _seek(self) -> None:
        """Have the lanes found that are sought."""
        if self._sought is not None:
            words, self._sought = self._sought, None
            self.scene.arrange(replace(self.scene.lanes.how, words=words))

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

    def pick_task(self, rows: int) -> None:
        """Pick the task so many rows below the one that is picked."""
        self._panels.open(Panel.TASKS)
        self.call_after_refresh(self._tasks.move, rows)  # it has no rows before it has its size

    def sort_tasks(self) -> None:
        """Sort the tasks by the next column."""
        self._panels.open(Panel.TASKS)
        self._tasks.cycle_sort()

    def step_back(self) -> None:
        """Undo the latest of: panel opened, cursor put, lane picked, lanes sought."""
        scene = self.scene
        if self._panels.close():
            return
        if scene.cursor is not None:
            scene.drop_cursor()
        elif scene.lane is not None:
            scene.pick_lane(None)
        else:
            self._sought = ""
            self._empty_find_line()

    def save_picture(self) -> None:
        """Save the screen as it is, without what was said of the picture before."""
        self.app.clear_notifications()
        self.call_after_refresh(save_picture_of, self)

    def show_help(self) -> None:
        """Show all commands, and how to read the lanes."""
        from threadviz.tui.screens.help import Help

        self.app.push_screen(Help([each for each in COMMANDS if each.fits(self)], plain=self._plain))

    def leave(self) -> None:
        """End the app."""
        self.app.exit()
