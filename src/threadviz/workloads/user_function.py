"""A function of somebody's own as a workload: found, imported and checked before it is called."""

import importlib
import inspect
import json
import pickle
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from time import monotonic_ns, thread_time_ns
from types import CodeType, TracebackType
from typing import Any

from threadviz.workloads.base import Call, WorkloadError, sentence

# The traceback of somebody's own code, as text.

FRAMES = 20
"""So many frames are told, the last ones: those nearest to where it was raised."""

_MAX_LINE = 300
_NOTE_BYTES = 40
_MAX_KNOWN = 100

Place = tuple[tuple[str, CodeType, int], ...]

_known: dict[Place, list[str]] = {}
"""The frames of where errors were raised before, as they are told: to read files again for each would take long."""

_IMPORTING = ("importlib", "importlib._bootstrap", "importlib._bootstrap_external", "runpy")


def user_traceback(error: BaseException, passed_over: Sequence[str]) -> list[str]:
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


def last_lines(lines: Sequence[str], room: int) -> str:
    """Return the last of these lines, as many as fit into `room` bytes of JSON, and how many are left out."""
    sizes = [len(json.dumps(line, ensure_ascii=False).encode(errors="replace")) for line in lines]
    if sum(sizes) <= room:
        return "\n".join(lines)
    room -= _NOTE_BYTES
    kept = len(lines)
    while kept and sizes[kept - 1] <= room:
        kept -= 1
        room -= sizes[kept]
    return "\n".join([f"  ({kept} more lines)", *lines[kept:]]) if kept < len(lines) else ""


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


_SENTENCE = 1000
_NOT_BLOCKING = "threadviz calls functions that block"


class UserFunctionError(Exception):
    """The function can't be called. The text is a sentence without its full stop.

    `traceback` is that of the user's own code, in lines, where it is that which failed.
    """

    def __init__(self, sentence: str, traceback: Sequence[str] = ()) -> None:
        super().__init__(sentence)
        self.traceback = traceback


def user_calls(
    function: str,
    folder: str,
    items: Iterable[tuple[str, Sequence[Any], Mapping[str, Any]]],
    *,
    pickled: bool,
) -> list[Call]:
    """Return a call of the function 'package.module:name' for each of `items`: a name, arguments, and keywords.

    It is looked for in `folder` first. Raises OwnError where it can't be found, imported or called with them, or can't
    be `pickled`, where it is to be.
    """
    sys.path.insert(0, folder)  # as `python -m` has it
    found = _find(function)
    _check_kind(function, found)
    calling = _Calling(found)
    calls = [Call(name, calling, tuple(args), keywords, own=True) for name, args, keywords in items]
    _check_arguments(function, found, calls)
    if pickled:
        _check_pickled(function, calling)
    return calls


@dataclass(frozen=True, slots=True)
class _Calling:
    """Calls a function, and tells where it is none that blocks. Picklable as far as the function is."""

    function: Callable[..., Any]

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        result = self.function(*args, **keywords)
        if inspect.iscoroutine(result):
            result.close()
            raise WorkloadError(f"it returned a coroutine, which runs where it is awaited: {_NOT_BLOCKING}")
        return result


def _find(function: str) -> Any:
    module, _, path = function.partition(":")
    found: Any = _import(module)
    where = module
    for name in path.split("."):
        try:
            inner = getattr(found, name)
        except AttributeError as error:
            raise UserFunctionError(f"there is no {name!r} in {where!r}{_hint(name, found)}") from error
        except BaseException as error:
            raise _failed(f"looking for {name!r} in {where!r}", error) from error
        where = f"{module}:{name}" if where == module else f"{where}.{name}"
        found = inner
    return found


