"""What tells several runs apart in a word or two."""

from collections.abc import Iterator, Sequence

from threadviz.analysis.workload_rules import SLOW_CALLBACK_NS
from threadviz.presentation.cells import measured
from threadviz.presentation.summary import LOOP_FIGURES, SummaryRow
from threadviz.protocol.events import ELSEWHERE, FREE, OPEN, Header
from threadviz.text import brief_seconds, printable, seconds
from threadviz.timeline import Timeline
from threadviz.tui.render.labels import name_of
from threadviz.tui.view import Motion, View
from threadviz.tui.view.gil_marks import GilRow
from threadviz.tui.view.rows import ViewedRun
from threadviz.tui.widgets.panel import ALARM, STRONG

NOT_BEGUN = "starting"


def header_of(timeline: Timeline) -> Header | None:
    """A run's header; None as long as nothing came of it."""
    return timeline.header if timeline.begun else None


def run_labels(runs: Sequence[ViewedRun]) -> list[str]:
    """A label for each of `runs`, no two of them equal: its mode, with its workload where that is not enough.

    Further runs of the same are numbered, as in a report.
    """
    names, numbers = _names(runs), run_numbers(runs)
    return [f"{name} ({nth})" if nth > 1 else name for name, nth in zip(names, numbers, strict=True)]


def run_numbers(runs: Sequence[ViewedRun]) -> list[int]:
    """The numbers in the labels of `runs`: 1, where a label has none."""
    names = _names(runs)
    return [names[: index + 1].count(name) for index, name in enumerate(names)]


def _names(runs: Sequence[ViewedRun]) -> list[str]:
    headers = [header_of(run.timeline) for run in runs]
    modes = [NOT_BEGUN if header is None else printable(header.mode) for header in headers]
    if len(set(modes)) == len(modes) or len({header.workload for header in headers if header}) < 2:
        return modes
    return [
        NOT_BEGUN if header is None else printable(f"{header.workload} {header.mode}") for header in headers
    ]


# Who holds the GIL, and for how much of the time somebody does, in words from long to short.


def share_words(view: View, of: GilRow, until: int) -> Sequence[str]:
    """Return which GIL it is, and for how much of the time until then (ns) it was held, as far as that was seen."""
    words, gil_timeline = _whose(view, of), of.gil_timeline
    shares = gil_timeline.shares(view.origin(of.run), until)
    if shares.open > shares.held + shares.free:
        seen = of.run.timeline.processes.get(gil_timeline.pid)
        on = f" on {printable(seen.python)}" if seen is not None and seen.python else ""
        return [f"{words}: mostly not seen{on}", f"{words}: mostly not seen", f"{words} ?", "GIL ?", "GIL"]
    held = shares.held_share
    if held is None:
        return [words, "GIL"]
    several = any(each.pid != gil_timeline.pid for each in of.run.timeline.gil_timelines)
    shorter = [f"GIL of {gil_timeline.pid} {held:.0%}", f"{gil_timeline.pid} {held:.0%}"] if several else []
    return [f"{words} {100 * held:.0f} %", *shorter, f"GIL {100 * held:.0f} %", f"GIL {held:.0%}", "GIL"]


def holder_words(view: View, of: GilRow, until: int) -> Iterator[str]:
    """Yield who holds it at the cursor, or while time passes, at `until` (ns); nothing where that is not told."""
    if view.cursor is None and not view.moving:
        return
    origin, gil_timeline = view.origin(of.run), of.gil_timeline
    t = until if view.cursor is None else origin + view.cursor
    held = gil_timeline.at(min(t, gil_timeline.end)) if t <= view.until(of.run) else None
    if held is None:
        return
    who = _who(of, held.holder)
    if view.cursor is not None:
        if grain := gil_timeline.resolution(t):
            yield f"about {who}, within {seconds(grain)}"
        else:
            since = max(0, held.start - origin)
            yield f"{who} since {seconds(since)}, for {seconds(held.end - held.start)}"
            yield f"{who} since {seconds(since)}"
            yield f"{who} @{brief_seconds(since).replace(' ', '')}"
    elif held.holder == OPEN:
        return
    yield who


def _whose(view: View, of: GilRow) -> str:
    """Return whose GIL it is, where there are several."""
    timeline, gil_timeline = of.run.timeline, of.gil_timeline
    words = "GIL"
    if view.comparing:
        words = f"{run_labels(view.runs)[view.runs.index(of.run)]}: GIL"
    gil_timelines = timeline.gil_timelines
    if any(each.pid != gil_timeline.pid for each in gil_timelines):
        words += f" of {name_of(timeline.processes.get(gil_timeline.pid))} {gil_timeline.pid}"
    if any(each.pid == gil_timeline.pid and each is not gil_timeline for each in gil_timelines):
        words += f", interpreter {gil_timeline.interpreter}"
    return words


def _who(of: GilRow, holder: int) -> str:
    if holder in (FREE, OPEN):
        return "free" if holder == FREE else "not seen"
    if holder != ELSEWHERE:
        for lane in of.run.timeline.lanes:
            if lane.number == holder:
                return printable(lane.name)
    return "another thread"


# How a figure stands out that says that the event loop could not answer.


def figure_style(row: SummaryRow, timeline: Timeline, t: int) -> str:
    """The style of a figure as of `t` (ns)."""
    return ALARM if row.name in LOOP_FIGURES and loop_is_slow(timeline, t) else STRONG


def loop_is_slow(timeline: Timeline, t: int) -> bool:
    """Whether the event loop could not answer for so long at a stretch that asyncio would complain, by `t` (ns)."""
    until = t if timeline.end is None else min(t, timeline.end)
    return timeline.loop is not None and timeline.loop.blocked(until)[1] >= SLOW_CALLBACK_NS


# How the moment that is shown lies to what is known of a run.


def shows_end(view: View, run: ViewedRun) -> bool:
    """Whether the run is over, and was so by the moment that is shown."""
    return run.over and view.until(run) >= measured(run.timeline).until


def shows_observer(view: View) -> bool:
    """Whether the observer's figures go with the picture: of a run that goes on, only the latest are known."""
    return not view.growing or view.playhead.motion is Motion.FOLLOWING
