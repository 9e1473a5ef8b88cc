"""Commands that say which lanes are shown, and in which order."""

from dataclasses import replace
from functools import partial

from threadviz.tui.commands.command import Command, CommandGroup, Desk
from threadviz.tui.view import LaneSort

_lanes = partial(
    Command,
    group=CommandGroup.LANES,
    possible=lambda desk: bool(desk.view.rows or desk.view.row_cache.hidden),
)


def _toggle_plumbing(desk: Desk) -> None:
    how = desk.view.row_cache.options
    desk.view.arrange(replace(how, plumbing=not how.plumbing))


def _toggle_idle(desk: Desk) -> None:
    how = desk.view.row_cache.options
    desk.view.arrange(replace(how, idle_folded=not how.idle_folded))


def _toggle_groups(desk: Desk) -> None:
    lanes = desk.view.row_cache
    desk.view.arrange(replace(lanes.options, grouped=not lanes.grouped))


def _sort(desk: Desk) -> None:
    how, sorts = desk.view.row_cache.options, list(LaneSort)
    desk.view.arrange(replace(how, sort=sorts[(sorts.index(how.sort) + 1) % len(sorts)]))


def _toggle_ribbon(desk: Desk) -> None:
    desk.view.gil_rows.enabled = not desk.view.gil_rows.enabled


COMMANDS: tuple[Command, ...] = (
    _lanes(
        "find",
        ("slash",),
        "Find lanes",
        "Show only the lanes that have some words in their name, process, function or place, or that are much in a"
        " state.",
        do=lambda desk: desk.find(),
        footer="Find",
        takes_keys=True,
    ),
    _lanes(
        "sort_lanes",
        ("v",),
        "Sort lanes",
        "Sort the lanes: as they appeared; who waits (other than for time to pass), runs, or waits for the GIL most of"
        " the time in sight. They stay where they are while one is picked.",
        do=_sort,
        footer="Sort",
    ),
    _lanes(
        "group",
        ("g",),
        "Group by process",
        "Put the lanes of each process together, below a heading, or give that up.",
        do=_toggle_groups,
    ),
    _lanes(
        "fold",
        ("z",),
        "Fold",
        "Fold the lanes of the process, or of the heading, that is picked, or unfold them.",
        do=lambda desk: desk.view.fold(),
        possible=lambda desk: desk.view.foldable,
    ),
    _lanes(
        "fold_idle",
        ("Z",),
        "Fold idle lanes",
        "Put the lanes together that did next to nothing in the time that is in sight, or give that up.",
        do=_toggle_idle,
    ),
    _lanes(
        "plumbing",
        ("p",),
        "Plumbing",
        "Show the threads and processes that neither run tasks nor the event loop, or hide them.",
        do=_toggle_plumbing,
    ),
    _lanes(
        "ribbon",
        ("G",),
        "Who holds the GIL",
        "Show above the lanes who holds the GIL, or hide it.",
        do=_toggle_ribbon,
        possible=lambda desk: any(run.timeline.gil_timelines for run in desk.view.runs),
    ),
)
