"""The table of all commands of the main screen.

The key bindings, the footer, the command palette and the help are all made from this table.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from threadviz.tui.view.rows import LaneSort
from threadviz.tui.view.viewport import Motion

if TYPE_CHECKING:
    from threadviz.tui.screens.main import MainScreen

    Action = Callable[[MainScreen], object]
    Condition = Callable[[MainScreen], bool]


CommandGroup = Literal["Run", "Look", "Lanes", "Slow motion", "Panels", "App"]
"""The headings in the help, in this order."""


class Panel(enum.StrEnum):
    """A panel below the lanes or beside them."""

    FINDINGS = "findings"
    TASKS = "tasks"
    DETAILS = "details"
    CODE = "code"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True)
class Command:
    """A command: `keys` are Textual's key names, `label` is a word or two, `help` is a sentence.

    A command with a `footer` label is shown in the footer; neighbours with the same label share it. `available` tells
    whether the command makes sense for the runs on the screen, `enabled` whether it has anything to do now. A command
    with `takes_focus` opens an input, so it is carried out before the next key is handled.
    """

    group: CommandGroup
    label: str
    keys: tuple[str, ...]
    help: str
    action: "Action"
    footer: str
    enabled: "Condition"
    available: "Condition"
    takes_focus: bool


COMMANDS: dict[str, Command] = {}
"""All commands by their ids."""


def command(
    group: CommandGroup,
    label: str,
    *keys: str,
    footer: str = "",
    enabled: "Condition" = lambda screen: True,
    available: "Condition" = lambda screen: True,
    takes_focus: bool = False,
) -> "Callable[[Action], Action]":
    """Add a function to the table: its name is the command's id, its docstring the help."""

    def add(action: "Action") -> "Action":
        help_text = " ".join((action.__doc__ or "").split())
        COMMANDS[action.__name__.rstrip("_")] = Command(
            group, label, keys, help_text, action, footer, enabled, available, takes_focus
        )
        return action

    return add


def _has_length(screen: "MainScreen") -> bool:
    return screen.view.length > 0


def _has_lanes(screen: "MainScreen") -> bool:
    return bool(screen.view.rows or screen.view.row_cache.hidden)


def _has_tasks(screen: "MainScreen") -> bool:
    return screen.runs.group.has_tasks


def _is_workload(screen: "MainScreen") -> bool:
    return screen.runs.group.is_workload


def _is_replaying(screen: "MainScreen") -> bool:
    return screen.view.playhead.motion is Motion.REPLAYING


def _can_freeze(screen: "MainScreen") -> bool:
    view = screen.view
    return view.length > 0 and (view.growing or view.playhead.motion is not Motion.FOLLOWING)


# The commands in the footer come first, in the order in which they get room there.


@command("Look", "Freeze or go on", "space", footer="Freeze", enabled=_can_freeze)
def freeze(screen: "MainScreen") -> None:
    """Freeze the picture to examine it, or unfreeze it. The run and its measurement go on."""
    screen.view.toggle_freeze()


@command("Look", "Cursor to the left", "left", "h", footer="Time", enabled=_has_length)
def earlier(screen: "MainScreen") -> None:
    """Move the cursor to an earlier moment. It shows each lane's state then, since when, and in which task."""
    screen.view.move_cursor(-1)


@command("Look", "Cursor to the right", "right", "l", footer="Time", enabled=_has_length)
def later(screen: "MainScreen") -> None:
    """Move the cursor to a later moment."""
    screen.view.move_cursor(1)


@command("Look", "Zoom in", "plus", "equals_sign", footer="Zoom", enabled=_has_length)
def zoom_in(screen: "MainScreen") -> None:
    """Show a shorter time in more detail, around the cursor."""
    screen.view.zoom(1)


@command("Look", "Zoom out", "minus", footer="Zoom", enabled=_has_length)
def zoom_out(screen: "MainScreen") -> None:
    """Show a longer time in less detail, around the cursor."""
    screen.view.zoom(-1)


@command("Look", "Lane above", "up", "k", footer="Lane", enabled=_has_length)
def lane_up(screen: "MainScreen") -> None:
    """Select the lane above."""
    screen.view.move_selection(-1)


@command("Look", "Lane below", "down", "j", footer="Lane", enabled=_has_length)
def lane_down(screen: "MainScreen") -> None:
    """Select the lane below."""
    screen.view.move_selection(1)


