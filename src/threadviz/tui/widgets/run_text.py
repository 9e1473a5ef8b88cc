"""Texts about runs that several widgets show."""

from collections.abc import Sequence

from threadviz.analysis.rules import SLOW_CALLBACK_NS
from threadviz.presentation.cells import run_window
from threadviz.presentation.summary import LOOP_FIGURES, SummaryRow
from threadviz.text import printable
from threadviz.timeline import LaneSegment, Timeline
from threadviz.tui.view.rows import ViewedRun
from threadviz.tui.view.view import View
from threadviz.tui.view.viewport import Motion
from threadviz.tui.widgets.text_lines import ALARM, STRONG


def run_labels(runs: Sequence[ViewedRun]) -> dict[ViewedRun, str]:
    """Return unique labels: the mode, with the workload if that differs. Repeated ones are numbered, as in a report."""
    numbers = run_numbers(runs)
    return {
        run: f"{name} ({nth})" if nth > 1 else name
        for run, name, nth in zip(runs, _run_names(runs), numbers, strict=True)
    }


def run_numbers(runs: Sequence[ViewedRun]) -> list[int]:
    """Return the numbers in the labels of `runs`; 1 where the label has none."""
    names = _run_names(runs)
    return [names[: index + 1].count(name) for index, name in enumerate(names)]


def _run_names(runs: Sequence[ViewedRun]) -> list[str]:
    headers = [run.timeline.header for run in runs]
    names = [header.mode for header in headers]
    if len(set(names)) < len(names) and len({header.workload for header in headers}) > 1:
        names = [f"{header.workload} {header.mode}" for header in headers]
    return [printable(name) for name in names]


def figure_style(row: SummaryRow, timeline: Timeline, t: int) -> str:
    """Return the style of a figure as of `t` (ns): an alarm if it says that the event loop was blocked for long."""
    return ALARM if row.name in LOOP_FIGURES and loop_is_slow(timeline, t) else STRONG


def loop_is_slow(timeline: Timeline, t: int) -> bool:
    """Whether by `t` (ns) the event loop was blocked at a stretch for so long that asyncio's debug mode would warn."""
    until = t if timeline.end is None else min(t, timeline.end)
    return timeline.loop is not None and timeline.loop.blocked(until)[1] >= SLOW_CALLBACK_NS


def shows_end(view: View, run: ViewedRun) -> bool:
    """Whether the run is over, and the playhead is at its end."""
    return run.over and view.until(run) >= run_window(run.timeline).until


def shows_observer(view: View) -> bool:
    """Whether the observer's figures match the playhead: while a run goes on, only the latest are known."""
    return not view.growing or view.playhead.motion is Motion.FOLLOWING


def segment_text(segment: LaneSegment) -> str:
    """Return the state and the system call of a segment."""
    return printable(f"{segment.state} {segment.call}".rstrip())
