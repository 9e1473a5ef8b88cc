"""A function of somebody's own as a workload: found, imported and checked before it is called."""

import importlib
import inspect
import pickle
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from threadviz.workloads.call import Call, WorkloadError, sentence
from threadviz.workloads.frames import last_lines, own_traceback

TRACEBACK = 9000
"""So many characters of the traceback are told of a module that failed when it was imported."""

_SENTENCE = 1000
_NOT_BLOCKING = "threadviz calls functions that block"


class OwnError(Exception):
    """The function can't be called. The text is a sentence without its full stop.

    `traceback` is that of the user's own code, in lines, where it is that which failed.
    """

    def __init__(self, sentence: str, traceback: str = "") -> None:
        super().__init__(sentence)
        self.traceback = traceback


def own_calls(
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
            raise OwnError(f"there is no {name!r} in {where!r}{_hint(name, found)}") from error
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
            raise OwnError(
                f"there is no module {missing!r} in the current folder, nor in the environment that threadviz is"
                " installed in: that has to be the one of your code"
            ) from error
        failed = _failed(f"importing {name!r}", error)
        more = f"{failed}: threadviz has to be installed in the environment of your code"
        raise OwnError(more, failed.traceback) from error
    except BaseException as error:
        raise _failed(f"importing {name!r}", error) from error


def _failed(what: str, error: BaseException) -> OwnError:
    told = last_lines(own_traceback(error, (__name__,)), TRACEBACK)
    return OwnError(f"{what} failed: {sentence(error)[:_SENTENCE]}", told)


def _hint(name: str, found: Any) -> str:
    near = get_close_matches(name, vars(found) if hasattr(found, "__dict__") else (), 1)
    return f", but a {near[0]!r}" if near else ""


def _check_kind(function: str, found: Any) -> None:
    if not callable(found):
        raise OwnError(f"{function!r} can't be called: it is of type {type(found).__name__!r}")
    makes = (
        ("a coroutine", inspect.iscoroutinefunction),
        ("a generator", inspect.isgeneratorfunction),
        ("an asynchronous generator", inspect.isasyncgenfunction),
    )
    for each in (found, getattr(type(found), "__call__", None)):  # noqa: B004 - what calls an object, if anything
        for what, is_one in makes:
            if is_one(each):
                raise OwnError(f"{function!r} only makes {what} when it is called: {_NOT_BLOCKING}")


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
                raise OwnError(f"{function!r} can't be called {given}: {error}") from error


def _check_pickled(function: str, calling: _Calling) -> None:
    """Pickle it as a process pool does."""
    from multiprocessing.reduction import ForkingPickler

    try:
        pickle.loads(ForkingPickler.dumps(calling))
    except Exception as error:
        raise OwnError(
            f"{function!r} can't be pickled, as it has to be for a process pool ({sentence(error)[:_SENTENCE]})"
        ) from error
