"""Several runs as of the scene's present, and how they did, each measured by the first: the facts of a comparison."""

from collections.abc import Sequence
from typing import NamedTuple

from threadviz.findings import Verdict, answer, same_work, verdict
from threadviz.findings.comparing import BASELINE
from threadviz.timeline import Totals
from threadviz.tui.scene import Scene
from threadviz.tui.scene.camera import SPANS_NS
from threadviz.tui.scene.shown import Shown
from threadviz.tui.widgets.labels import header_of, labels
from threadviz.tui.widgets.moments import at_end


class Figures(NamedTuple):
    """One run. `over` is whether it was at its end by then; `speedup` is against the baseline, where that is known."""

    run: Shown
    label: str
    totals: Totals
    over: bool
    speedup: float | None


class Compared:
    """What `figures` and `verdicts` say is kept as long as the same runs are over: to work it out takes a while."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._judged: tuple[tuple[Shown, ...], tuple[str, ...]] | None = None
        self._verdicts: list[Verdict] = []
        self.answer = ""
        """Which mode pays, of those that are over; nothing where that can't be told."""

    def figures(self, not_run: Sequence[str]) -> list[Figures]:
        """The runs of which anything came, in their order."""
        scene = self._scene
        runs = [run for run in scene.runs if header_of(run.timeline)]
        over = [at_end(scene, run) for run in runs]
        self._judge([run for run, ended in zip(runs, over, strict=True) if ended], not_run)
        speedups = {each.mode: each.speedup for each in self._verdicts}
        return [
            Figures(run, label, run.timeline.totals(scene.until(run)), ended, speedups.get(label))
            for run, label, ended in zip(runs, labels(runs), over, strict=True)
        ]

    @property
    def verdicts(self) -> Sequence[Verdict]:
        """How those did that are over; none where they did not do the same work."""
        return self._verdicts

    @property
    def baseline(self) -> str:
        """The label of the run that the others are measured by."""
        names = labels([run for run in self._scene.runs if header_of(run.timeline)])
        return BASELINE if BASELINE in names or not names else names[0]

    def _judge(self, over: Sequence[Shown], not_run: Sequence[str]) -> None:
        if self._judged == (tuple(over), tuple(not_run)):
            return
        self._judged = (tuple(over), tuple(not_run))
        names = dict(zip(self._scene.runs, labels(self._scene.runs), strict=True))
        timelines = {names[run]: run.timeline for run in over}
        if self.baseline in timelines and same_work(timelines.values()):
            self._verdicts = verdict(timelines, not_run)
        else:
            self._verdicts = []
        self.answer = answer(timelines, self._verdicts)


def scale(figures: Sequence[Figures]) -> int:
    """What a whole bar stands for (ns): the longest run that is over, or room to grow for one that goes on."""
    longest = max((each.totals.total_ns for each in figures if each.over), default=0)
    growing = max((each.totals.total_ns for each in figures if not each.over), default=0)
    if growing <= longest:
        return longest
    return next((span for span in SPANS_NS if growing <= span), growing)
