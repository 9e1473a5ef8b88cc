"""Several runs beside each other: bars for their totals, their figures, and the verdict in words."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import NamedTuple

from textual.content import Content

from threadviz.analysis import Verdict, answer, same_work, verdict
from threadviz.analysis.comparison import BASELINE
from threadviz.presentation.cells import Beyond
from threadviz.presentation.styles import STATE_STYLES
from threadviz.presentation.summary import NOTHING, times
from threadviz.text import brief_seconds, printable
from threadviz.timeline import Totals
from threadviz.tui.render.styles import variable
from threadviz.tui.view import View
from threadviz.tui.view.rows import ViewedRun
from threadviz.tui.view.viewport import SPANS_NS
from threadviz.tui.widgets.panel import (
    ALARM,
    FAINT,
    STRONG,
    Alternatives,
    ScrollPanel,
    bar,
    join_to_width,
    moment_key,
    pad_to,
    wrap,
)
from threadviz.tui.widgets.run_text import header_of, loop_is_slow, run_labels, shows_end

# Several runs as of the scene's present, and how they did, each measured by the first: the facts of a comparison.


class ComparedRun(NamedTuple):
    """One run. `over` is whether it was at its end by then; `speedup` is against the baseline, where that is known."""

    run: ViewedRun
    label: str
    totals: Totals
    over: bool
    speedup: float | None


class Compared:
    """What `figures` and `verdicts` say is kept as long as the same runs are over: to work it out takes a while."""

    def __init__(self, view: View) -> None:
        self.view = view
        self._judged: tuple[tuple[ViewedRun, ...], tuple[str, ...]] | None = None
        self._verdicts: list[Verdict] = []
        self.answer = ""
        """Which mode pays, of those that are over; nothing where that can't be told."""

    def figures(self, not_run: Sequence[str]) -> list[ComparedRun]:
        """The runs of which anything came, in their order."""
        view = self.view
        runs = [run for run in view.runs if header_of(run.timeline)]
        over = [shows_end(view, run) for run in runs]
        self._judge([run for run, ended in zip(runs, over, strict=True) if ended], not_run)
        speedups = {each.mode: each.speedup for each in self._verdicts}
        return [
            ComparedRun(run, label, run.timeline.totals(view.until(run)), ended, speedups.get(label))
            for run, label, ended in zip(runs, run_labels(runs), over, strict=True)
        ]

    @property
    def verdicts(self) -> Sequence[Verdict]:
        """How those did that are over; none where they did not do the same work."""
        return self._verdicts

    @property
    def baseline(self) -> str:
        """The label of the run that the others are measured by."""
        names = run_labels([run for run in self.view.runs if header_of(run.timeline)])
        return BASELINE if BASELINE in names or not names else names[0]

    def _judge(self, over: Sequence[ViewedRun], not_run: Sequence[str]) -> None:
        if self._judged == (tuple(over), tuple(not_run)):
            return
        self._judged = (tuple(over), tuple(not_run))
        names = dict(zip(self.view.runs, run_labels(self.view.runs), strict=True))
        timelines = {names[run]: run.timeline for run in over}
        if self.baseline in timelines and same_work(timelines.values()):
            self._verdicts = verdict(timelines, not_run)
        else:
            self._verdicts = []
        self.answer = answer(timelines, self._verdicts)


def scale(figures: Sequence[ComparedRun]) -> int:
    """What a whole bar stands for (ns): the longest run that is over, or room to grow for one that goes on."""
    longest = max((each.totals.total_ns for each in figures if each.over), default=0)
    growing = max((each.totals.total_ns for each in figures if not each.over), default=0)
    if growing <= longest:
        return longest
    return next((span for span in SPANS_NS if growing <= span), growing)


Modes = Callable[[], Sequence[str]]

_WIDE = 110
"""From this width on, the figures stand beside the bars; else below them."""

