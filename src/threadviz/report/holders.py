"""The table of who held the GIL."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from threadviz.findings.figures import SHORT_NS
from threadviz.findings.words import NS_PER_S, count
from threadviz.picture.brief import brief_percent
from threadviz.picture.figures import NOTHING
from threadviz.picture.plain import printable
from threadviz.picture.window import Window, measured
from threadviz.report.tables import columns
from threadviz.timeline import Lane, Timeline
from threadviz.vocabulary import State

MAX_HOLDERS = 8
"""So many lanes are listed: those that held it longest."""

WHY_NOT = "(no row for the GIL: who held it is known only where it follows from what the threads did)"


def holders(timeline: Timeline) -> Iterator[RenderableType]:
    """Yield the table of the lanes that held the GIL, and how many are left out; nothing where that was not seen.

    Of several GILs it is the one that is shown. How long a lane held it is told as a share of the time of which it is
    known, and how long it waited for it, as one of the time that the lane was there.
    """
    ribbon, window = timeline.ribbon, measured(timeline)
    shares = None if ribbon is None else ribbon.shares(*window)
    if ribbon is None or ribbon.inferred or shares is None or not shares.held:
        return
    held_it = set(ribbon.holders)
    lanes = [lane for lane in timeline.lanes if lane.number in held_it]
    held = {lane: ribbon.had_by(lane.number, *window) for lane in lanes}
    by_time = sorted((lane for lane in lanes if held[lane][0]), key=lambda lane: -held[lane][0])
    table = columns("lane", ">held", ">hand-offs/s", ">waited for it")
    for lane in by_time[:MAX_HOLDERS]:
        ns, handed = held[lane]
        share = brief_percent(ns / (shares.held + shares.free))
        rate = f"{handed * NS_PER_S / window.length:.0f}" if window.length >= SHORT_NS else NOTHING
        table.add_row(Text(printable(lane.name)), share, rate, _waited(timeline, lane, window))
    yield table
    if len(timeline.ribbons) > 1:
        yield Text(f"(That of process {ribbon.pid}; --json has all GILs)", style="dim")
    if (left_out := len(by_time) - MAX_HOLDERS) > 0:
        yield Text(f"({count(left_out, 'lane')} left out here; --json has all lanes)", style="dim")


def _waited(timeline: Timeline, lane: Lane, window: Window) -> str:
    states = lane.states(*window)
    if State.GIL not in timeline.header.probe.tells or not states:
        return NOTHING
    return brief_percent(states.get(State.GIL, 0) / sum(states.values()))
