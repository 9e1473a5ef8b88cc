"""Exports: one run, written down for other programs.

`trace` is for Perfetto and speedscope, `tables` for spreadsheets and data frames, `page` for a browser. Each
takes a timeline and yields text, a piece at a time, so that a long run takes no more memory than a short one; none of
them opens a file. The command enters here; exports look at what every view draws with, and at the findings.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from threadviz.exports.chrome_trace import trace
from threadviz.exports.csv_tables import stretch_table, task_table
from threadviz.exports.html_page import page
from threadviz.timeline import Timeline

__all__ = ["FORMATS", "Format"]

Write = Callable[[Timeline, str], Iterator[str]]
"""Yields the text of a file; the second argument is a sentence on what was dropped of the recording, or nothing."""


@dataclass(frozen=True, slots=True)
class Format:
    """One way to write a run down: `suffix` ends the file's name, `hint` says what to do with it.

    `files` are what it takes, by what is added to the name before its suffix: to the first one's nothing.
    """

    suffix: str
    hint: str
    files: Mapping[str, Write]


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        "trace": Format(".trace.json", "open it in ui.perfetto.dev or speedscope.app", {"": trace}),
        "csv": Format(
            ".csv", "a row for each stretch, and for each task", {"": stretch_table, "-tasks": task_table}
        ),
        "html": Format(".html", "open it in a browser", {"": page}),
    }
)
"""By name."""
