"""Commands that say what part of the picture is seen, and which moment is looked at."""

from functools import partial

from threadviz.tui.commands.command import Command, CommandGroup, Desk
from threadviz.tui.view import Motion

STEP = 1
LEAP = 10
"""So many cells the cursor moves at a key's press."""


def _has_length(desk: Desk) -> bool:
    return desk.view.length > 0


def _can_freeze(desk: Desk) -> bool:
    view = desk.view
    return view.length > 0 and (view.growing or view.playhead.motion is not Motion.FOLLOWING)


_look = partial(Command, group=CommandGroup.LOOK, possible=_has_length)

COMMANDS: tuple[Command, ...] = (
    _look(
        "freeze",
        ("space",),
        "Freeze or go on",
        "Have the picture stand still, to look around in it; the run goes on, and so does what is seen of it.",
        do=lambda desk: desk.view.toggle_freeze(),
        possible=_can_freeze,
        footer="Freeze",
    ),
    _look(
        "earlier",
        ("left", "h"),
        "Cursor to the left",
        "Move the cursor to an earlier moment; it tells what each lane was in then, since when, and in which task.",
        do=lambda desk: desk.view.move_cursor(-STEP),
        footer="Time",
    ),
    _look(
        "later",
        ("right", "l"),
        "Cursor to the right",
        "Move the cursor to a later moment.",
        do=lambda desk: desk.view.move_cursor(STEP),
        footer="Time",
    ),
    _look(
        "zoom_in",
        ("plus", "equals_sign"),
        "Zoom in",
        "See a shorter time, larger, around the cursor.",
        do=lambda desk: desk.view.zoom(1),
        footer="Zoom",
    ),
    _look(
        "zoom_out",
        ("minus",),
        "Zoom out",
        "See a longer time, smaller, around the cursor.",
        do=lambda desk: desk.view.zoom(-1),
        footer="Zoom",
    ),
    _look(
        "lane_up",
        ("up", "k"),
        "Lane above",
        "Pick the lane above.",
        do=lambda desk: desk.view.move_selection(-1),
        footer="Lane",
    ),
    _look(
        "lane_down",
        ("down", "j"),
        "Lane below",
        "Pick the lane below.",
        do=lambda desk: desk.view.move_selection(1),
        footer="Lane",
    ),
    _look(
        "much_earlier",
        ("shift+left", "H"),
        "Cursor far to the left",
        f"Move the cursor {LEAP} characters to the left.",
        do=lambda desk: desk.view.move_cursor(-LEAP),
    ),
    _look(
        "much_later",
        ("shift+right", "L"),
        "Cursor far to the right",
        f"Move the cursor {LEAP} characters to the right.",
        do=lambda desk: desk.view.move_cursor(LEAP),
    ),
    _look(
        "whole",
        ("0",),
        "Whole run",
        "See the run from its begin to its end.",
        do=lambda desk: desk.view.fit_all(),
    ),
    _look(
        "begin",
        ("home",),
        "To the begin",
        "Put the cursor where the run begins.",
        do=lambda desk: desk.view.jump(0),
    ),
    _look(
        "end",
        ("end",),
        "To the end",
        "Put the cursor at the latest moment that is shown.",
        do=lambda desk: desk.view.jump(desk.view.present),
    ),
    _look(
        "follow",
        ("f",),
        "Follow",
        "Follow the present again: let go of the cursor, and see the latest there is.",
        do=lambda desk: desk.view.follow(),
    ),
)
