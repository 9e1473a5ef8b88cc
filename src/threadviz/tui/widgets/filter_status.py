"""The line that says how the lanes are filtered, sorted and grouped."""

from collections.abc import Hashable, Iterator, Sequence

from textual.content import Content

from threadviz.text import clipped, count, printable
from threadviz.tui.view.rows import GroupKind, LaneSort
from threadviz.tui.widgets.panel import TextPanel
from threadviz.tui.widgets.text_lines import FAINT, STRONG, truncate

_MAX_FILTER = 40
"""Of the filter, only this many characters are shown."""


class FilterStatus(TextPanel):
    """One line, or none if the lanes are in their default order."""

    def key(self) -> tuple[Hashable, ...]:
        lanes = self.view.row_cache
        return lanes.options, lanes.hidden, self.view.rows

    def lines(self, width: int) -> Sequence[Content]:
        parts = list(self._parts())
        return [truncate(Content("; ").join(parts), width, self.ascii_only)] if parts else []

    def _parts(self) -> Iterator[Content]:
        view, options = self.view, self.view.row_cache.options
        heads = [row.head for row in view.rows if row.head is not None]
        if options.words.strip():
            lanes = {row.lane for row in view.rows if row.lane is not None}
            number = len(lanes.union(*(head.lanes for head in heads)))
            yield Content.assemble(
                (count(number, "lane") if number else "no lane", STRONG if number else "bold $text-warning"),
                (f" of {number + view.row_cache.hidden} with ", FAINT),
                (printable(clipped(options.words.strip(), _MAX_FILTER)), STRONG),
                (": / changes the filter, escape clears it", FAINT),
            )
        if options.sort is not LaneSort.APPEARED:
            yield Content.assemble(("sorted by ", FAINT), (options.sort.value, STRONG))
        if options.idle_folded:
            idle = sum(len(head.lanes) for head in heads if head.key.kind is GroupKind.IDLE)
            yield Content.assemble(
                (count(idle, "idle lane") if idle else "no idle lane", STRONG), (" grouped", FAINT)
            )
