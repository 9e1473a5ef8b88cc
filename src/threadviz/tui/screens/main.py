"""The main screen: the lanes, the panels, and what the commands act on."""

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
from threadviz.tui.commands import COMMANDS, Panel
from threadviz.tui.runs import Run, RunGroup, Session
from threadviz.tui.save import save_screenshot
from threadviz.tui.screens.run_controller import RunController
from threadviz.tui.view.view import View
from threadviz.tui.view.viewport import Motion
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
from threadviz.tui.widgets.panel import TextPanel
from threadviz.tui.widgets.tasks import TaskTable
from threadviz.tui.widgets.totals import TotalsPanel

# The help and the filter input are imported when they are opened, so that the first lanes need not wait for them.

if TYPE_CHECKING:
    from threadviz.tui.widgets.filter_input import FilterInput

IDLE_REFRESH_FRAMES = 6
"""While nothing changes, only every so many frames the widgets are asked whether they have to be drawn anew."""

IDLE_AFTER_FRAMES = 15
"""After so many frames without a change, the screen is idle."""

ROOM_FOR_FINDINGS = 34
"""The number of lines from which on the findings are open by default."""

ROOM_FOR_OUTPUT = 24
"""The number of lines from which on a program's output is open by default."""


def command_bindings() -> Iterator[Binding]:
    """Yield a binding for each key of each command; neighbours with the same footer label are grouped."""
    for footer, commands in groupby(COMMANDS.items(), key=lambda item: item[1].footer):
        neighbours = list(commands)
        group = Binding.Group(footer, compact=True) if len(neighbours) > 1 and footer else None
        for id_, command in neighbours:
            for number, key in enumerate(command.keys):
                first = number == 0
                yield Binding(
                    key,
                    f"carry_out('{id_}')",
                    footer if first and footer else command.label,
                    show=first and bool(footer),
                    priority=command.takes_focus,
                    tooltip=command.help if first else "",
                    group=group if first else None,
                )


class PanelSwitch:
    """Shows at most one of the panels below the lanes, and the code beside them or not.

    `comparison` stands in for the findings where several runs are compared. Until the user opens or closes a panel, the
    comparison is open, or the findings if there is room; for a program whose output is shown, the output is instead, as
    soon as there is any.
    """

    def __init__(self, widgets: Mapping[Panel, Widget], comparison: Widget, code: Widget) -> None:
        self._widgets = widgets
        self._comparison = comparison
        self._code = code
        self._opened: Panel | None = None
        self._default: Panel | None = None
        self._automatic = True
        self._of_program = False
        code.display = False

    @property
    def opened(self) -> Panel | None:
        """The open panel, other than the code."""
        return self._default if self._automatic else self._opened

    @property
    def widget(self) -> Widget | None:
        """The widget of the open panel."""
        return next((each for each in (*self._widgets.values(), self._comparison) if each.display), None)

    def change_group(self, group: RunGroup) -> None:
        """Adapt to another run group: what the user opened stays open, unless the group is of another kind."""
        of_program = group.output is not None
        if group.comparison or of_program is not self._of_program:
            self._automatic = True
        self._of_program = of_program

    def update(self, group: RunGroup, height: int) -> None:
        """Show what is open, as of now, on a screen of `height` lines."""
        room_for_findings = height >= ROOM_FOR_FINDINGS
        if group.output is not None and group.output.changes and not group.comparison:
            self._default = Panel.OUTPUT if height >= ROOM_FOR_OUTPUT else None
        else:
            self._default = Panel.FINDINGS if room_for_findings or group.comparison else None
        opened = None if self._code.display and not room_for_findings else self.opened
        widget = None if opened is None else self._widgets[opened]
        if opened is Panel.FINDINGS and group.comparison:
            widget = self._comparison
        for each in (*self._widgets.values(), self._comparison):
            if each.display is not (each is widget):
                each.display = each is widget

    def toggle(self, panel: Panel) -> None:
        """Open a panel, or close it."""
        if panel is Panel.CODE:
            self._code.display = not self._code.display
        else:
            self._opened = None if panel is self.opened else panel
            self._automatic = False

    def open(self, panel: Panel) -> None:
        """Open a panel unless it is open."""
        if panel is not self.opened:
            self.toggle(panel)

    def open_only(self, panels: Sequence[Panel]) -> None:
        """Open these panels and close the others."""
        self._automatic = False
        self._code.display = Panel.CODE in panels
        self._opened = next((panel for panel in panels if panel is not Panel.CODE), None)

    def close(self) -> bool:
        """Close what the user opened last; return whether there was anything."""
        if self._code.display:
            self._code.display = False
        elif self._opened is not None:
            self._opened, self._automatic = None, True
        else:
            return False
        return True


