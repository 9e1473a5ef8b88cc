"""A user function as a workload: found, imported and checked before it is called."""

import importlib
import inspect
import json
import pickle
import re
import reprlib
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import accumulate, islice
from pathlib import Path
from time import monotonic_ns, thread_time_ns
from types import CodeType, TracebackType
from typing import Any

from threadviz.workloads.base import NOT_BLOCKING, Call, sentence

_SENTENCE_LIMIT = 1000


class UserFunctionError(Exception):
    """The function can't be called. The text is a sentence without its full stop.

    `traceback` is that of the user's own code, in lines, where that has failed.
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
    """Return a call of the function 'package.module:name' for each of `items`: a name, arguments and keywords.

    It is looked for in `folder` first. Raises UserFunctionError where it can't be found, imported or called with them,
    or can't be pickled and has to be.
    """
    sys.path.insert(0, folder)  # as `python -m` does
    found = _find(function)
    _check_kind(function, found)
    calls = [Call(name, found, tuple(args), keywords, own=True) for name, args, keywords in items]
    _check_arguments(function, found, calls)
    if pickled:
        _check_pickled(function, found)
    return calls


def _find(function: str) -> Any:
    module, _, path = function.partition(":")
    found = _import(module)
    where, separator = module, ":"
    for name in path.split("."):
        try:
            inner = getattr(found, name)
        except AttributeError as error:
            near = get_close_matches(name, vars(found) if hasattr(found, "__dict__") else (), 1)
            hint = f", but a {near[0]!r}" if near else ""
            raise UserFunctionError(f"there is no {name!r} in {where!r}{hint}") from error
        except BaseException as error:
            raise _user_code_failed(f"looking for {name!r} in {where!r}", error) from error
        where, separator, found = f"{where}{separator}{name}", ".", inner
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
        failed = _user_code_failed(f"importing {name!r}", error)
        hint = "threadviz has to be installed in the environment of your code"
        raise UserFunctionError(f"{failed}: {hint}", failed.traceback) from error
    except BaseException as error:
        raise _user_code_failed(f"importing {name!r}", error) from error


def _user_code_failed(what: str, error: BaseException) -> UserFunctionError:
    lines = user_traceback(error, (__name__,))
    return UserFunctionError(f"{what} failed: {sentence(error)[:_SENTENCE_LIMIT]}", lines)


def _check_kind(function: str, found: Any) -> None:
    if not callable(found):
        raise UserFunctionError(f"{function!r} can't be called: it is of type {type(found).__name__!r}")
    kinds = (
        ("a coroutine", inspect.iscoroutinefunction),
        ("a generator", inspect.isgeneratorfunction),
        ("an asynchronous generator", inspect.isasyncgenfunction),
    )
    for each in (found, getattr(type(found), "__call__", None)):  # noqa: B004 - of an object, the method that is called
        for what, is_one in kinds:
            if is_one(each):
                raise UserFunctionError(f"{function!r} only makes {what} when it is called: {NOT_BLOCKING}")


def _check_arguments(function: str, found: Any, calls: Iterable[Call]) -> None:
    """Check the arguments of all calls against the signature, where there is one."""
    try:
        signature = inspect.signature(found, follow_wrapped=False)
    except (TypeError, ValueError):
        return
    for call in calls:
        try:
            signature.bind(*call.args, **call.keywords)
        except TypeError as error:
            given = f"with item {call.name!r}" if call.args or call.keywords else "without arguments"
            raise UserFunctionError(f"{function!r} can't be called {given}: {error}") from error


def _check_pickled(function: str, found: Any) -> None:
    """Pickle it as a process pool does."""
    from multiprocessing.reduction import ForkingPickler

    try:
        pickle.loads(ForkingPickler.dumps(found))
    except Exception as error:
        raise UserFunctionError(
            f"{function!r} can't be pickled, as it has to be for a process pool ({sentence(error)[:_SENTENCE_LIMIT]})"
        ) from error


# The traceback of the user's code, as text.

FRAMES = 20
"""At most so many frames are shown: the last ones, nearest to where the error was raised."""

_LINE_LIMIT = 300
_NOTE_BYTES = 40
_MAX_CACHED = 100
_FILE = re.compile(r'^([ |]*File )"(.*)"', re.MULTILINE)
_IMPORTING = ("importlib", "importlib._bootstrap", "importlib._bootstrap_external", "runpy")

_formatted: dict[tuple[tuple[str, CodeType, int], ...], list[str]] = {}
"""Formatted frames, by where they are: to format them takes 0.2 to 1 ms, and many tasks may fail in one place."""


def user_traceback(error: BaseException, skipped: Sequence[str]) -> list[str]:
    """Return the traceback of `error` in lines, with its last frames.

    Frames of the modules that are `skipped`, or that import, are left out at its beginning; where there are no others,
    nothing is returned. Paths are shown from a folder of `sys.path` on.
    """
    frames = _frames(error.__traceback__)
    skipped = (*skipped, *_IMPORTING)
    first = next((each for each in frames if each.tb_frame.f_globals.get("__name__") not in skipped), None)
    if first is None and not isinstance(error, SyntaxError):
        return []
    if error.__cause__ or error.__context__ or isinstance(error, SyntaxError | BaseExceptionGroup):
        return _lines(traceback.format_exception(type(error), error, first, limit=-FRAMES))
    # Code of several files may be equal.
    place = tuple(
        (each.tb_frame.f_code.co_filename, each.tb_frame.f_code, each.tb_lasti) for each in _frames(first)
    )
    if place not in _formatted:
        if len(_formatted) >= _MAX_CACHED:
            _formatted.clear()
        _formatted[place] = _lines(traceback.format_tb(first, -FRAMES))
    last = _lines(traceback.format_exception_only(error))
    return ["Traceback (most recent call last):", *_formatted[place], *last]


def last_lines(lines: Sequence[str], room: int) -> str:
    """Return the last of these lines, as many as fit into `room` bytes of JSON, and how many are left out."""
    sizes = [len(json.dumps(line, ensure_ascii=False).encode(errors="replace")) for line in lines]
    if sum(sizes) <= room:
        return "\n".join(lines)
    fitting = (total for total in accumulate(reversed(sizes)) if total <= room - _NOTE_BYTES)
    left_out = len(lines) - len([*fitting])
    return "\n".join([f"  ({left_out} more lines)", *lines[left_out:]]) if left_out < len(lines) else ""


def _lines(parts: Iterable[str]) -> list[str]:
    """Return a traceback in lines, without the folders of this machine, which may have the names of its users."""
    roots = [f"{root.rstrip('/')}/" for root in map(str, sys.path) if root]
    text = _FILE.sub(lambda found: f'{found[1]}"{_short_path(found[2], roots)}"', "".join(parts))
    return [line[:_LINE_LIMIT] for line in text.rstrip("\n").split("\n")]


def _frames(first: TracebackType | None) -> Iterator[TracebackType]:
    while first is not None:
        yield first
        first = first.tb_next


def _short_path(path: str, roots: Sequence[str]) -> str:
    inside = [root for root in roots if path.startswith(root)]
    return path.removeprefix(max(inside, key=len)) if inside else Path(path).name


# The result of a user function, as a short text that costs little, whatever it is.

_TEXT_LIMIT = 200
_ELEMENTS = 6
_DEPTH = 2
_MAX_BITS = 4000
_SLOW_CPU_NS = 2_000_000
_SLOW_NS = 1_000_000_000
"""A `repr` may take so much CPU time, and so long in all: the latter is much, for it may have to wait for the GIL."""


def short_repr(value: object) -> str:
    """Return about what `repr` returns, and much less of what is long. Nothing is raised, whatever `value` does.

    The cost is bounded for built-in types. An object of another type is asked for its `repr`; where that fails, or
    takes more than 2 ms of CPU time or a second, no object of that type is asked again.
    """
    return _short_repr.repr(value)


class _ShortRepr(reprlib.Repr):
    """Does not sort dictionaries and sets, as its base class does, and lets objects do no harm."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel = _DEPTH
        self.maxlist = self.maxtuple = _ELEMENTS
        self._silent: set[type] = set()

    def repr1(self, x: Any, level: int) -> str:
        # By the exact type, not by its name: a class of the user's may have any name, and derive from any type.
        try:
            return _REPRS.get(type(x), _ShortRepr.repr_instance)(self, x, level)
        except RuntimeError:  # another thread has changed a dictionary or a set meanwhile
            return "{...}"

    def repr_dict(self, x: dict[Any, Any], level: int) -> str:
        items = [*islice(x.items(), _ELEMENTS + 1)] if level > 0 else []
        shown = [f"{self.repr1(key, level - 1)}: {self.repr1(value, level - 1)}" for key, value in items]
        more = ["..."] if len(items) > _ELEMENTS or (x and not items) else []
        return f"{{{', '.join([*shown[:_ELEMENTS], *more])}}}"

    def repr_set(self, x: Any, level: int) -> str:
        elements = [*islice(x, _ELEMENTS + 1)]
        return f"{{{self.repr_list(elements, level)[1:-1]}}}" if elements else "set()"

    def repr_frozenset(self, x: frozenset[Any], level: int) -> str:
        return f"frozenset({self.repr_set(x, level) if x else ''})"

    def repr_str(self, x: Any, level: int) -> str:
        return repr(x) if len(x) <= _TEXT_LIMIT else f"{x[:_TEXT_LIMIT]!r}... ({len(x)} in all)"

    def repr_int(self, x: int, level: int) -> str:
        bits = x.bit_length()  # to write a long number takes longer than to compute it
        return repr(x) if bits <= _MAX_BITS else f"<int of {bits} bits>"

    def repr_plain(self, x: object, level: int) -> str:
        return repr(x)

    def repr_instance(self, x: object, level: int) -> str:
        kind = type(x)
        name = f"<{kind.__qualname__}>"
        if kind in self._silent:
            return name
        start, cpu_start = monotonic_ns(), thread_time_ns()
        try:
            text = repr(x)
        except BaseException:  # noqa: BLE001 - the call itself has succeeded
            self._silent.add(kind)
            return name
        if thread_time_ns() - cpu_start > _SLOW_CPU_NS or monotonic_ns() - start > _SLOW_NS:
            self._silent.add(kind)
        return text if len(text) <= _TEXT_LIMIT else f"{text[:_TEXT_LIMIT]}..."


_REPRS: Mapping[type, Callable[[_ShortRepr, Any, int], str]] = {
    dict: _ShortRepr.repr_dict,
    list: _ShortRepr.repr_list,
    tuple: _ShortRepr.repr_tuple,
    set: _ShortRepr.repr_set,
    frozenset: _ShortRepr.repr_frozenset,
    int: _ShortRepr.repr_int,
    **dict.fromkeys((str, bytes, bytearray), _ShortRepr.repr_str),
    **dict.fromkeys((bool, float, complex, type(None)), _ShortRepr.repr_plain),
}
_short_repr = _ShortRepr()
