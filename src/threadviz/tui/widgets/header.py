"""The header: what runs and whether it is live, on what machine, how it is observed, and what went wrong."""

from collections.abc import Hashable, Iterator, Sequence

from textual.content import Content

from threadviz.analysis import outcome_of
from threadviz.analysis.metrics import SHORT_NS
from threadviz.presentation.cells import run_window
from threadviz.presentation.summary import (
    brief_probe_limits,
    probe_limits,
    python_summary,
    seen_counts,
    stacks_cost,
)
from threadviz.processes import how_it_ended
from threadviz.protocol.events import Outcome
from threadviz.text import count, percent, printable, seconds
from threadviz.timeline import Role
from threadviz.tui.view.rows import ViewedRun, is_program
from threadviz.tui.view.view import View
from threadviz.tui.view.viewport import Motion
from threadviz.tui.widgets.panel import TextPanel, moment_key
from threadviz.tui.widgets.run_text import run_labels, shows_end, shows_observer
from threadviz.tui.widgets.text_lines import ALARM, FAINT, STRONG, Alternatives, join_to_width, truncate, wrap

_NEUTRAL = "bold reverse"
_LIVE = f"{_NEUTRAL} $text-success"
_BROKEN = f"{ALARM} reverse"
_WARNING = f"{_NEUTRAL} $text-warning"
_FROZEN = f"{_NEUTRAL} $text-primary"
_REPLAY = f"{_NEUTRAL} $text-secondary"