_GAP = 2
_TOTAL = 10
_SPEEDUP = 7
"""So wide are a total and a factor, with the gap before them."""

_BLOCKED = f"${variable(Beyond.BLOCKED)}"
_BAR = "$primary"
_LATER = f"italic {FAINT}"


class ComparisonPanel(ScrollPanel):
    """For each run a bar, all on one scale, its figures, and when all are over, how they did, in words.

    `pending` says which modes are still to run, `not_run` which ones did not get their turn.
    """

    def __init__(
        self,
        view: View,
        *,
        pending: Modes,
        not_run: Modes,
        plain: bool = False,
    ) -> None:
        super().__init__(view, plain=plain)
        self._pending = pending
        self._not_run = not_run
        self._compared = Compared(view)

    def key(self) -> tuple[Hashable, ...]:
        """What the lines depend on."""
        height = self.scrollable_content_region.height
        return (*moment_key(self.view), height, tuple(self._pending()), tuple(self._not_run()))

    def lines(self, width: int) -> list[Content]:
        """Bars of two lines where there is room, else of one; where that is still too much, the verdict comes first."""
        figures = self._compared.figures(self._not_run())
        if not figures and not self._pending() and not self._not_run():
            return wrap(Content("Nothing runs yet that could be compared."), width)
        legend, said = self._legend(width), [*self._said(figures, width)]
        roomy, close = ([*self._bars(figures, width, thick), *legend, Content(), *said] for thick in (2, 1))
        height = self.scrollable_content_region.height
        if len(roomy) <= height:
            return roomy
        if len(close) <= height or width >= _WIDE:
            return close
        apart = [line for each in figures for line in (Content(each.label), self._below(each, _GAP, width))]
        return [*self._bars(figures, width, 1, apart=True), *legend, *said, *apart]

    def _bars(
        self, figures: Sequence[ComparedRun], width: int, thick: int, apart: bool = False
    ) -> Iterator[Content]:
        """Yield all runs, and the modes that have not run; what would stand below a bar is left out where `apart`."""
        later = [
            *(
                (printable(mode), "comes then" if number else "comes next")
                for number, mode in enumerate(self._pending())
            ),
            *((printable(mode), "did not run") for mode in self._not_run()),
        ]
        label = max(map(len, [*(each.label for each in figures), *(mode for mode, _ in later)])) + _GAP
        if width >= _WIDE:
            yield from self._headings(width)
        whole = scale(figures)
        for each in figures:
            yield from self._run(each, whole, label, width, thick)
            if width < _WIDE and not apart:
                yield self._below(each, label, width)
            if thick > 1:
                yield Content()
        for mode, words in later:
            yield Content.assemble((mode.ljust(label), FAINT), (words, _LATER))

    def _run(self, each: ComparedRun, whole: int, label: int, width: int, thick: int) -> Iterator[Content]:
        """Yield a run's bar, and beside it what there is room for of its figures."""
        columns = [
            Content.styled(figure.rjust(max(map(len, names))), style)
            for names, (figure, style) in zip(self._names(), self._told(each), strict=True)
        ]
        columns = columns if width >= _WIDE else []
        room = _TOTAL if columns else _TOTAL + _SPEEDUP
        cells = max(1, width - label - room - sum(_GAP + column.cell_length for column in columns))
        drawn = self._bar(each, whole, cells)
        total = Content.styled(f" {brief_seconds(each.totals.total_ns)}", STRONG)
        if not columns and each.speedup is not None:
            total = total.append(f"  {times(each.speedup)}")
        line = pad_to(Content.assemble((each.label.ljust(label), STRONG), drawn, total), label + cells + room)
        yield Content(" " * _GAP).join([line, *columns])
        yield from [Content(" " * label).append(drawn)] * (thick - 1)

    def _below(self, each: ComparedRun, label: int, width: int) -> Content:
        """A run's other figures, where they do not stand beside its bar."""
        return join_to_width([[Content(" " * label)], *self._words(each)], width, "")

    def _bar(self, each: ComparedRun, whole: int, cells: int) -> Content:
        """The total, and of it, for how long the event loop could not answer."""
        totals = each.totals
        if not whole or not totals.total_ns:
            return Content()
        drawn = bar(totals.total_ns / whole, cells, self.plain)
        blocked = round(len(drawn) * totals.loop_blocked_ns / totals.total_ns)
        return Content.assemble((self._blocked_glyph * blocked, _BLOCKED), (drawn[blocked:], _BAR))

    def _told(self, each: ComparedRun) -> Iterator[tuple[str, str]]:
        """Yield the figures that stand beside the bar, each with its style."""
        totals = each.totals
        slow = loop_is_slow(each.run.timeline, self.view.until(each.run))
        yield times(each.speedup), STRONG
        yield brief_seconds(totals.sum_ns), ""
        yield NOTHING if totals.parallelism is None else f"{totals.parallelism:.2f}", ""
        yield brief_seconds(totals.loop_blocked_ns), ALARM if slow else ""

    def _names(self) -> tuple[tuple[str, str], ...]:
        """What these are called, in two lines each."""
        return (
            ("against", self._compared.baseline),
            ("sum of", "the tasks"),
            ("", "parallelism"),
            ("loop could", "not answer"),
        )

    def _headings(self, width: int) -> Iterator[Content]:
        for line in (0, 1):
            words = [names[line].rjust(max(map(len, names))) for names in self._names()]
            yield Content.styled((" " * _GAP).join(words).rjust(width), FAINT)

    def _words(self, each: ComparedRun) -> Iterator[Alternatives]:
        """Yield the figures as they stand below the bar, where the factor is beside it."""
        shorter = {"sum of the tasks": "sum", "loop could not answer": "loop blocked"}
        for names, (figure, style) in zip(self._names()[1:], [*self._told(each)][1:], strict=True):
            name = " ".join(names).strip()
            yield [
                Content.assemble((f"{words} ", FAINT), (figure, style), " " * _GAP)
                for words in dict.fromkeys((name, shorter.get(name, name)))
            ]

    @property
    def _blocked_glyph(self) -> str:
        look = STATE_STYLES[Beyond.BLOCKED]
        return look.plain if self.plain else look.block

    def _legend(self, width: int) -> list[Content]:
        """Say what the bars mean, in a line where it fits into one."""
        total = Content.assemble((bar(1, 1, self.plain), _BAR), (" total", FAINT))
        blocked: Alternatives = [
            Content.assemble((self._blocked_glyph, _BLOCKED), (f" of it, the {loop} could not answer", FAINT))
            for loop in ("event loop", "loop")
        ]
        parts: list[Alternatives] = [[total], blocked]
        if width < _WIDE:
            parts.append([Content.styled(f"2.00x: half as long as {self._compared.baseline}", FAINT)])
        return wrap(join_to_width(parts, width, " " * _GAP), width)

    def _said(self, figures: Sequence[ComparedRun], width: int) -> Iterator[Content]:
        """Yield how each did, when all are over; until then, which is at work."""
        if self._pending() or not all(each.over for each in figures):
            at_work = [each.label for each in figures if not each.over]
            text = f"{', '.join(at_work)} at work" if at_work else "The next is about to start"
            yield from wrap(
                Content.styled(f"{text}; the verdict follows when all are over.", "italic"), width
            )
        elif not same_work(each.run.timeline for each in figures):
            text = "These runs did not do the same work, so that none is measured by another."
            yield from wrap(Content(text), width)
        else:
            if self._compared.answer:
                yield from wrap(Content.styled(self._compared.answer, STRONG), width)
            for told in self._compared.verdicts:
                mode, _, text = printable(told.text).partition(":")
                mark = Content.styled("* " if self.plain else "● ", "bold $text-primary")
                yield from wrap(Content.assemble((mode, STRONG), f":{text}"), width, "  ", mark)