class MainScreen(Screen[None]):
    """Shows the current run group of `session`. The commands act on it, on its `view`, `runs` and `panels`."""

    BINDINGS = list(command_bindings())  # noqa: RUF012 - as Textual has it

    view: View
    runs: RunController
    panels: PanelSwitch

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.view = view = View()
        self.runs = RunController(self, session)
        self._session = session
        self._group: RunGroup | None = None
        self._notified = WeakSet[Run]()
        self._usable: list[bool] = []
        self._all_drawn = False
        self._filter: FilterInput | None = None
        self._new_filter_text: str | None = None
        self._view_state: tuple[Hashable, ...] = ()
        self._unchanged_frames = 0
        self._header = RunHeader(view)
        self._gil = GilLanes(view)
        self._lanes = LanesView(view)
        self._totals = TotalsPanel(view)
        self._tasks = TaskTable(view)
        self._details = DetailsPanel(view)
        self._code = CodePanel(view)
        comparison = ComparisonPanel(
            view,
            pending=lambda: self.runs.group.pending,
            not_run=lambda: self.runs.group.not_run,
        )
        panels: dict[Panel, TextPanel] = {
            Panel.FINDINGS: FindingsPanel(view),
            Panel.TASKS: self._tasks,
            Panel.DETAILS: self._details,
            Panel.OUTPUT: OutputPanel(view, printed=lambda: self.runs.group.output),
        }
        self.panels = PanelSwitch(panels, comparison, self._code)
        self._picture: tuple[LanesView | TextPanel, ...] = (
            AxisLine(view),
            self._gil,
            self._lanes,
            FilterStatus(view),
            Legend(view),
            self._totals,
            *panels.values(),
            comparison,
        )
        for title, widget in (*panels.items(), ("comparison", comparison), (Panel.CODE, self._code)):
            widget.border_title = title.capitalize()
            widget.add_class("panel")

    def compose(self) -> ComposeResult:
        yield self._header
        with Container(id="beside"):
            with Vertical(id="picture"):
                yield from self._picture
            yield self._code
        yield Container(id="foot")

    def on_mount(self) -> None:
        self.show_frame(0)
        # The footer takes as long as all the rest, and nobody misses it while the first lanes appear.
        self.call_after_refresh(self._mount_footer)

    async def _mount_footer(self) -> None:
        foot = self.query_one("#foot")
        if foot.is_attached:  # else the app is closed already
            await foot.mount(RunFooter())
            self.refresh_bindings()  # which the footer waits for

    def on_screen_resume(self) -> None:
        self.refresh_bindings()  # for a footer that was mounted while a dialog was open

    # Frames

    def show_frame(self, elapsed: int, updated: bool = True) -> None:
        """Draw what has changed since the last frame, `elapsed` ns ago; `updated` tells of new events of a run."""
        self._update_runs()
        self._apply_filter()
        self.view.advance(elapsed)
        state = self.view.state
        visible_update = updated and self.view.playhead.motion is not Motion.FROZEN
        changed = visible_update or not self.complete or state != self._view_state
        self._view_state = state
        self._unchanged_frames = 0 if changed else self._unchanged_frames + 1
        if self._unchanged_frames % IDLE_REFRESH_FRAMES == 0:
            self._refresh_widgets()

    def _refresh_widgets(self) -> None:
        for widget in (self._header, *self._picture, self._code):
            if widget.display:
                widget.refresh_view()
        lanes_drawn = self._lanes.whole and self._gil.whole and self.view.row_cache.complete
        self._all_drawn = lanes_drawn and (self._details.whole or not self._details.display)
        for footer in self.query(RunFooter):
            footer.fit()  # its keys may have got their places only now
        usable = [command.available(self) and command.enabled(self) for command in COMMANDS.values()]
        if usable != self._usable:
            self._usable = usable
            self.refresh_bindings()

    @property
    def idle(self) -> bool:
        """Whether nothing has changed for a while."""
        return self._unchanged_frames > IDLE_AFTER_FRAMES

    @property
    def complete(self) -> bool:
        """Whether everything is drawn; what takes long to compute is drawn in several frames."""
        return self._all_drawn and any(footer.fitted for footer in self.query(RunFooter))

    def _update_runs(self) -> None:
        group = self._session.current
        if group is not self._group:
            self._group = group
            self.view.show_runs((), comparing=group.comparison)
            self._clear_filter_input()
            self.panels.change_group(group)
            self.app.clear_notifications()  # they are about the group before
            self._totals.display = not group.comparison  # the comparison has them, side by side
        self.panels.update(group, self.size.height)
        starting = any(not run.timeline.begun and not run.over for run in group.runs[-1:])
        self.view.awaiting = self._session.starting or starting
        for run in group.runs:
            if run.timeline.begun and run not in self.view.runs:
                self.view.add(run)
            if run.trouble and run not in self._notified:
                self._notified.add(run)
                sentence = f"{run.trouble[0].upper()}{run.trouble[1:]}."
                self.notify(printable(sentence), title=printable(run.title), severity="error", markup=False)

    # Commands

    def action_carry_out(self, id: str) -> None:  # noqa: A002 - as COMMANDS has it
        """Carry out a command, and show its effect at once."""
        self._update_runs()
        COMMANDS[id].action(self)
        self.show_frame(0)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Dim the commands in the footer that have nothing to do, and hide those that make no sense."""
        if action != "carry_out":
            return True
        command = COMMANDS[str(parameters[0])]
        if not command.available(self):
            return False
        if command.takes_focus and self.focused is not None and self.focused is self._filter:
            return None  # the key is text for the input
        return True if command.enabled(self) else None

    def open_filter(self) -> None:
        """Open the input of the filter on lanes."""
        from threadviz.tui.widgets.filter_input import FilterInput

        if self._filter is None:
            self._filter = FilterInput()
            self.mount(self._filter, before="#foot")
        self._filter.open()  # at once, for the next key is meant for it

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter with the next frame: to do it at each key would take long."""
        self._new_filter_text = event.value

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self._new_filter_text = event.value
        self.show_frame(0)

    def _clear_filter_input(self) -> None:
        if self._filter is not None:
            self._filter.value = ""

    def _apply_filter(self) -> None:
        if self._new_filter_text is not None:
            self.view.arrange(replace(self.view.row_cache.options, words=self._new_filter_text))
            self._new_filter_text = None

    def on_lanes_view_opened(self) -> None:
        """Show the details of the lane that was double-clicked."""
        self.panels.open(Panel.DETAILS)

    def scroll_panel(self, pages: int) -> None:
        """Scroll the open panel, or the lanes if none is open."""
        panel = self.panels.widget or self._lanes
        panel.scroll_relative(y=pages * max(1, panel.size.height - 1), animate=False)

    def move_task(self, rows: int) -> None:
        """Select the task so many rows below the selected one."""
        self.panels.open(Panel.TASKS)
        self.call_after_refresh(self._tasks.move, rows)  # the table has no rows before it has its size

    def cycle_task_sort(self) -> None:
        """Sort the tasks by the next column."""
        self.panels.open(Panel.TASKS)
        self._tasks.cycle_sort()

    def step_back(self) -> None:
        """Close the panel that the user opened; else drop the cursor; else deselect the lane; else clear the filter."""
        view = self.view
        if self.panels.close():
            return
        if view.cursor is not None:
            view.cursor = None
        elif view.selected_row is not None:
            view.select_row(None)
        else:
            self._new_filter_text = ""
            self._clear_filter_input()

    def save_picture(self) -> None:
        """Save the screen as it is, without notifications."""
        self.app.clear_notifications()
        self.call_after_refresh(save_screenshot, self)

    def show_help(self) -> None:
        """Open the help on the commands that are available."""
        from threadviz.tui.screens.help import HelpScreen

        commands = [command for command in COMMANDS.values() if command.available(self)]
        self.app.push_screen(HelpScreen(commands))
