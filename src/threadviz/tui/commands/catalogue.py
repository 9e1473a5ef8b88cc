"""The table of all commands of the main screen.

The key bindings, the footer, the command palette and the help are all made from this table.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from threadviz.processes import GRACE_S
from threadviz.tui.view import LaneSort, Motion

if TYPE_CHECKING:
    from threadviz.tui.screens.main import MainScreen


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
    keys: tuple[str, ...]
    label: str
    help: str
    action: "Callable[[MainScreen], object]"
    footer: str = ""
    enabled: "Callable[[MainScreen], bool]" = lambda screen: True
    available: "Callable[[MainScreen], bool]" = lambda screen: True
    takes_focus: bool = False


def _has_length(screen: "MainScreen") -> bool:
    return screen.view.length > 0


def _has_lanes(screen: "MainScreen") -> bool:
    return bool(screen.view.rows or screen.view.row_cache.hidden)


def _is_replaying(screen: "MainScreen") -> bool:
    return screen.view.playhead.motion is Motion.REPLAYING


def _can_freeze(screen: "MainScreen") -> bool:
    view = screen.view
    return view.length > 0 and (view.growing or view.playhead.motion is not Motion.FOLLOWING)


def _toggle_plumbing(screen: "MainScreen") -> None:
    options = screen.view.row_cache.options
    screen.view.arrange(replace(options, plumbing=not options.plumbing))


def _toggle_idle(screen: "MainScreen") -> None:
    options = screen.view.row_cache.options
    screen.view.arrange(replace(options, idle_folded=not options.idle_folded))


def _toggle_groups(screen: "MainScreen") -> None:
    rows = screen.view.row_cache
    screen.view.arrange(replace(rows.options, grouped=not rows.grouped))


def _cycle_lane_sort(screen: "MainScreen") -> None:
    options, sorts = screen.view.row_cache.options, list(LaneSort)
    screen.view.arrange(replace(options, sort=sorts[(sorts.index(options.sort) + 1) % len(sorts)]))


def _toggle_gil_timeline(screen: "MainScreen") -> None:
    screen.view.gil_rows.enabled = not screen.view.gil_rows.enabled


_LEAP = 10
"""The number of cells that the cursor moves with shift."""

COMMANDS: dict[str, Command] = {
    # The commands in the footer come first, in the order in which they get room there.
    "freeze": Command(
        "Look",
        ("space",),
        "Freeze or go on",
        "Freeze the picture to examine it, or unfreeze it. The run and its measurement go on.",
        lambda screen: screen.view.toggle_freeze(),
        footer="Freeze",
        enabled=_can_freeze,
    ),
    "earlier": Command(
        "Look",
        ("left", "h"),
        "Cursor to the left",
        "Move the cursor to an earlier moment. It shows each lane's state then, since when, and in which task.",
        lambda screen: screen.view.move_cursor(-1),
        footer="Time",
        enabled=_has_length,
    ),
    "later": Command(
        "Look",
        ("right", "l"),
        "Cursor to the right",
        "Move the cursor to a later moment.",
        lambda screen: screen.view.move_cursor(1),
        footer="Time",
        enabled=_has_length,
    ),
    "zoom_in": Command(
        "Look",
        ("plus", "equals_sign"),
        "Zoom in",
        "Show a shorter time in more detail, around the cursor.",
        lambda screen: screen.view.zoom(1),
        footer="Zoom",
        enabled=_has_length,
    ),
    "zoom_out": Command(
        "Look",
        ("minus",),
        "Zoom out",
        "Show a longer time in less detail, around the cursor.",
        lambda screen: screen.view.zoom(-1),
        footer="Zoom",
        enabled=_has_length,
    ),
    "lane_up": Command(
        "Look",
        ("up", "k"),
        "Lane above",
        "Select the lane above.",
        lambda screen: screen.view.move_selection(-1),
        footer="Lane",
        enabled=_has_length,
    ),
    "lane_down": Command(
        "Look",
        ("down", "j"),
        "Lane below",
        "Select the lane below.",
        lambda screen: screen.view.move_selection(1),
        footer="Lane",
        enabled=_has_length,
    ),
    "details": Command(
        "Panels",
        ("enter", "d"),
        "Details",
        "Show all about the selected lane: its states, its tasks, its longest waits.",
        lambda screen: screen.panels.toggle(Panel.DETAILS),
        footer="Details",
    ),
    "choose": Command(
        "Run",
        ("n",),
        "New run",
        "Choose workload, mode, workers, sites and tasks, and run them.",
        lambda screen: screen.runs.show_new_run(),
        footer="New",
    ),
    "compare": Command(
        "Run",
        ("m",),
        "Compare modes",
        "Run this workload under all modes, one after the other, on one time axis.",
        lambda screen: screen.runs.compare_modes(),
        footer="Compare",
        available=lambda screen: screen.runs.is_workload,
    ),
    "help": Command(
        "App",
        ("question_mark", "f1"),
        "Help",
        "Show all keys, and how to read the lanes.",
        lambda screen: screen.show_help(),
        footer="Help",
    ),
    "quit": Command(
        "App",
        ("q",),
        "Quit",
        "Leave the app and end the current run.",
        lambda screen: screen.app.exit(),
        footer="Quit",
    ),
    "stop": Command(
        "Run",
        ("x",),
        "Stop",
        "End the current run and keep what was measured. A program and all processes that it has started get SIGTERM,"
        f" and SIGKILL {GRACE_S:.0f} s later if they are still there. A process that was running before is detached"
        " from, and goes on.",
        lambda screen: screen.runs.stop(),
        footer="Stop",
        enabled=lambda screen: screen.runs.running,
    ),
    "output": Command(
        "Panels",
        ("o",),
        "Output",
        "Show what the program has printed.",
        lambda screen: screen.panels.toggle(Panel.OUTPUT),
        footer="Output",
        available=lambda screen: screen.runs.output is not None,
    ),
    "tasks": Command(
        "Panels",
        ("t",),
        "Tasks",
        "Show the tasks: the open ones, then those that have finished, in the order in which they did.",
        lambda screen: screen.panels.toggle(Panel.TASKS),
        footer="Tasks",
        available=lambda screen: screen.runs.has_tasks,
    ),
    "findings": Command(
        "Panels",
        ("i",),
        "Findings",
        "Show the findings of the run in words, or the verdict on several runs.",
        lambda screen: screen.panels.toggle(Panel.FINDINGS),
        footer="Findings",
    ),
    "code": Command(
        "Panels",
        ("c",),
        "Code",
        "Show the lines that the mode runs.",
        lambda screen: screen.panels.toggle(Panel.CODE),
        footer="Code",
        available=lambda screen: screen.runs.is_workload,
    ),
    "find": Command(
        "Lanes",
        ("slash",),
        "Find lanes",
        "Show only the lanes with the given words in their name, process, function or wait target, or those that are"
        " mostly in a given state.",
        lambda screen: screen.open_filter(),
        footer="Find",
        enabled=_has_lanes,
        takes_focus=True,
    ),
    "sort_lanes": Command(
        "Lanes",
        ("v",),
        "Sort lanes",
        "Sort the lanes: by appearance; by the share of the visible time in which they wait (other than for time to"
        " pass), run, or wait for the GIL. The order stays as it is while a lane is selected.",
        _cycle_lane_sort,
        footer="Sort",
        enabled=_has_lanes,
    ),
    "again": Command(
        "Run",
        ("r",),
        "Run again",
        "Run the same once more.",
        lambda screen: screen.runs.run_again(),
        footer="Again",
        # A program's standard streams come from the command line, and are used up.
        available=lambda screen: screen.runs.output is None,
    ),
    "replay": Command(
        "Slow motion",
        ("y",),
        "Replay",
        "Replay the run from the cursor on, or from its start, at the chosen speed.",
        lambda screen: screen.view.replay(),
        footer="Replay",
        enabled=_has_length,
    ),
    "slower": Command(
        "Slow motion",
        ("comma", "less_than_sign"),
        "Slower",
        "Replay more slowly, down to a tenth of the original speed.",
        lambda screen: screen.view.playhead.change_speed(-1),
        footer="Speed",
        enabled=_is_replaying,
    ),
    "faster": Command(
        "Slow motion",
        ("full_stop", "greater_than_sign"),
        "Faster",
        "Replay faster, up to ten times the original speed.",
        lambda screen: screen.view.playhead.change_speed(1),
        footer="Speed",
        enabled=_is_replaying,
    ),
    # The commands that are not in the footer.
    "much_earlier": Command(
        "Look",
        ("shift+left", "H"),
        "Cursor far to the left",
        f"Move the cursor {_LEAP} characters to the left.",
        lambda screen: screen.view.move_cursor(-_LEAP),
        enabled=_has_length,
    ),
    "much_later": Command(
        "Look",
        ("shift+right", "L"),
        "Cursor far to the right",
        f"Move the cursor {_LEAP} characters to the right.",
        lambda screen: screen.view.move_cursor(_LEAP),
        enabled=_has_length,
    ),
    "whole": Command(
        "Look",
        ("0",),
        "Whole run",
        "Show the run from its start to its end.",
        lambda screen: screen.view.fit_all(),
        enabled=_has_length,
    ),
    "begin": Command(
        "Look",
        ("home",),
        "To the start",
        "Move the cursor to the start of the run.",
        lambda screen: screen.view.jump(0),
        enabled=_has_length,
    ),
    "end": Command(
        "Look",
        ("end",),
        "To the end",
        "Move the cursor to the latest moment that is shown.",
        lambda screen: screen.view.jump(screen.view.present),
        enabled=_has_length,
    ),
    "follow": Command(
        "Look",
        ("f",),
        "Follow",
        "Drop the cursor and follow the present again.",
        lambda screen: screen.view.follow(),
        enabled=_has_length,
    ),
    "group": Command(
        "Lanes",
        ("g",),
        "Group by process",
        "Group the lanes by process, each group below a header, or ungroup them.",
        _toggle_groups,
        enabled=_has_lanes,
    ),
    "fold": Command(
        "Lanes",
        ("z",),
        "Fold",
        "Fold or unfold the lanes of the selected process or group header.",
        lambda screen: screen.view.fold(),
        enabled=lambda screen: screen.view.foldable,
    ),
    "fold_idle": Command(
        "Lanes",
        ("Z",),
        "Fold idle lanes",
        "Fold the lanes that did next to nothing in the visible time, or unfold them.",
        _toggle_idle,
        enabled=_has_lanes,
    ),
    "plumbing": Command(
        "Lanes",
        ("p",),
        "Plumbing",
        "Show or hide the threads and processes that run neither tasks nor the event loop.",
        _toggle_plumbing,
        enabled=_has_lanes,
    ),
    "ribbon": Command(
        "Lanes",
        ("G",),
        "Who holds the GIL",
        "Show above the lanes who holds the GIL, or hide it.",
        _toggle_gil_timeline,
        enabled=lambda screen: any(run.timeline.gil_timelines for run in screen.view.runs),
    ),
    "back": Command(
        "Run",
        ("b",),
        "Earlier runs",
        "Go back to an earlier run of this session, or compare some of them.",
        lambda screen: screen.runs.show_history(),
    ),
    "task_up": Command(
        "Panels",
        ("shift+up", "K"),
        "Task above",
        "Select the task above in the table of tasks, and its lane.",
        lambda screen: screen.move_task(-1),
        available=lambda screen: screen.runs.has_tasks,
    ),
    "task_down": Command(
        "Panels",
        ("shift+down", "J"),
        "Task below",
        "Select the task below in the table of tasks, and its lane.",
        lambda screen: screen.move_task(1),
        available=lambda screen: screen.runs.has_tasks,
    ),
    "sort_tasks": Command(
        "Panels",
        ("O",),
        "Sort tasks",
        "Sort the table of tasks by its next column.",
        lambda screen: screen.cycle_task_sort(),
        available=lambda screen: screen.runs.has_tasks,
    ),
    "panel_up": Command(
        "Panels", ("pageup",), "Scroll up", "Scroll the panel up.", lambda screen: screen.scroll_panel(-1)
    ),
    "panel_down": Command(
        "Panels",
        ("pagedown",),
        "Scroll down",
        "Scroll the panel down.",
        lambda screen: screen.scroll_panel(1),
    ),
    "step_back": Command(
        "Panels",
        ("escape",),
        "Step back",
        "Close the panel, or drop the cursor, or deselect the lane.",
        lambda screen: screen.step_back(),
    ),
    "write": Command(
        "App",
        ("w",),
        "Save recording",
        "Save the run into a file in the current folder, which threadviz open can show again.",
        lambda screen: screen.runs.save(),
        enabled=_has_length,
    ),
    "save": Command(
        "App",
        ("s",),
        "Save picture",
        "Save the screen as an SVG picture in the current folder.",
        lambda screen: screen.save_picture(),
    ),
}
"""All commands by their ids."""