@command("Panels", "Details", "enter", "d", footer="Details")
def details(screen: "MainScreen") -> None:
    """Show all about the selected lane: its states, its tasks, its longest waits."""
    screen.panels.toggle(Panel.DETAILS)


@command("Run", "New run", "n", footer="New")
def choose(screen: "MainScreen") -> None:
    """Choose workload, mode, workers, sites and tasks, and run them."""
    screen.runs.show_new_run()


@command("Run", "Compare modes", "m", footer="Compare", available=_is_workload)
def compare(screen: "MainScreen") -> None:
    """Run this workload under all modes, one after the other, on one time axis."""
    screen.runs.compare_modes()


@command("App", "Help", "question_mark", "f1", footer="Help")
def help_(screen: "MainScreen") -> None:
    """Show all keys, and how to read the lanes."""
    screen.show_help()


@command("App", "Quit", "q", footer="Quit")
def quit_(screen: "MainScreen") -> None:
    """Leave the app and end the current run."""
    screen.app.exit()


@command("Run", "Stop", "x", footer="Stop", enabled=lambda screen: screen.runs.running)
def stop(screen: "MainScreen") -> None:
    """End the current run and keep what was measured.

    A program and all processes that it has started get SIGTERM, and SIGKILL a few seconds later if they are still
    there. A process that was running before is detached from, and goes on.
    """
    screen.runs.stop()


@command(
    "Panels", "Output", "o", footer="Output", available=lambda screen: screen.runs.group.output is not None
)
def output(screen: "MainScreen") -> None:
    """Show what the program has printed."""
    screen.panels.toggle(Panel.OUTPUT)


@command("Panels", "Tasks", "t", footer="Tasks", available=_has_tasks)
def tasks(screen: "MainScreen") -> None:
    """Show the tasks: the open ones, then those that have finished, in the order in which they did."""
    screen.panels.toggle(Panel.TASKS)


@command("Panels", "Findings", "i", footer="Findings")
def findings(screen: "MainScreen") -> None:
    """Show the findings of the run in words, or the verdict on several runs."""
    screen.panels.toggle(Panel.FINDINGS)


@command("Panels", "Code", "c", footer="Code", available=_is_workload)
def code(screen: "MainScreen") -> None:
    """Show the lines that the mode runs."""
    screen.panels.toggle(Panel.CODE)


@command("Lanes", "Find lanes", "slash", footer="Find", enabled=_has_lanes, takes_focus=True)
def find(screen: "MainScreen") -> None:
    """Show only the lanes with the given words in their name, process, function or wait target.

    The name of a state finds the lanes that are mostly in it.
    """
    screen.open_filter()


@command("Lanes", "Sort lanes", "v", footer="Sort", enabled=_has_lanes)
def sort_lanes(screen: "MainScreen") -> None:
    """Sort the lanes by appearance, or by the share of the visible time in which they wait, run, or wait for the GIL.

    Waiting for time to pass does not count. The order stays as it is while a lane is selected.
    """
    options, sorts = screen.view.row_cache.options, list(LaneSort)
    screen.view.arrange(replace(options, sort=sorts[(sorts.index(options.sort) + 1) % len(sorts)]))


# A program's standard streams come from the command line, and are used up: it can't be run again.
@command("Run", "Run again", "r", footer="Again", available=lambda screen: screen.runs.group.output is None)
def again(screen: "MainScreen") -> None:
    """Run the same once more."""
    screen.runs.run_again()


@command("Slow motion", "Replay", "y", footer="Replay", enabled=_has_length)
def replay(screen: "MainScreen") -> None:
    """Replay the run from the cursor on, or from its start, at the chosen speed."""
    screen.view.replay()


@command("Slow motion", "Slower", "comma", "less_than_sign", footer="Speed", enabled=_is_replaying)
def slower(screen: "MainScreen") -> None:
    """Replay more slowly, down to a tenth of the original speed."""
    screen.view.playhead.change_speed(-1)


@command("Slow motion", "Faster", "full_stop", "greater_than_sign", footer="Speed", enabled=_is_replaying)
def faster(screen: "MainScreen") -> None:
    """Replay faster, up to ten times the original speed."""
    screen.view.playhead.change_speed(1)


# The commands that are not in the footer.


@command("Look", "Cursor far to the left", "shift+left", "H", enabled=_has_length)
def much_earlier(screen: "MainScreen") -> None:
    """Move the cursor 10 characters to the left."""
    screen.view.move_cursor(-10)