class RunHeader(TextPanel):
    """Two lines about the runs and the observer, and below them what went wrong."""

    def key(self) -> tuple[Hashable, ...]:
        playhead = self.view.playhead
        runs = [(run.over, run.trouble) for run in self.view.runs]
        return (*moment_key(self.view), self.view.awaiting, playhead.motion, playhead.speed, *runs)

    def lines(self, width: int) -> list[Content]:
        runs, (texts, style) = self.view.runs, _badges(self.view)
        badges = [Content.styled(f" {text} ", style) for text in texts]
        if runs:
            parts = list(self._run_parts(runs))
            room = width - join_to_width(parts, 0, self._gap).cell_length
            badge = next((each for each in badges if each.cell_length < room), badges[-1])
            left = join_to_width(parts, width - badge.cell_length - 1, self._gap)
            below = self._join(list(self._observer_parts(runs)), width).stylize(FAINT)
            unseen = probe_limits(runs[-1].timeline.header)
        else:
            left, badge, below, unseen = Content.styled("threadviz", STRONG), badges[0], Content(), ""
        self.tooltip = Content(unseen) if unseen else None
        left = truncate(left, width - badge.cell_length - 1, self.ascii_only)
        gap = " " * (width - left.cell_length - badge.cell_length)
        lines = [left.append(gap).append(badge), below]
        for trouble in dict.fromkeys(run.trouble for run in self.view.runs if run.trouble):
            lines += wrap(Content.styled(f"{printable(trouble).rstrip('.')}.", ALARM), width)
        return lines

    @property
    def _gap(self) -> str:
        return " - " if self.ascii_only else " · "

    def _join(self, parts: Sequence[Alternatives], width: int) -> Content:
        """Join `parts`. If even the shortest alternatives are too long, replace the last parts by an ellipsis."""
        line = join_to_width(parts, width, self._gap)
        ellipsis: Alternatives = ["..." if self.ascii_only else "…"]
        for number in range(len(parts) - 1, 0, -1):
            if line.cell_length <= width:
                break
            line = join_to_width([*parts[:number], ellipsis], width, self._gap)
        return truncate(line, width, self.ascii_only)

    def _run_parts(self, runs: Sequence[ViewedRun]) -> Iterator[Alternatives]:
        timeline, header = runs[0].timeline, runs[0].timeline.header
        yield [Content.styled(printable(header.workload), STRONG)]
        yield [Content.styled(printable(", ".join(run.timeline.header.mode for run in runs)), STRONG)]
        if is_program(timeline):
            yield self._threads(runs[0])
        else:
            yield [count(header.tasks, "task")]
            until = self.view.until(runs[0])
            started = sum(lane.start <= until for lane in timeline.workers)
            if len(runs) == 1 and started:
                workers = count(header.workers, "worker")
                yield [workers if started == header.workers else f"{started} of {workers}"]
        version, gil = printable(timeline.python), "GIL" if timeline.gil else "no GIL"
        short = [] if timeline.gil is None else [f"Python {version}, {gil}", f"Py {version}, {gil}"]
        yield [python_summary(timeline), *short]

    def _threads(self, run: ViewedRun) -> list[str]:
        """Return how many threads there are at the playhead, and how many there were until then."""
        until, over = self.view.until(run), shows_end(self.view, run)
        alive = [
            lane
            for lane in run.timeline.lanes
            if lane.role is not Role.PLUMBING
            and lane.start <= until
            and (over or lane.end is None or lane.end > until)
        ]
        threads, processes = count(len(alive), "thread"), len({lane.pid for lane in alive})
        seen, _ = seen_counts(run.timeline, until)
        text = f"{threads} in {processes} processes" if processes > 1 else threads
        return [*([f"{text}, {seen} seen"] if seen > len(alive) else []), text, threads]

    def _observer_parts(self, runs: Sequence[ViewedRun]) -> Iterator[Alternatives]:
        """Yield how the last of `runs` is observed, the most important first."""
        timeline = runs[-1].timeline
        header, watching = timeline.header, timeline.observer_stats
        cores, probe = count(header.cores, "core"), printable(header.probe.name)
        yield [f"{cores}, {printable(header.platform)}", cores]
        yield [f"probe {probe}", probe]
        if header.probe.cannot:
            brief = brief_probe_limits(header)
            yield [f"can't tell {printable(header.probe.cannot)}", *([brief] if brief else [])]
        if not watching.rounds or not shows_observer(self.view):
            return
        whose = f"{run_labels(runs)[runs[-1]]}: " if len(runs) > 1 else ""
        if run_window(timeline).length < SHORT_NS:
            yield [f"{whose}{count(watching.rounds, 'sample')}"]
        else:
            reached, asked = f"{watching.achieved_hz:.0f}", f"{watching.asked_hz:.0f}"
            yield [
                f"{whose}sampled {reached} times a second, {asked} requested",
                f"{whose}{reached} of {asked} samples/s",
                f"{whose}{reached}/{asked} Hz",
            ]
            yield [f"{watching.missed} missed"]
            cost = f"{percent(watching.cpu_share)} of a core"
            yield [f"costs {cost}", cost]
        if stacks := stacks_cost(timeline):
            yield [
                stacks,
                *(["py-spy"] if timeline.stack_sampling and not timeline.stack_sampling.why else []),
            ]


def _badges(view: View) -> tuple[list[str], str]:
    """Return badges that say what the picture shows, the longest first, and their style."""
    motion, at = view.playhead.motion, seconds(view.present)
    if motion is Motion.FROZEN:
        long = [f"FROZEN at {at}, the run goes on"] if view.growing else []
        return [*long, f"FROZEN at {at}", f"FROZEN {at}", "FROZEN"], _FROZEN
    if motion is Motion.REPLAYING:
        speed = f"REPLAY {view.playhead.speed:g}x"
        return [f"{speed} at {at}", f"{speed} {at}", speed], _REPLAY
    if not view.runs and not view.awaiting:
        return ["NOTHING YET"], _NEUTRAL
    if not view.runs or (view.growing and not view.length):
        return ["starting ..."], _NEUTRAL
    if view.growing:
        return ["LIVE"], _LIVE
    outcomes = {outcome_of(run.timeline) for run in view.runs}
    if Outcome.BROKEN in outcomes:
        return ["BROKEN"], _BROKEN
    if Outcome.INTERRUPTED in outcomes:
        return ["INTERRUPTED"], _WARNING
    status = next((run.timeline.closed.status for run in view.runs if run.timeline.closed), None)
    if status is None or len(view.runs) > 1:
        return ["FINISHED"], _NEUTRAL
    return [how_it_ended(status)], _WARNING if status else _NEUTRAL
