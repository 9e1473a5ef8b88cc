"""Compares several runs: a bar for the total of each, its figures, and the verdict in words."""

from collections.abc import Callable, Hashable, Iterator, Sequence
from typing import NamedTuple

from textual.content import Content

from threadviz.analysis import Verdict, answer, same_work, verdict
from threadviz.analysis.comparison import BASELINE, baseline_of
from threadviz.presentation.cells import ExtraMark
from threadviz.presentation.styles import STATE_STYLES
from threadviz.presentation.summary import NOTHING, speedup_text
from threadviz.text import brief_seconds, printable
from threadviz.timeline import Timeline, Totals
from threadviz.tui.view.rows import ViewedRun
from threadviz.tui.view.view import View
from threadviz.tui.view.viewport import SPANS_NS
from threadviz.tui.widgets.panel import ScrollPanel, moment_key
from threadviz.tui.widgets.run_text import loop_is_slow, run_labels, shows_end
from threadviz.tui.widgets.text_lines import (
    ALARM,
    FAINT,
    STRONG,
    Alternatives,
    bar,
    join_to_width,
    pad_to,
    state_style,
    wrap,
)

Modes = Callable[[], Sequence[str]]

_WIDE = 110
"""From this width on, the figures stand beside the bars, else below them."""

_GAP = 2
_TOTAL = 10
_SPEEDUP = 7

_BLOCKED = state_style(ExtraMark.BLOCKED)
_BAR = "$primary"
_SHORT_NAMES = {"sum of the tasks": "sum"}


class ComparedRun(NamedTuple):
    """One run as of the playhead. `speedup` is against the baseline, if known."""

    run: ViewedRun
    label: str
    totals: Totals
    over: bool
    speedup: float | None


