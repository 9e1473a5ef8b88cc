"""Exports: one run in a format of other programs.

`chrome_trace` is for Perfetto and speedscope, `csv_tables` for spreadsheets and data frames, `html_page` for a browser.
Each takes a timeline and yields text piece by piece, so that a long run takes no more memory than a short one. None
opens a file.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from threadviz.exports.chrome_trace import trace
from threadviz.exports.csv_tables import segment_table, task_table
from threadviz.exports.html_page import page
from threadviz.timeline import Timeline

__all__ = ["FORMATS", "Format"]

Write = Callable[[Timeline, str], Iterator[str]]
"""Yields the text of a file. The second argument is a sentence on what was dropped of the recording, or ''."""


@dataclass(frozen=True, slots=True)
class Format:
    """An export format. `suffix` ends the file's name, `hint` says what to do with it.

    `files` are the writers of its files, by what is inserted into the name before the suffix.
    """

    suffix: str
    hint: str
    files: Mapping[str, Write]


FORMATS: Mapping[str, Format] = {
    "trace": Format(".trace.json", "open it in ui.perfetto.dev or speedscope.app", {"": trace}),
    "csv": Format(
        ".csv", "a row for each segment, and for each task", {"": segment_table, "-tasks": task_table}
    ),
    "html": Format(".html", "open it in a browser", {"": page}),
}
"""By name."""
