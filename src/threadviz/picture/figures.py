"""The figures of a run as rows of a table: what each is called, how much, and of what."""

from typing import NamedTuple

from threadviz.findings.figures import COMPUTING, SHORT_NS
from threadviz.findings.gil import why_hardly_known
from threadviz.findings.threads import ThreadFigures
from threadviz.findings.words import NS_PER_S, count
from threadviz.picture.brief import brief_percent, brief_seconds
from threadviz.picture.window import measured
from threadviz.timeline import Role, Timeline, Totals
from threadviz.vocabulary import State, Watches

NOTHING = "-"
"""What stands where there is no figure."""


LOOP_FIGURES = ("loop could not answer", "longest stretch")
"""The names of the figures that are about the event loop: in all, and at most."""


GIL_HELD = "GIL held"
"""The name of the figure that says for how long it was."""


_SEEN = "seen: not those that were gone between two looks"


class Row(NamedTuple):
    """One figure, in words; `about` is what it is of."""

    name: str
    figure: str
    about: str


def totals_rows(timeline: Timeline, t: int | None = None) -> list[Row]:
    """The totals of a run as of `t` (ns; now, where None). Those of a program are others than those of a workload."""
    if timeline.header.watches is not Watches.WORKLOAD:
        return _rows_of_program(timeline, t)
    totals = timeline.totals(t)
    cpus = totals.parallelism
    return [
        Row("total", brief_seconds(totals.total_ns), "the workload, begin to end"),
        *_task_rows(timeline, totals, t),
        Row("parallelism", NOTHING if cpus is None else f"{cpus:.2f}", "CPU time / total"),
        *_loop_rows(timeline, totals),
        *gil_rows(timeline, t),
    ]


def _rows_of_program(timeline: Timeline, t: int | None) -> list[Row]:
    totals = timeline.totals(t)
    cpus = totals.parallelism
    threads, processes = there_were(timeline, t)
    watched = "the program, begin to end" if timeline.header.watches is Watches.PROGRAM else "it was watched"
    wanted = sum(totals.states.get(state, 0) for state in COMPUTING)
    told = wanted and State.GIL in timeline.header.probe.tells
    waited = brief_percent(totals.states.get(State.GIL, 0) / wanted) if told else NOTHING
    held, *handed = gil_rows(timeline, t) or [Row(GIL_HELD, NOTHING, _why_not_seen(timeline))]
    return [
        Row("total", brief_seconds(totals.total_ns), watched),
        Row("threads", f"{threads}", _that_were_seen(timeline)),
        Row("parallelism", NOTHING if cpus is None else f"{cpus:.2f}", "CPU time / total"),
        Row("waited for the GIL", waited, "of the time that threads ran or wanted to"),
        held,
        *_loop_rows(timeline, totals),
        *handed,
        Row("processes", f"{processes}", _SEEN),
        *(_task_rows(timeline, totals, t) if timeline.tasks else ()),
    ]


def _why_not_seen(timeline: Timeline) -> str:
    """Why nothing was told of who held the GIL."""
    run = ThreadFigures(timeline)
    gils = [pid for pid, seen in timeline.processes.items() if seen.gil]
    if gils and not any(map(run.has_had_several, gils)):
        return "nobody to share it with: one thread alone" + (" in each process" if len(gils) > 1 else "")
    return "it was not seen"


def _that_were_seen(timeline: Timeline) -> str:
    """What the threads are that are counted, and whether it is known that there were others."""
    unseen = timeline.unseen_tasks
    return f"seen, and at least one more: {count(unseen, 'task')} ran in none of them" if unseen else _SEEN


def _task_rows(timeline: Timeline, totals: Totals, t: int | None) -> list[Row]:
    done = timeline.finished_tasks()
    speedup = totals.speedup if done and (t is None or (done[0].finished or 0) <= t) else None
    return [
        Row("sum of the tasks", brief_seconds(totals.sum_ns), "of their elapsed times"),
        Row("slowest task", brief_seconds(totals.slowest_ns), ""),
        Row(
            "against the sum",
            times(speedup),
            "sum / total; in it, waits for the GIL or a core count as task time",
        ),
    ]


def _loop_rows(timeline: Timeline, totals: Totals) -> list[Row]:
    """For how long the event loop could not answer; of several, that of the main thread, or the first."""
    least = "" if State.IO in timeline.header.probe.tells else ", at least: as far as the probe can tell"
    in_all, at_most = LOOP_FIGURES
    there = timeline.loop is not None or timeline.header.watches is Watches.WORKLOAD
    blocked, longest = totals.loop_blocked_ns, totals.loop_longest_ns
    return [
        Row(in_all, brief_seconds(blocked) if there else NOTHING, f"in all, busy or blocked{least}"),
        Row(at_most, brief_seconds(longest) if there else NOTHING, f"of that{least}"),
    ]


def gil_rows(timeline: Timeline, t: int | None = None) -> list[Row]:
    """What was seen of the GIL as of `t` (ns; now, where None): of the one to show, where there are several."""
    ribbon, window = timeline.ribbon, measured(timeline)
    until = window.until if t is None else min(t, window.until)
    if ribbon is None:
        return []
    shares, length = ribbon.shares(window.since, until), until - window.since
    share, of = shares.held_share, "of the time of which it is known"
    if ribbon.inferred:  # where it is known, somebody holds it
        share, of = shares.held / length if length > 0 else None, "of the time, at least: where it follows"
    whose = "" if len(timeline.ribbons) == 1 else f", of process {ribbon.pid}"
    if why := why_hardly_known(timeline, ribbon, window.since, until):
        return [Row(GIL_HELD, NOTHING, f"{why}{whose}")]
    handed = ribbon.handed(until) - ribbon.handed(window.since)
    rate = f"{handed * NS_PER_S / length:.0f}" if length >= SHORT_NS else NOTHING
    return [
        Row(GIL_HELD, NOTHING if share is None else brief_percent(share), f"{of}; no cost by itself{whose}"),
        Row("GIL hand-offs", rate, f"a second, at least: those that were seen{whose}"),
    ]


def there_were(timeline: Timeline, t: int | None = None) -> tuple[int, int]:
    """How many threads and processes have been seen until `t` (ns; now, where None), but for the plumbing."""
    lanes = [
        lane for lane in timeline.lanes if lane.role is not Role.PLUMBING and (t is None or lane.start <= t)
    ]
    threads, processes = len(lanes), len({lane.pid for lane in lanes})
    if timeline.folded is not None:
        threads += timeline.folded.threads
        processes += timeline.folded.processes
    return threads, processes


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
