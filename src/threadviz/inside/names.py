"""What a task is called, and what went wrong with it, in a few words for people."""

from functools import lru_cache, partial
from types import BuiltinFunctionType, FunctionType, MethodDescriptorType, MethodType
from typing import Any

NAME_LIMIT = 100
ERROR_LIMIT = 300
"""How many characters of a name, or of an error, are said: in JSON they take at most twelve bytes each."""

_WITH_A_NAME = (FunctionType, BuiltinFunctionType, MethodDescriptorType, type)
_CACHED = type(lru_cache(len))


def name_of(function: object, arguments: tuple[object, ...] = ()) -> str:
    """Return what a function is called; of a callable object, what its class is.

    Nothing else is looked at, and nothing asked of classes that may answer in their own way, over a network perhaps.
    Its arguments are not in it, for they may be long, and secret; but some functions do no more than call their first
    argument.
    """
    try:
        name = _name(function, arguments)
    except Exception:  # noqa: BLE001 - whatever a class makes of its own name: the task is to go on
        name = "?"
    return _plain(name.rpartition("<locals>.")[2], NAME_LIMIT)


def _name(function: Any, arguments: tuple[object, ...]) -> str:
    kind = type(function)
    if issubclass(kind, MethodType):
        return _name(function.__func__, arguments)
    if issubclass(kind, _CACHED):
        return _name(function.__wrapped__, arguments)
    if issubclass(kind, partial):
        return _name(function.func, (*function.args, *arguments))
    name = str((function if issubclass(kind, _WITH_A_NAME) else kind).__qualname__)
    if arguments and name == "_process_chunk":  # of a process pool's map (concurrent/futures/process.py)
        return f"chunk of {_name(arguments[0], ())}"
    if arguments and kind is BuiltinFunctionType and name == "Context.run":  # such as of asyncio.to_thread
        return _name(arguments[0], arguments[1:])
    return name


def describe(error: BaseException) -> str:
    """Return one sentence for `error`."""
    kind = type(error).__name__
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - the class's own fault, which must not take the place of the error
        text = ""
    return _plain(f"{kind}: {text}" if text else kind, ERROR_LIMIT)


def _plain(text: str, limit: int) -> str:
    """Return what can be said of a text: of half a character, as those of undecodable file names, nothing can."""
    return text[:limit].encode(errors="replace").decode()
