"""The heading: what runs, on what, who watches, and what the picture shows of it: the present, or the past."""

from collections.abc import Hashable, Iterator, Sequence

from textual.content import Content

from threadviz.analysis import outcome_of
from threadviz.analysis.metrics import SHORT_NS
from threadviz.presentation.cells import measured
from threadviz.presentation.summary import cannot, cannot_briefly, python, stacks_cost, there_were
from threadviz.processes import how_it_ended
from threadviz.protocol.events import Outcome
from threadviz.text import count, percent, printable, seconds
from threadviz.timeline import Role
from threadviz.tui.view import Motion, View
from threadviz.tui.view.rows import ViewedRun, is_program
from threadviz.tui.widgets.panel import (
    ALARM,
    FAINT,
    STRONG,
    Alternatives,
    TextPanel,
    join_to_width,
    moment_key,
    truncate,
    wrap,
)
from threadviz.tui.widgets.run_text import header_of, run_labels, shows_end, shows_observer

_GOOD = "bold reverse $text-success"
_BAD = f"{ALARM} reverse"
_STOPPED = "bold reverse $text-warning"
_PAST = "bold reverse $text-primary"
_SLOW = "bold reverse $text-secondary"
_NEUTRAL = "bold reverse"


class RunHeader(TextPanel):
    """Two lines: what runs, and whether it is shown live; on what, and who watches. Below, what went wrong."""

    DEFAULT_CSS = """
    RunHeader {
        height: auto;
    }
    """

    def key(self) -> tuple[Hashable, ...]:
        """What the lines depend on."""
        playhead = self.view.playhead
        runs = [(run.over, run.trouble, header_of(run.timeline)) for run in self.view.runs]
        return (*moment_key(self.view), self.view.awaiting, playhead.motion, playhead.speed, *runs)

    def lines(self, width: int) -> list[Content]:
        """The lines as of the scene's present."""
        runs = [run for run in self.view.runs if header_of(run.timeline)]
        badge = [Content.styled(f" {words} ", style) for words, style in _badge(self.view)]
        if runs:
            what, who = list(self._what(runs)), self._fitted(list(self._who(runs)), width)
            shortest = join_to_width(what, 0, self._gap).cell_length
            right = next((each for each in badge if each.cell_length < width - shortest), badge[-1])
            left = join_to_width(what, width - right.cell_length - 1, self._gap)
            lines = [self._with_badge(left, right, width), who.stylize(FAINT)]
            unseen = cannot(runs[-1].timeline.header)
        else:
            lines = [self._with_badge(Content.styled("threadviz", STRONG), badge[0], width), Content()]
            unseen = ""
        self.tooltip = Content(unseen) if unseen else None
        for trouble in dict.fromkeys(run.trouble for run in self.view.runs if run.trouble):
            lines += wrap(Content.styled(f"{printable(trouble).rstrip('.')}.", ALARM), width)
        return lines

    @property
    def _gap(self) -> str:
        return " - " if self.plain else " · "

    def _with_badge(self, left: Content, badge: Content, width: int) -> Content:
        """Put `badge` at the right edge."""
        left = truncate(left, width - badge.cell_length - 1, self.plain)
        return left.append(" " * (width - left.cell_length - badge.cell_length)).append(badge)

    def _fitted(self, parts: Sequence[Alternatives], width: int) -> Content:
        """Join `parts`; where their shortest wordings are still too long, the last are left out, and it says so."""
        line = join_to_width(parts, width, self._gap)
        if line.cell_length <= width:
            return line
        more: Alternatives = ["..." if self.plain else "…"]
        fewer = ([*parts[:most], more] for most in range(len(parts) - 1, 0, -1))
        lines = (join_to_width(each, width, self._gap) for each in fewer)
        return next((each for each in lines if each.cell_length <= width), truncate(line, width, self.plain))

    def _what(self, runs: Sequence[ViewedRun]) -> Iterator[Alternatives]:
        header = runs[0].timeline.header
        yield [Content.styled(printable(header.workload), STRONG)]
        yield [Content.styled(printable(", ".join(run.timeline.header.mode for run in runs)), STRONG)]
        if is_program(runs[0].timeline):
            yield from self._threads(runs)
        else:
            yield [count(header.tasks, "task")]
            if len(runs) == 1 and (workers := self._workers(runs[0])):
                yield [workers]
        first = runs[0].timeline
        version, has = printable(first.python), "GIL" if first.gil else "no GIL"
        briefly = [] if first.gil is None else [f"Python {version}, {has}", f"Py {version}, {has}"]
        yield [python(first), *briefly]

    def _threads(self, runs: Sequence[ViewedRun]) -> Iterator[Alternatives]:
        """Yield how many threads of the first run there are at the moment that is shown, and how many there were."""
        run = runs[0]
        until, over = self.view.until(run), shows_end(self.view, run)
        there = [
            lane for lane in run.timeline.lanes if lane.role is not Role.PLUMBING and lane.start <= until
        ]
        alive = [lane for lane in there if over or lane.end is None or lane.end > until]
        threads, processes = count(len(alive), "thread"), len({lane.pid for lane in alive})
        ever, _ = there_were(run.timeline, until)
        words = f"{threads} in {processes} processes" if processes > 1 else threads
        yield [*([f"{words}, {ever} seen"] if ever > len(alive) else []), words, threads]

    def _workers(self, run: ViewedRun) -> str:
        """How many there are; under plain calls there are none, and nothing is said of them."""
        asked, until = run.timeline.header.workers, self.view.until(run)
        there = sum(lane.start <= until for lane in run.timeline.workers)
        if not there:
            return ""
        return count(there, "worker") if there == asked else f"{there} of {count(asked, 'worker')}"

    def _who(self, runs: Sequence[ViewedRun]) -> Iterator[Alternatives]:
        """Yield who watches the last of `runs`, the most important first."""
        timeline = runs[-1].timeline
        header, watching = timeline.header, timeline.observer_stats
        cores, probe = count(header.cores, "core"), printable(header.probe.name)
        yield [f"{cores}, {printable(header.platform)}", cores]
        yield [f"probe {probe}", probe]
        if header.probe.cannot:
            briefly = cannot_briefly(header)
            yield [f"can't tell {printable(header.probe.cannot)}", *([briefly] if briefly else [])]
        if not watching.rounds or not shows_observer(self.view):
            return
        whose = f"{run_labels(runs)[-1]}: " if len(runs) > 1 else ""
        if measured(timeline).length < SHORT_NS:
            yield [f"{whose}{count(watching.rounds, 'look')}"]
        else:
            reached, asked = f"{watching.achieved_hz:.0f}", f"{watching.asked_hz:.0f}"
            yield [
                f"{whose}{reached} looks a second, {asked} asked for",
                f"{whose}{reached} of {asked} looks/s",
                f"{whose}{reached}/{asked} Hz",
            ]
            yield [f"{watching.missed} missed"]
            yield [
                f"costs {percent(watching.cpu_share)} of a core",
                f"{percent(watching.cpu_share)} of a core",
            ]
        if stacks := stacks_cost(timeline):
            yield [
                stacks,
                *(["py-spy"] if timeline.stack_sampling and not timeline.stack_sampling.why else []),
            ]


