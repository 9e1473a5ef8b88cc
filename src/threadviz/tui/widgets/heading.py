"""The heading: what runs, on what, who watches, and what the picture shows of it: the present, or the past."""

from collections.abc import Hashable, Iterator, Sequence

from textual.content import Content

from threadviz.events import Outcome
from threadviz.findings import outcome_of
from threadviz.findings.figures import SHORT_NS
from threadviz.findings.words import count, percent, seconds
from threadviz.picture.heading import cannot, python
from threadviz.picture.plain import printable
from threadviz.picture.window import measured
from threadviz.timeline import Timeline
from threadviz.tui.scene import Motion, Scene
from threadviz.tui.scene.scene import Shown
from threadviz.tui.widgets.following import Following, moment
from threadviz.tui.widgets.labels import header_of
from threadviz.tui.widgets.wording import ALARM, FAINT, STRONG, Wordings, cut, fitted, wrapped

_GOOD = "bold reverse $text-success"
_BAD = f"{ALARM} reverse"
_STOPPED = "bold reverse $text-warning"
_PAST = "bold reverse $text-primary"
_SLOW = "bold reverse $text-secondary"
_NEUTRAL = "bold reverse"


class Heading(Following):
    """Two lines: what runs, and whether it is shown live; on what, and who watches. Below, what went wrong."""

    DEFAULT_CSS = """
    Heading {
        height: auto;
    }
    """

    def key(self) -> tuple[Hashable, ...]:
        """What the lines depend on."""
        playhead = self.scene.playhead
        runs = [(run.over, run.trouble, header_of(run.timeline)) for run in self.scene.runs]
        return (*moment(self.scene), self.scene.awaiting, playhead.motion, playhead.speed, *runs)

    def lines(self, width: int) -> list[Content]:
        """The lines as of the scene's present."""
        runs = [run for run in self.scene.runs if header_of(run.timeline)]
        badge = [Content.styled(f" {words} ", style) for words, style in _badge(self.scene)]
        if runs:
            what = fitted(list(self._what(runs)), width - badge[-1].cell_length - 1, self._gap)
            who = fitted(list(self._who(runs[-1].timeline)), width, self._gap).stylize(FAINT)
            lines = [self._with_badge(what, badge, width), cut(who, width, self.plain)]
            unseen = cannot(runs[-1].timeline.header)
        else:
            lines = [self._with_badge(Content.styled("threadviz", STRONG), badge, width), Content()]
            unseen = ""
        self.tooltip = Content(unseen) if unseen else None
        for trouble in dict.fromkeys(run.trouble for run in self.scene.runs if run.trouble):
            lines += wrapped(Content.styled(f"{printable(trouble).rstrip('.')}.", ALARM), width)
        return lines

    @property
    def _gap(self) -> str:
        return " - " if self.plain else " · "

    def _with_badge(self, left: Content, badge: Sequence[Content], width: int) -> Content:
        """Put the longest of `badge` that there is room for at the right edge."""
        room = width - left.cell_length - 1
        right = next((each for each in badge if each.cell_length <= room), badge[-1])
        left = cut(left, width - right.cell_length - 1, self.plain)
        return left.append(" " * (width - left.cell_length - right.cell_length)).append(right)

    def _what(self, runs: Sequence[Shown]) -> Iterator[Wordings]:
        header = runs[0].timeline.header
        yield [Content.styled(printable(header.workload), STRONG)]
        yield [Content.styled(printable(", ".join(run.timeline.header.mode for run in runs)), STRONG)]
        yield [count(header.tasks, "task")]
        if len(runs) == 1 and (workers := self._workers(runs[0])):
            yield [workers]
        version, has = printable(header.python), "GIL" if header.gil else "no GIL"
        yield [python(header), f"Python {version}, {has}", f"Py {version}, {has}"]

    def _workers(self, run: Shown) -> str:
        """How many there are; under plain calls there are none, and nothing is said of them."""
        asked, until = run.timeline.header.workers, self.scene.until(run)
        there = sum(lane.start <= until for lane in run.timeline.workers)
        if not there:
            return ""
        return count(there, "worker") if there == asked else f"{there} of {count(asked, 'worker')}"

    def _who(self, timeline: Timeline) -> Iterator[Wordings]:
        header, watching = timeline.header, timeline.watching
        cores, probe = count(header.cores, "core"), printable(header.probe.name)
        yield [f"{cores}, {printable(header.platform)}", cores]
        yield [f"probe {probe}", probe]
        if watching.rounds and measured(timeline).length < SHORT_NS:
            yield [count(watching.rounds, "look")]
        elif watching.rounds:
            reached, asked = f"{watching.achieved_hz:.0f}", f"{watching.asked_hz:.0f}"
            yield [
                f"{reached} looks a second, {asked} asked for",
                f"{reached} of {asked} looks/s",
                f"{reached}/{asked} Hz",
            ]
            yield [f"{watching.missed} missed"]
            yield [
                f"costs {percent(watching.cpu_share)} of a core",
                f"{percent(watching.cpu_share)} of a core",
            ]
        if header.probe.cannot:
            yield [f"can't tell {printable(header.probe.cannot)}"]


def _badge(scene: Scene) -> list[tuple[str, str]]:
    """What the picture shows, in words from long to short, and their style."""
    motion = scene.playhead.motion
    if motion is Motion.FROZEN:
        at = seconds(scene.present)
        words = [f"FROZEN at {at}, the run goes on"] if scene.growing else []
        return [(each, _PAST) for each in (*words, f"FROZEN at {at}", f"FROZEN {at}", "FROZEN")]
    if motion is Motion.REPLAYING:
        speed = f"{scene.playhead.speed:g}x"
        return [(each, _SLOW) for each in (f"REPLAY {speed} at {seconds(scene.present)}", f"REPLAY {speed}")]
    if not scene.runs:
        return [("starting ..." if scene.awaiting else "NOTHING YET", _NEUTRAL)]
    if scene.growing:
        return [("LIVE", _GOOD)] if scene.length else [("starting ...", _NEUTRAL)]
    outcomes = {outcome_of(run.timeline) for run in scene.runs}
    if Outcome.BROKEN in outcomes:
        return [("BROKEN", _BAD)]
    if Outcome.INTERRUPTED in outcomes:
        return [("INTERRUPTED", _STOPPED)]
    return [("FINISHED", _NEUTRAL)]
