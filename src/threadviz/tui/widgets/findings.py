"""The findings about each run that is over; before that, the figures they are based on."""

from collections.abc import Hashable, Iterator, Sequence

from textual.content import Content

from threadviz.analysis import Finding, Sentiment, comparison, findings, sentiment_of
from threadviz.presentation.summary import observer_rows, probe_limits, totals_rows, what_ran
from threadviz.text import printable
from threadviz.tui.view.rows import ViewedRun
from threadviz.tui.widgets.panel import ScrollPanel, moment_key
from threadviz.tui.widgets.run_text import figure_style, run_labels, shows_end, shows_observer
from threadviz.tui.widgets.text_lines import FAINT, STRONG, pad_to, traceback_lines, wrap

_MARKS = {
    Sentiment.GOOD: ("✓", "+", "bold $text-success"),
    Sentiment.BAD: ("!", "!", "bold $text-warning"),
    Sentiment.NEUTRAL: ("•", "*", "$text-muted"),
}
"""The mark of a finding, in Unicode and in ASCII, and its style."""

_INDENT = 4


class FindingsPanel(ScrollPanel):
    """The findings of each run; if the playhead is before the run's end, its figures with what they mean."""

    def key(self) -> tuple[Hashable, ...]:
        return (*moment_key(self.view, phase=0.6), *(run.over for run in self.view.runs))

    def lines(self, width: int) -> list[Content]:
        runs = self.view.runs
        if not runs:
            return wrap(Content("Nothing was seen yet of a run."), width)
        lines: list[Content] = []
        for run in runs:
            if self.view.comparing:
                lines.append(Content.styled(what_ran(run.timeline), STRONG))
            lines += self._findings(run, width) if shows_end(self.view, run) else self._figures(run, width)
            lines.append(Content())
        if self.view.comparing and all(shows_end(self.view, run) for run in runs):
            lines += self._comparison(runs, width)
        return lines[:-1]

    def _findings(self, run: ViewedRun, width: int) -> Iterator[Content]:
        for finding in findings(run.timeline):
            yield from self._finding(finding, width)
        if run.timeline.closed is not None:
            yield from traceback_lines(run.timeline.closed.traceback, width, self.ascii_only)

    def _comparison(self, runs: Sequence[ViewedRun], width: int) -> Iterator[Content]:
        timelines = {label: run.timeline for run, label in run_labels(runs).items()}
        compared = [finding for found in comparison(timelines).values() for finding in found]
        if compared:
            yield Content.styled("Compared", STRONG)
        for finding in compared:
            yield from self._finding(finding, width)
        yield Content()

    def _finding(self, finding: Finding, width: int) -> list[Content]:
        glyph, ascii_glyph, style = _MARKS[sentiment_of(finding)]
        mark = Content.styled(f" {ascii_glyph if self.ascii_only else glyph}".ljust(_INDENT), style)
        claim = Content.styled(finding.id.replace("_", " "), STRONG)
        return wrap(claim.append(f": {printable(finding.text)}"), width, " " * _INDENT, mark)

    def _figures(self, run: ViewedRun, width: int) -> Iterator[Content]:
        until = self.view.until(run)
        rows = totals_rows(run.timeline, until)
        if shows_observer(self.view):
            rows += observer_rows(run.timeline)
        name, figure = (max(len(row[column]) for row in rows) for column in (0, 1))
        for row in rows:
            style = figure_style(row, run.timeline, until)
            first = Content.assemble(
                pad_to(Content(row.name), name), "  ", (row.figure.rjust(figure), style), "  "
            )
            about = wrap(Content.styled(row.about, FAINT), width, " " * first.cell_length, first)
            yield from about or [first]
        if unseen := probe_limits(run.timeline.header):
            yield from wrap(Content.styled(unseen, FAINT), width)
        when = "the playhead is at its end" if run.over else "the run ends"
        yield from wrap(Content.styled(f"The findings follow when {when}.", "italic"), width)