def _import(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as error:
        missing = error.name or ""
        if f"{name}.".startswith(f"{missing}."):
            raise UserFunctionError(
                f"there is no module {missing!r} in the current folder, nor in the environment that threadviz is"
                " installed in: that has to be the one of your code"
            ) from error
        failed = _failed(f"importing {name!r}", error)
        more = f"{failed}: threadviz has to be installed in the environment of your code"
        raise UserFunctionError(more, failed.traceback) from error
    except BaseException as error:
        raise _failed(f"importing {name!r}", error) from error


def _failed(what: str, error: BaseException) -> UserFunctionError:
    lines = user_traceback(error, (__name__,))
    return UserFunctionError(f"{what} failed: {sentence(error)[:_SENTENCE]}", lines)


def _hint(name: str, found: Any) -> str:
    near = get_close_matches(name, vars(found) if hasattr(found, "__dict__") else (), 1)
    return f", but a {near[0]!r}" if near else ""


def _check_kind(function: str, found: Any) -> None:
    if not callable(found):
        raise UserFunctionError(f"{function!r} can't be called: it is of type {type(found).__name__!r}")
    makes = (
        ("a coroutine", inspect.iscoroutinefunction),
        ("a generator", inspect.isgeneratorfunction),
        ("an asynchronous generator", inspect.isasyncgenfunction),
    )
    for each in (found, getattr(type(found), "__call__", None)):  # noqa: B004 - what calls an object, if anything
        for what, is_one in makes:
            if is_one(each):
                raise UserFunctionError(f"{function!r} only makes {what} when it is called: {_NOT_BLOCKING}")


def _check_arguments(function: str, found: Any, calls: Iterable[Call]) -> None:
    """Try each way of calling it that there is among `calls` against its signature, where it says what that is."""
    try:
        signature = inspect.signature(found, follow_wrapped=False)
    except (TypeError, ValueError):
        return
    tried = set()
    for call in calls:
        way = (len(call.args), frozenset(call.keywords))
        if way not in tried:
            tried.add(way)
            try:
                signature.bind(*call.args, **call.keywords)
            except TypeError as error:
                given = f"with item {call.name!r}" if call.args or call.keywords else "without arguments"
                raise UserFunctionError(f"{function!r} can't be called {given}: {error}") from error


def _check_pickled(function: str, calling: _Calling) -> None:
    """Pickle it as a process pool does."""
    from multiprocessing.reduction import ForkingPickler

    try:
        pickle.loads(ForkingPickler.dumps(calling))
    except Exception as error:
        raise UserFunctionError(
            f"{function!r} can't be pickled, as it has to be for a process pool ({sentence(error)[:_SENTENCE]})"
        ) from error


# What a function of somebody's own has returned, in a few words that cost little, whatever it is.

MAX_TEXT = 200
"""So many characters of a text, or of what an object says of itself, are told."""

_ELEMENTS = 6
_DEPTH = 2
_MAX_BITS = 4000
_SLOW_NS = 2_000_000
_VERY_SLOW_NS = 1_000_000_000
"""So much CPU time, or time at all, is too much: the latter is long, for a thread may have to wait for the GIL."""

_silent: set[type] = set()
"""Types of which an object was slow to say what it is, or failed to: no other one is asked again."""


def short_repr(value: object) -> str:
    """Return about what `repr` returns, and much less of what is long. Nothing is raised, whatever `value` does.

    What it costs is bounded for what Python itself has; an object of another type is asked for its `repr`, and where
    that fails, or takes more than 2 ms of CPU time or a second, none of that type is asked again.
    """
    return _short_repr(value, _DEPTH)


def _short_repr(value: object, depth: int) -> str:
    kind = type(value)
    # Only of these types exactly: one that is derived from them may do anything.
    if kind in _BRACKETS:
        return _elements(value, *_BRACKETS[kind], depth)
    return _PLAIN.get(kind, _foreign)(value)


def _elements(values: Any, before: str, after: str, depth: int) -> str:
    pairs = type(values) is dict
    try:
        first = [*islice(values.items() if pairs else values, _ELEMENTS + 1)] if depth else []
    except RuntimeError:  # another thread changes it
        first = []
    if not first and values:
        return f"{before}...{after}"
    told = [
        ": ".join(_short_repr(part, depth - 1) for part in (each if pairs else (each,)))
        for each in first[:_ELEMENTS]
    ]
    if len(first) > _ELEMENTS:
        told.append("...")
    only = "," if before == "(" and len(told) == 1 else ""
    return f"{before}{', '.join(told)}{only}{after}"


def _text(value: Any) -> str:
    return repr(value) if len(value) <= MAX_TEXT else f"{value[:MAX_TEXT]!r}... ({len(value)} in all)"


def _whole(value: Any) -> str:
    bits = value.bit_length()  # to write a long one takes longer than to work it out
    return repr(value) if bits <= _MAX_BITS else f"<int of {bits} bits>"


def _foreign(value: object) -> str:
    kind = type(value)
    name = f"<{kind.__qualname__}>"
    if kind in _silent:
        return name
    begin, cpu = monotonic_ns(), thread_time_ns()
    try:
        told = repr(value)
    except BaseException:  # noqa: BLE001 - it is no matter of the call's, which went well
        _silent.add(kind)
        return name
    if thread_time_ns() - cpu > _SLOW_NS or monotonic_ns() - begin > _VERY_SLOW_NS:
        _silent.add(kind)
    return told if len(told) <= MAX_TEXT else f"{told[:MAX_TEXT]}..."


_BRACKETS: Mapping[type, tuple[str, str]] = {
    dict: ("{", "}"),
    list: ("[", "]"),
    tuple: ("(", ")"),
    set: ("{", "}"),
    frozenset: ("frozenset({", "})"),
}
_PLAIN: Mapping[type, Callable[[Any], str]] = {
    int: _whole,
    str: _text,
    bytes: _text,
    bytearray: _text,
    **dict.fromkeys((bool, float, complex, type(None)), repr),
}
