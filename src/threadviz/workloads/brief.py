"""What a function of somebody's own has returned, in a few words that cost little, whatever it is."""

from collections.abc import Callable, Mapping
from itertools import islice
from time import monotonic_ns, thread_time_ns
from typing import Any

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


def brief(value: object) -> str:
    """Return about what `repr` returns, and much less of what is long. Nothing is raised, whatever `value` does.

    What it costs is bounded for what Python itself has; an object of another type is asked for its `repr`, and where
    that fails, or takes more than 2 ms of CPU time or a second, none of that type is asked again.
    """
    return _brief(value, _DEPTH)


def _brief(value: object, depth: int) -> str:
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
        f"{_brief(each[0], depth - 1)}: {_brief(each[1], depth - 1)}" if pairs else _brief(each, depth - 1)
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
