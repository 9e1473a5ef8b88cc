"""The lines that a mode runs, as they stand in the source."""

import inspect
from collections.abc import Callable, Hashable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from textual.content import Content
from textual.highlight import HighlightTheme, highlight

import threadviz
from threadviz.modes import MODES
from threadviz.protocol.events import Header
from threadviz.text import printable
from threadviz.tui.widgets.panel import FAINT, STRONG, ScrollPanel, side_by_side, wrap
from threadviz.tui.widgets.run_text import header_of
from threadviz.workloads import WORKLOADS

_COLUMN = 60
"""Where each has so much room, the modes of several runs stand beside each other."""

_GAP = 3

_COMMENT = f"italic {FAINT}"


class CodePanel(ScrollPanel):
    """The function of each mode that is looked at, and the one that it calls, both read from their files."""

    def key(self) -> tuple[Hashable, ...]:
        """What the lines depend on."""
        return tuple((header.workload, header.mode) for header in self._headers())

    def lines(self, width: int) -> list[Content]:
        """The modes' sources, below each other or side by side, and then that of what they call."""
        headers = self._headers()
        if not headers:
            return wrap(Content("Nothing runs yet, and so there is no code to show."), width)
        modes = list(dict.fromkeys(header.mode for header in headers))
        room = (width - _GAP * (len(modes) - 1)) // len(modes)
        if room >= _COLUMN:
            lines = side_by_side([[*_mode(mode, room)] for mode in modes], [room] * len(modes), _GAP)
        else:
            lines = [line for mode in modes for line in (*_mode(mode, width), Content())][:-1]
        for workload in dict.fromkeys(header.workload for header in headers):
            lines += [Content(), *_workload(workload, width)]
        return lines

    def _headers(self) -> Sequence[Header]:
        headers = (header_of(run.timeline) for run in self.view.runs)
        return [header for header in headers if header is not None]


def _mode(name: str, width: int) -> Iterator[Content]:
    mode = MODES.get(name)
    if mode is None:
        text = f"The mode {printable(name)} is none of threadviz's own: its code is not known here."
        yield from wrap(Content(text), width)
        return
    yield Content.styled(f"# {mode.name}: {mode.about}", STRONG)
    yield from _source(mode.run, width)


def _workload(name: str, width: int) -> Iterator[Content]:
    function = _called(name)
    if function is None:
        text = f"The workload {printable(name)} is none of threadviz's own: its code is not known here."
        yield from wrap(Content(text), width)
        return
    yield Content.styled(f"# {name}: each call is one of {function.__name__}()", STRONG)
    yield from _source(function, width)


def _source(function: Callable[..., Any], width: int) -> Iterator[Content]:
    """Yield a function as its file has it, after where that is."""
    for place, text in _read(function):
        yield from wrap(Content.styled(f"# {place}", _COMMENT), width)
        for line in highlighted(text).split("\n"):
            indent = len(line.plain) - len(line.plain.lstrip()) + 4
            first, *more = line.wrap(width) or [Content()]
            yield first
            for rest in more:
                yield from wrap(rest, width, " " * indent)


@cache
def _read(function: Callable[..., Any]) -> list[tuple[str, str]]:
    try:
        lines, number = inspect.getsourcelines(function)
        path = Path(inspect.getfile(function)).relative_to(Path(threadviz.__file__).parent.parent)
    except (OSError, ValueError):
        return [("its source can't be read here", "")]
    return [(f"{path.as_posix()}, line {number}", "".join(lines).rstrip())]


@cache
def _called(name: str) -> Callable[..., Any] | None:
    """The function that a workload calls; to ask imports what it needs."""
    workload = WORKLOADS.get(name)
    if workload is None:
        return None
    return workload.make_calls(1, [("any", "http://127.0.0.1/")], 1.0, online=False)[0].function


# Python code in colours. Pygments is imported with it: who needs no code need not wait for that.


class _Colours(HighlightTheme):
    """Textual's, with nothing red: that is for errors."""

    STYLES = {  # noqa: RUF012 - as Textual has it
        token: style.replace("$text-error", "$text-accent") for token, style in HighlightTheme.STYLES.items()
    }


def highlighted(code: str) -> Content:
    """Return `code` with a style for each kind of token."""
    return highlight(code, language="python", theme=_Colours)
