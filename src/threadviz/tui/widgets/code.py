"""The source code of the modes that run, and of the functions that they call."""

import inspect
from collections.abc import Callable, Hashable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from textual.content import Content
from textual.highlight import HighlightTheme, highlight

import threadviz
from threadviz.modes import MODES
from threadviz.protocol.events import Header
from threadviz.text import printable
from threadviz.tui.widgets.panel import ScrollPanel
from threadviz.tui.widgets.text_lines import FAINT, STRONG, side_by_side, wrap
from threadviz.workloads import WORKLOADS

_MIN_COLUMN = 60
"""If each has this much room, the modes of several runs stand side by side."""

_GAP = 3


class CodePanel(ScrollPanel):
    """The function of each mode in the view, and the function of its workload, read from their files."""

    def key(self) -> tuple[Hashable, ...]:
        return tuple((header.workload, header.mode) for header in self._headers())

    def lines(self, width: int) -> list[Content]:
        headers = self._headers()
        if not headers:
            return wrap(Content("Nothing runs yet, and so there is no code to show."), width)
        modes = list(dict.fromkeys(header.mode for header in headers))
        room = (width - _GAP * (len(modes) - 1)) // len(modes)
        if room >= _MIN_COLUMN:
            lines = side_by_side([[*_mode(mode, room)] for mode in modes], [room] * len(modes), _GAP)
        else:
            lines = [line for mode in modes for line in (*_mode(mode, width), Content())][:-1]
        for workload in dict.fromkeys(header.workload for header in headers):
            lines += [Content(), *_workload(workload, width)]
        return lines

    def _headers(self) -> list[Header]:
        return [run.timeline.header for run in self.view.runs]


def _mode(name: str, width: int) -> Iterator[Content]:
    mode = MODES.get(name)
    title = f"{name}: {mode.about}" if mode else ""
    return _source("mode", name, title, mode.run if mode else None, width)


def _workload(name: str, width: int) -> Iterator[Content]:
    function = _called_function(name)
    title = f"{name}: each call is one of {function.__name__}()" if function else ""
    return _source("workload", name, title, function, width)


def _source(
    kind: str, name: str, title: str, function: Callable[..., Any] | None, width: int
) -> Iterator[Content]:
    """Yield the source of a function below its title and location."""
    if function is None:
        text = f"The {kind} {printable(name)} is none of threadviz's own: its code is not known here."
        yield from wrap(Content(text), width)
        return
    yield Content.styled(f"# {title}", STRONG)
    location, source = _read_source(function)
    yield from wrap(Content.styled(f"# {location}", f"italic {FAINT}"), width)
    for line in highlighted(source).split("\n"):
        indent = len(line.plain) - len(line.plain.lstrip()) + 4
        first, *more = line.wrap(width) or [Content()]
        yield first
        for rest in more:
            yield from wrap(rest, width, " " * indent)


@cache
def _read_source(function: Callable[..., Any]) -> tuple[str, str]:
    """Return the location and the text of a function."""
    try:
        lines, number = inspect.getsourcelines(function)
        path = Path(inspect.getfile(function)).relative_to(Path(threadviz.__file__).parent.parent)
    except (OSError, ValueError):
        return "its source can't be read here", ""
    return f"{path.as_posix()}, line {number}", "".join(lines).rstrip()


@cache
def _called_function(name: str) -> Callable[..., Any] | None:
    """Return the function that a workload calls. This imports what the workload needs."""
    workload = WORKLOADS.get(name)
    if workload is None:
        return None
    return workload.make_calls(1, [("any", "http://127.0.0.1/")], 1.0, online=False)[0].function


class _CodeTheme(HighlightTheme):
    """Textual's theme without red, which is for errors."""

    STYLES = {  # noqa: RUF012 - as Textual has it
        token: style.replace("$text-error", "$text-accent") for token, style in HighlightTheme.STYLES.items()
    }


def highlighted(code: str) -> Content:
    """Return Python code with a style for each kind of token."""
    return highlight(code, language="python", theme=_CodeTheme)
