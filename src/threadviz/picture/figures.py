"""The figures of a run as rows of a table: what each is called, how much, and of what."""

from typing import NamedTuple

from threadviz.events import State
from threadviz.findings.figures import SHORT_NS
from threadviz.picture.brief import brief_percent, brief_seconds
from threadviz.picture.window import measured
from threadviz.timeline import Timeline

NOTHING = "-"
"""What stands where there is no figure."""


LOOP_FIGURES = ("loop could not answer", "longest stretch")
"""The names of the figures that are about the event loop: in all, and at most."""


class Row(NamedTuple):
    """One figure, in words; `about` is what it is of."""

    name: str
    figure: str
    about: str


def totals_rows(timeline: Timeline, t: int | None = None) -> list[Row]:
    """The totals of a run as of `t` (ns; now, where None)."""
    totals, done = timeline.totals(t), timeline.finished_tasks()
    least = "" if State.IO in timeline.header.probe.tells else ", at least: as far as the probe can tell"
    speedup = totals.speedup if done and (t is None or (done[0].finished or 0) <= t) else None
    cpus = totals.parallelism
    in_all, at_most = LOOP_FIGURES
    return [
        Row("total", brief_seconds(totals.total_ns), "the workload, begin to end"),
        Row("sum of the tasks", brief_seconds(totals.sum_ns), "of their elapsed times"),
        Row("slowest task", brief_seconds(totals.slowest_ns), ""),
        Row(
            "against the sum",
            times(speedup),
            "sum / total; in it, waits for the GIL or a core count as task time",
        ),
        Row("parallelism", NOTHING if cpus is None else f"{cpus:.2f}", "CPU time / total"),
        Row(in_all, brief_seconds(totals.loop_blocked_ns), f"in all, busy or blocked{least}"),
        Row(at_most, brief_seconds(totals.loop_longest_ns), f"of that{least}"),
    ]


def observer_rows(timeline: Timeline) -> list[Row]:
    """What the observer did."""
    watching, short = timeline.watching, measured(timeline).length < SHORT_NS
    rate, cost = f"{watching.achieved_hz:.0f}", brief_percent(watching.cpu_share)
    return [
        Row("looks", NOTHING if short else rate, f"a second, {watching.asked_hz:.0f} asked for"),
        Row("missed", f"{watching.missed}", "looks"),
        Row("observer's cost", NOTHING if short else cost, "of one core"),
    ]


def times(factor: float | None) -> str:
    """Return a factor as '3.21x'."""
    return NOTHING if factor is None else f"{factor:.2f}x"
