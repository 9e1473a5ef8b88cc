"""The traceback of somebody's own code, as text."""

import sys
import traceback
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import CodeType, TracebackType

FRAMES = 20
"""So many frames are told, the last ones: those nearest to where it was raised."""

_MAX_LINE = 300
_MAX_KNOWN = 100

Place = tuple[tuple[str, CodeType, int], ...]

_known: dict[Place, list[str]] = {}
"""The frames of where errors were raised before, as they are told: to read files again for each would take long."""

_IMPORTING = ("importlib", "importlib._bootstrap", "importlib._bootstrap_external", "runpy")


def own_traceback(error: BaseException, passed_over: Sequence[str]) -> list[str]:
    """Return the traceback of `error` in lines, with its last frames.

    What leads there through modules of the names `passed_over`, or through those that import, is left out; where
    nothing else is there, nothing is returned. Paths are told as they are from a folder of `sys.path` on.
    """
    first = _from_own(error.__traceback__, (*passed_over, *_IMPORTING))
    if first is None and not isinstance(error, SyntaxError):
        return []
    if not _alone(error):
        return _lines(_told(error, first).format())
    place = _place(first)
    frames = _known.get(place)
    if frames is None:
        if len(_known) >= _MAX_KNOWN:
            _known.clear()
        frames = _known[place] = _lines(_told(error, first).stack.format())
    last = traceback.TracebackException(type(error), error, None, compact=True)
    return ["Traceback (most recent call last):", *frames, *_lines(last.format_exception_only())]


def last_lines(lines: Sequence[str], most: int) -> str:
    """Return the last of these lines, as many as come to `most` characters, and a word where there were more."""
    taken, room = 0, most
    for line in reversed(lines):
        room -= len(line) + 1
        if room < 0:
            break
        taken += 1
    left = len(lines) - taken
    more = [f"  ({left} more lines)"] if left and taken else []
    return "\n".join([*more, *lines[left:]])


def _alone(error: BaseException) -> bool:
    """Whether there is no more to tell than where it was raised, and what it says."""
    more = error.__cause__ is not None or error.__context__ is not None
    return not more and not isinstance(error, SyntaxError | BaseExceptionGroup)


def _told(error: BaseException, first: TracebackType | None) -> traceback.TracebackException:
    told = traceback.TracebackException(type(error), error, first, limit=-FRAMES, compact=True)
    roots = [f"{root.rstrip('/')}/" for root in map(str, sys.path) if root]
    for each in _chain(told):
        _shorten(each, roots)
    return told


def _lines(parts: Iterable[str]) -> list[str]:
    return [line[:_MAX_LINE] for part in parts for line in part.rstrip("\n").split("\n")]


def _place(frames: TracebackType | None) -> Place:
    """Where an error was raised, and by which way."""
    place = []
    while frames is not None:
        code = frames.tb_frame.f_code
        place.append((code.co_filename, code, frames.tb_lasti))  # equal code may stand in several files
        frames = frames.tb_next
    return tuple(place)


def _from_own(frames: TracebackType | None, passed_over: Sequence[str]) -> TracebackType | None:
    while frames is not None and frames.tb_frame.f_globals.get("__name__") in passed_over:
        frames = frames.tb_next
    return frames


def _chain(told: traceback.TracebackException) -> Iterator[traceback.TracebackException]:
    """Yield what is told, and all that led to it, or is in it."""
    waiting = [told]
    while waiting:
        each = waiting.pop()
        yield each
        waiting += filter(None, (each.__cause__, each.__context__, *(each.exceptions or ())))


def _shorten(told: traceback.TracebackException, roots: Sequence[str]) -> None:
    """Take the folders of this machine, with the names of its users, out of the paths."""
    for frame in told.stack:
        frame.line  # noqa: B018 - read now, by its whole path
        frame.filename = _short(frame.filename, roots)
    if isinstance(getattr(told, "filename", None), str):
        told.filename = _short(told.filename, roots)


def _short(filename: str, roots: Sequence[str]) -> str:
    inside = [root for root in roots if filename.startswith(root)]
    return filename.removeprefix(max(inside, key=len)) if inside else Path(filename).name
