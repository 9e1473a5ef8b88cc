"""How the lanes are arranged, where that is not as they appeared."""

from collections.abc import Hashable, Iterator, Sequence

from textual.content import Content

from threadviz.text import clipped, count, printable
from threadviz.tui.view import GroupKind, LaneSort
from threadviz.tui.widgets.panel import FAINT, STRONG, TextPanel, truncate

_WORDS = 40
"""Of what is sought, so many characters are said."""


class FilterStatus(TextPanel):
    """A line, where there is anything to say: what was sought and how much of it is there, and by what it is sorted."""

    DEFAULT_CSS = """
    FilterStatus {
        height: auto;
        padding: 0 1;
    }
    """

    def key(self) -> tuple[Hashable, ...]:
        """What the line depends on."""
        lanes = self.view.row_cache
        return lanes.options, lanes.hidden, self.view.rows

    def lines(self, width: int) -> Sequence[Content]:
        """The line, or none."""
        parts = list(self._parts())
        return [truncate(Content("; ").join(parts), width, self.plain)] if parts else []

    def _parts(self) -> Iterator[Content]:
        view, how = self.view, self.view.row_cache.options
        if how.words.strip():
            found = {row.lane for row in view.rows if row.lane is not None}
            found.update(lane for row in view.rows if row.head is not None for lane in row.head.lanes)
            number = len(found)
            yield Content.assemble(
                (count(number, "lane") if number else "no lane", STRONG if number else "bold $text-warning"),
                (f" of {number + view.row_cache.hidden} with ", FAINT),
                (printable(clipped(how.words.strip(), _WORDS)), STRONG),
                (": / changes that, escape gives it up", FAINT),
            )
        if how.sort is not LaneSort.APPEARED:
            yield Content.assemble(("sorted by ", FAINT), (how.sort.value, STRONG))
        idle = sum(
            len(row.head.lanes) for row in view.rows if row.head and row.head.key.kind is GroupKind.IDLE
        )
        if how.idle_folded:
            yield Content.assemble(
                (count(idle, "idle lane") if idle else "no idle lane", STRONG), (" put together", FAINT)
            )
