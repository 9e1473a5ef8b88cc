"""All commands, those first that a narrow footer is to have."""

from functools import partial

from threadviz.tui.commands.kinds import Command, Desk, Group, Panel
from threadviz.tui.scene import Motion

STEP = 1
LEAP = 10
"""So many cells the cursor moves at a key's press."""


def _has_length(desk: Desk) -> bool:
    return desk.scene.length > 0


def _can_freeze(desk: Desk) -> bool:
    scene = desk.scene
    return scene.length > 0 and (scene.growing or scene.playhead.motion is not Motion.FOLLOWING)


def _replaying(desk: Desk) -> bool:
    return desk.scene.playhead.motion is Motion.REPLAYING


_look = partial(Command, group=Group.LOOK, possible=_has_length)
_panels = partial(Command, group=Group.PANELS)
_run = partial(Command, group=Group.RUN)
_replay = partial(Command, group=Group.REPLAY)
_app = partial(Command, group=Group.APP)

COMMANDS: tuple[Command, ...] = (
    _look(
        "freeze",
        ("space",),
        "Freeze or go on",
        "Have the picture stand still, to look around in it; the run goes on, and so does what is seen of it.",
        do=lambda desk: desk.scene.toggle_freeze(),
        possible=_can_freeze,
        footer="Freeze",
    ),
    _look(
        "earlier",
        ("left", "h"),
        "Cursor to the left",
        "Move the cursor to an earlier moment; it tells what each lane was in then, since when, and in which task.",
        do=lambda desk: desk.scene.move_cursor(-STEP),
        footer="Time",
    ),
    _look(
        "later",
        ("right", "l"),
        "Cursor to the right",
        "Move the cursor to a later moment.",
        do=lambda desk: desk.scene.move_cursor(STEP),
        footer="Time",
    ),
    _look(
        "zoom_in",
        ("plus", "equals_sign"),
        "Zoom in",
        "See a shorter time, larger, around the cursor.",
        do=lambda desk: desk.scene.zoom(1),
        footer="Zoom",
    ),
    _look(
        "zoom_out",
        ("minus",),
        "Zoom out",
        "See a longer time, smaller, around the cursor.",
        do=lambda desk: desk.scene.zoom(-1),
        footer="Zoom",
    ),
    _look(
        "lane_up",
        ("up", "k"),
        "Lane above",
        "Pick the lane above.",
        do=lambda desk: desk.scene.move_lane(-1),
        footer="Lane",
    ),
    _look(
        "lane_down",
        ("down", "j"),
        "Lane below",
        "Pick the lane below.",
        do=lambda desk: desk.scene.move_lane(1),
        footer="Lane",
    ),
    _panels(
        "details",
        ("enter", "d"),
        "Details",
        "Show all about the lane that is picked: its states, its tasks, its longest waits.",
        do=lambda desk: desk.toggle_panel(Panel.DETAILS),
        footer="Details",
    ),
    _run(
        "choose",
        ("n",),
        "New run",
        "Choose workload, mode, workers, sites and tasks, and run them.",
        do=lambda desk: desk.choose(),
        footer="New",
    ),
    _run(
        "compare",
        ("m",),
        "Compare modes",
        "Run this workload under all modes, one after the other, on one time axis.",
        do=lambda desk: desk.compare_modes(),
        footer="Compare",
    ),
    _app(
        "write",
        ("w",),
        "Save recording",
        "Write what is looked at into a file in the current folder, to open again with threadviz open; says where.",
        do=lambda desk: desk.save_recording(),
        possible=_has_length,
    ),
    _app(
        "help",
        ("question_mark", "f1"),
        "Help",
        "Show all keys, and how to read the lanes.",
        do=lambda desk: desk.show_help(),
        footer="Help",
    ),
    _app(
        "quit",
        ("q",),
        "Quit",
        "Leave; a run that goes on is ended.",
        do=lambda desk: desk.leave(),
        footer="Quit",
    ),
    _run(
        "stop",
        ("x",),
        "Stop",
        "End the run that goes on; what was measured of it stays.",
        do=lambda desk: desk.stop_run(),
        footer="Stop",
        possible=lambda desk: desk.running,
    ),
    _panels(
        "tasks",
        ("t",),
        "Tasks",
        "Show the tasks: those under way, and then those that are over, as they finished.",
        do=lambda desk: desk.toggle_panel(Panel.TASKS),
        footer="Tasks",
    ),
    _panels(
        "findings",
        ("i",),
        "Findings",
        "Show what the run shows, in words; of several runs, the verdict.",
        do=lambda desk: desk.toggle_panel(Panel.FINDINGS),
        footer="Findings",
    ),
    _panels(
        "code",
        ("c",),
        "Code",
        "Show the lines that the mode runs.",
        do=lambda desk: desk.toggle_panel(Panel.CODE),
        footer="Code",
    ),
    _run(
        "again",
        ("r",),
        "Run again",
        "Run the same once more.",
        do=lambda desk: desk.run_again(),
        footer="Again",
    ),
    _replay(
        "replay",
        ("y",),
        "Replay",
        "Show the run again from the cursor on, or from its begin, at the speed that is set.",
        do=lambda desk: desk.scene.replay(),
        footer="Replay",
        possible=_has_length,
    ),
    _replay(
        "slower",
        ("comma", "less_than_sign"),
        "Slower",
        "Replay more slowly, down to a tenth of the run's own speed.",
        do=lambda desk: desk.scene.playhead.change_speed(-1),
        footer="Speed",
        possible=_replaying,
    ),
    _replay(
        "faster",
        ("full_stop", "greater_than_sign"),
        "Faster",
        "Replay faster, up to ten times the run's own speed.",
        do=lambda desk: desk.scene.playhead.change_speed(1),
        footer="Speed",
        possible=_replaying,
    ),
    _look(
        "much_earlier",
        ("shift+left", "H"),
        "Cursor far to the left",
        f"Move the cursor {LEAP} characters to the left.",
        do=lambda desk: desk.scene.move_cursor(-LEAP),
    ),
    _look(
        "much_later",
        ("shift+right", "L"),
        "Cursor far to the right",
        f"Move the cursor {LEAP} characters to the right.",
        do=lambda desk: desk.scene.move_cursor(LEAP),
    ),
    _look(
        "whole",
        ("0",),
        "Whole run",
        "See the run from its begin to its end.",
        do=lambda desk: desk.scene.see_whole(),
    ),
    _look(
        "begin",
        ("home",),
        "To the begin",
        "Put the cursor where the run begins.",
        do=lambda desk: desk.scene.jump(0),
    ),
    _look(
        "end",
        ("end",),
        "To the end",
        "Put the cursor at the latest moment that is shown.",
        do=lambda desk: desk.scene.jump(desk.scene.present),
    ),
    _look(
        "follow",
        ("f",),
        "Follow",
        "Follow the present again: let go of the cursor, and see the latest there is.",
        do=lambda desk: desk.scene.follow(),
    ),
    _look(
        "plumbing",
        ("p",),
        "Plumbing",
        "Show the threads and processes that neither run tasks nor the event loop, or hide them.",
        do=lambda desk: desk.scene.toggle_plumbing(),
    ),
    _panels(
        "task_up",
        ("shift+up", "K"),
        "Task above",
        "Pick the task above in the table of tasks, and its lane.",
        do=lambda desk: desk.pick_task(-1),
    ),
    _panels(
        "task_down",
        ("shift+down", "J"),
        "Task below",
        "Pick the task below in the table of tasks, and its lane.",
        do=lambda desk: desk.pick_task(1),
    ),
    _panels(
        "sort",
        ("o",),
        "Sort tasks",
        "Sort the table of tasks by its next column.",
        do=lambda desk: desk.sort_tasks(),
    ),
    _panels(
        "panel_up",
        ("pageup",),
        "Scroll up",
        "Scroll the panel up.",
        do=lambda desk: desk.scroll_panel(-1),
    ),
    _panels(
        "panel_down",
        ("pagedown",),
        "Scroll down",
        "Scroll the panel down.",
        do=lambda desk: desk.scroll_panel(1),
    ),
    _panels(
        "step_back",
        ("escape",),
        "Step back",
        "Put the panel away, or let go of the cursor, or of the lane that is picked.",
        do=lambda desk: desk.step_back(),
    ),
    _run(
        "back",
        ("b",),
        "Earlier runs",
        "Go back to an earlier run of this sitting, or compare some of them.",
        do=lambda desk: desk.go_back(),
    ),
    _app(
        "save",
        ("s",),
        "Save picture",
        "Save the screen as an SVG picture in the current folder, and say where.",
        do=lambda desk: desk.save_picture(),
    ),
)
"""Each key stands once. The footer has what fits of them, in this order."""