@command("Look", "Cursor far to the right", "shift+right", "L", enabled=_has_length)
def much_later(screen: "MainScreen") -> None:
    """Move the cursor 10 characters to the right."""
    screen.view.move_cursor(10)


@command("Look", "Whole run", "0", enabled=_has_length)
def whole(screen: "MainScreen") -> None:
    """Show the run from its start to its end."""
    screen.view.fit_all()


@command("Look", "To the start", "home", enabled=_has_length)
def begin(screen: "MainScreen") -> None:
    """Move the cursor to the start of the run."""
    screen.view.jump(0)


@command("Look", "To the end", "end", enabled=_has_length)
def end(screen: "MainScreen") -> None:
    """Move the cursor to the latest moment that is shown."""
    screen.view.jump(screen.view.present)


@command("Look", "Follow", "f", enabled=_has_length)
def follow(screen: "MainScreen") -> None:
    """Drop the cursor and follow the present again."""
    screen.view.follow()


@command("Lanes", "Group by process", "g", enabled=_has_lanes)
def group(screen: "MainScreen") -> None:
    """Group the lanes by process, each group below a header, or ungroup them."""
    rows = screen.view.row_cache
    screen.view.arrange(replace(rows.options, grouped=not rows.grouped))


def _is_grouped(screen: "MainScreen") -> bool:
    return screen.view.row_cache.header_of(screen.view.selected_row) is not None


@command("Lanes", "Fold", "z", enabled=_is_grouped)
def fold(screen: "MainScreen") -> None:
    """Fold or unfold the lanes of the selected process or group header."""
    screen.view.fold()


@command("Lanes", "Fold idle lanes", "Z", enabled=_has_lanes)
def fold_idle(screen: "MainScreen") -> None:
    """Fold the lanes that did next to nothing in the visible time, or unfold them."""
    options = screen.view.row_cache.options
    screen.view.arrange(replace(options, idle_folded=not options.idle_folded))


@command("Lanes", "Plumbing", "p", enabled=_has_lanes)
def plumbing(screen: "MainScreen") -> None:
    """Show or hide the threads and processes that run neither tasks nor the event loop."""
    options = screen.view.row_cache.options
    screen.view.arrange(replace(options, plumbing=not options.plumbing))


def _has_gil_timeline(screen: "MainScreen") -> bool:
    return any(run.timeline.gil_timelines for run in screen.view.runs)


@command("Lanes", "Who holds the GIL", "G", enabled=_has_gil_timeline)
def ribbon(screen: "MainScreen") -> None:
    """Show above the lanes who holds the GIL, or hide it."""
    screen.view.gil_rows.enabled = not screen.view.gil_rows.enabled


@command("Run", "Earlier runs", "b")
def back(screen: "MainScreen") -> None:
    """Go back to an earlier run of this session, or compare some of them."""
    screen.runs.show_history()


@command("Panels", "Task above", "shift+up", "K", available=_has_tasks)
def task_up(screen: "MainScreen") -> None:
    """Select the task above in the table of tasks, and its lane."""
    screen.move_task(-1)


@command("Panels", "Task below", "shift+down", "J", available=_has_tasks)
def task_down(screen: "MainScreen") -> None:
    """Select the task below in the table of tasks, and its lane."""
    screen.move_task(1)


@command("Panels", "Sort tasks", "O", available=_has_tasks)
def sort_tasks(screen: "MainScreen") -> None:
    """Sort the table of tasks by its next column."""
    screen.cycle_task_sort()


@command("Panels", "Scroll up", "pageup")
def panel_up(screen: "MainScreen") -> None:
    """Scroll the panel up."""
    screen.scroll_panel(-1)


@command("Panels", "Scroll down", "pagedown")
def panel_down(screen: "MainScreen") -> None:
    """Scroll the panel down."""
    screen.scroll_panel(1)


@command("Panels", "Step back", "escape")
def step_back(screen: "MainScreen") -> None:
    """Close the panel, or drop the cursor, or deselect the lane."""
    screen.step_back()


@command("App", "Save recording", "w", enabled=_has_length)
def write(screen: "MainScreen") -> None:
    """Save the run into a file in the current folder, which threadviz open can show again."""
    screen.runs.save()


@command("App", "Save picture", "s")
def save(screen: "MainScreen") -> None:
    """Save the screen as an SVG picture in the current folder."""
    screen.save_picture()