def _badge(view: View) -> list[tuple[str, str]]:
    """What the picture shows, in words from long to short, and their style."""
    motion = view.playhead.motion
    if motion is Motion.FROZEN:
        at = seconds(view.present)
        words = [f"FROZEN at {at}, the run goes on"] if view.growing else []
        return [(each, _PAST) for each in (*words, f"FROZEN at {at}", f"FROZEN {at}", "FROZEN")]
    if motion is Motion.REPLAYING:
        speed, at = f"REPLAY {view.playhead.speed:g}x", seconds(view.present)
        return [(each, _SLOW) for each in (f"{speed} at {at}", f"{speed} {at}", speed)]
    if not view.runs:
        return [("starting ..." if view.awaiting else "NOTHING YET", _NEUTRAL)]
    if view.growing:
        return [("LIVE", _GOOD)] if view.length else [("starting ...", _NEUTRAL)]
    outcomes = {outcome_of(run.timeline) for run in view.runs}
    if Outcome.BROKEN in outcomes:
        return [("BROKEN", _BAD)]
    if Outcome.INTERRUPTED in outcomes:
        return [("INTERRUPTED", _STOPPED)]
    status = next((run.timeline.closed.status for run in view.runs if run.timeline.closed), None)
    if status is None or len(view.runs) > 1:
        return [("FINISHED", _NEUTRAL)]
    return [(how_it_ended(status), _STOPPED if status else _NEUTRAL)]