class ComparisonPanel(ScrollPanel):
    """A bar for each run, all on one scale, with its figures; when all runs are over, the verdict in words.

    `pending` returns the modes that are still to run, `not_run` those that will not run.
    """

    def __init__(self, view: View, *, pending: Modes, not_run: Modes) -> None:
        super().__init__(view)
        self._pending = pending
        self._not_run = not_run
        # The verdicts take a while to compute, and are kept while the same runs are over.
        self._verdicts_key: tuple[dict[str, Timeline], list[str]] | None = None
        self._verdicts: list[Verdict] = []
        self._answer = ""
        self._baseline = BASELINE

    def key(self) -> tuple[Hashable, ...]:
        height = self.scrollable_content_region.height
        return (*moment_key(self.view), height, tuple(self._pending()), tuple(self._not_run()))

    def lines(self, width: int) -> list[Content]:
        """Return bars of two lines if there is room, else of one; without room for that, the verdict comes first."""
        runs = self._compare()
        if not runs and not self._pending() and not self._not_run():
            return wrap(Content("Nothing runs yet that could be compared."), width)
        legend, verdicts = self._legend(width), [*self._verdict_lines(runs, width)]
        height = self.scrollable_content_region.height
        for thick in (2, 1):
            lines = [*self._bars(runs, width, thick), *legend, Content(), *verdicts]
            if len(lines) <= height or (thick == 1 and width >= _WIDE):
                return lines
        figures = [
            line for run in runs for line in (Content(run.label), self._figures_below(run, _GAP, width))
        ]
        return [*self._bars(runs, width, 1, with_figures=False), *legend, *verdicts, *figures]

    def _compare(self) -> list[ComparedRun]:
        """Return the runs as of the playhead, and keep the verdicts on those that are over."""
        view, labels = self.view, run_labels(self.view.runs)
        over = {label: run.timeline for run, label in labels.items() if shows_end(view, run)}
        self._baseline = baseline_of(labels.values())
        key = over, list(self._not_run())
        if key != self._verdicts_key:
            self._verdicts_key = key
            comparable = self._baseline in over and same_work(over.values())
            self._verdicts = verdict(*key) if comparable else []
            self._answer = answer(over, self._verdicts)
        speedups = {each.mode: each.speedup for each in self._verdicts}
        return [
            ComparedRun(run, label, run.timeline.totals(view.until(run)), label in over, speedups.get(label))
            for run, label in labels.items()
        ]

    def _bars(
        self, runs: Sequence[ComparedRun], width: int, thick: int, with_figures: bool = True
    ) -> Iterator[Content]:
        """Yield the lines of all runs, and of the modes that have not run."""
        others = [
            (printable(mode), "comes then" if number else "comes next")
            for number, mode in enumerate(self._pending())
        ]
        others += [(printable(mode), "did not run") for mode in self._not_run()]
        label = max(map(len, [*(run.label for run in runs), *(mode for mode, _ in others)])) + _GAP
        if width >= _WIDE:
            for line in (0, 1):
                titles = [names[line].rjust(max(map(len, names))) for names in self._names()]
                yield Content.styled((" " * _GAP).join(titles).rjust(width), FAINT)
        whole = scale(runs)
        for run in runs:
            yield from self._run(run, whole, label, width, thick)
            if width < _WIDE and with_figures:
                yield self._figures_below(run, label, width)
            if thick > 1:
                yield Content()
        for mode, when in others:
            yield Content.assemble((mode.ljust(label), FAINT), (when, f"italic {FAINT}"))

    def _run(self, run: ComparedRun, whole: int, label: int, width: int, thick: int) -> Iterator[Content]:
        """Yield a run's bar, and beside it the figures that there is room for."""
        columns = [
            Content.styled(figure.rjust(max(map(len, names))), style)
            for names, (figure, style) in zip(self._names(), self._figures(run), strict=True)
            if width >= _WIDE
        ]
        room = _TOTAL if columns else _TOTAL + _SPEEDUP
        cells = max(1, width - label - room - sum(_GAP + column.cell_length for column in columns))
        drawn = self._bar(run.totals, whole, cells)
        total = Content.styled(f" {brief_seconds(run.totals.total_ns)}", STRONG)
        if not columns and run.speedup is not None:
            total = total.append(f"  {speedup_text(run.speedup)}")
        line = pad_to(Content.assemble((run.label.ljust(label), STRONG), drawn, total), label + cells + room)
        yield Content(" " * _GAP).join([line, *columns])
        yield from [Content(" " * label).append(drawn)] * (thick - 1)

    def _bar(self, totals: Totals, whole: int, cells: int) -> Content:
        """Return a bar for the total time, with the part in which the event loop was blocked."""
        if not whole or not totals.total_ns:
            return Content()
        drawn = bar(totals.total_ns / whole, cells, self.ascii_only)
        blocked = round(len(drawn) * totals.loop_blocked_ns / totals.total_ns)
        return Content.assemble((self._blocked_glyph * blocked, _BLOCKED), (drawn[blocked:], _BAR))

    def _figures(self, run: ComparedRun) -> list[tuple[str, str]]:
        """Return the figures that stand beside the bar, each with its style."""
        totals = run.totals
        slow = loop_is_slow(run.run.timeline, self.view.until(run.run))
        return [
            (speedup_text(run.speedup), STRONG),
            (brief_seconds(totals.sum_ns), ""),
            (NOTHING if totals.parallelism is None else f"{totals.parallelism:.2f}", ""),
            (brief_seconds(totals.loop_blocked_ns), ALARM if slow else ""),
        ]

    def _names(self) -> list[tuple[str, str]]:
        """Return the names of the figures, each in two lines."""
        return [
            ("against", self._baseline),
            ("sum of", "the tasks"),
            ("cores", "used"),
            ("loop", "frozen"),
        ]

    def _figures_below(self, run: ComparedRun, label: int, width: int) -> Content:
        """Return the figures in a line below the bar; the speedup is beside it."""
        parts: list[Alternatives] = [[Content(" " * label)]]
        for names, (figure, style) in zip(self._names()[1:], self._figures(run)[1:], strict=True):
            name = " ".join(names).strip()
            parts.append(
                [
                    Content.assemble((f"{text} ", FAINT), (figure, style), " " * _GAP)
                    for text in (name, _SHORT_NAMES.get(name, name))
                ]
            )
        return join_to_width(parts, width, "")

    @property
    def _blocked_glyph(self) -> str:
        style = STATE_STYLES[ExtraMark.BLOCKED]
        return style.ascii if self.ascii_only else style.glyph

    def _legend(self, width: int) -> list[Content]:
        total = Content.assemble((bar(1, 1, self.ascii_only), _BAR), (" total", FAINT))
        blocked = [
            Content.assemble((self._blocked_glyph, _BLOCKED), (f" of it, the {loop} could not answer", FAINT))
            for loop in ("event loop", "loop")
        ]
        parts: list[Alternatives] = [[total], blocked]
        if width < _WIDE:
            parts.append([Content.styled(f"2.00x: half as long as {self._baseline}", FAINT)])
        return wrap(join_to_width(parts, width, " " * _GAP), width)

    def _verdict_lines(self, runs: Sequence[ComparedRun], width: int) -> Iterator[Content]:
        """Yield the verdicts when all runs are over; until then, which run is in progress."""
        if self._pending() or not all(run.over for run in runs):
            running = ", ".join(run.label for run in runs if not run.over)
            text = f"{running} at work" if running else "The next is about to start"
            text += "; the verdict follows when all are over."
            yield from wrap(Content.styled(text, "italic"), width)
        elif not same_work(run.run.timeline for run in runs):
            text = "These runs did not do the same work, so that none is measured by another."
            yield from wrap(Content(text), width)
        else:
            if self._answer:
                yield from wrap(Content.styled(self._answer, STRONG), width)
            for each in self._verdicts:
                mode, _, text = printable(each.text).partition(":")
                mark = Content.styled("* " if self.ascii_only else "● ", "bold $text-primary")
                yield from wrap(Content.assemble((mode, STRONG), f":{text}"), width, "  ", mark)


def scale(runs: Sequence[ComparedRun]) -> int:
    """Return the time (ns) of a full bar: the longest run that is over, or room for a longer one to grow."""
    longest = max((run.totals.total_ns for run in runs if run.over), default=0)
    growing = max((run.totals.total_ns for run in runs if not run.over), default=0)
    if growing <= longest:
        return longest
    return next((span for span in SPANS_NS if growing <= span), growing)
