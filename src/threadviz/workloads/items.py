"""Reads what a function of somebody's own is to be called with: one call a line."""

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from threadviz.workloads.base import numbered

STDIN = Path("-")
"""Stands for standard input."""

MAX_BYTES = 32 * 2**20
"""The largest file that is read, in bytes."""

MAX_NAME = 100
"""So many characters of a line are the name of its call, at most."""

_JSON_LINES = (".jsonl", ".ndjson")
_MAX_DEPTH = 100
_NO_JSON = "has no JSON"


class CallArguments(NamedTuple):
    """What one call gets, under a name for people. JSON can say what they are made of."""

    name: str
    args: tuple[Any, ...]
    keywords: dict[str, Any]


class ItemsError(ValueError):
    """The file can't be used. The text is the rest of a sentence about it: where, what, and what to do."""


class _LineError(ValueError):
    """What a line has, as the rest of a sentence about it, and what to do."""


def read_items(path: Path, most: int) -> list[CallArguments]:
    """Return what the lines of the file at `path` say, at most so many; of `STDIN` those of standard input.

    Lines of white space are passed over. In a file whose name ends in .jsonl or .ndjson, and in any other of which all
    lines are JSON arrays or objects, an array has the arguments in their order, an object has them by keyword, and any
    other value is the one argument. Else each line is itself the one argument, a text. Raises ItemsError.
    """
    shown = "standard input" if path == STDIN else repr(str(path))
    lines = _lines(_read(path, shown), shown)
    if not lines:
        raise ItemsError(f"has no lines in {shown}: give one item a line")
    if len(lines) > most:
        raise ItemsError(f"has {len(lines)} lines in {shown}: give at most {most}")
    as_json = path.suffix.lower() in _JSON_LINES
    if as_json or all(line.lstrip().startswith(("[", "{")) for _, line in lines):
        try:
            return _named(lines, [_from_json(number, line, shown) for number, line in lines])
        except ItemsError:
            if as_json:
                raise
    return _named(lines, [((line,), {}) for _, line in lines])


def repeated(name: str, times: int) -> list[CallArguments]:
    """Return as many calls without arguments, named after the function of this name."""
    return [CallArguments(f"{name} {number}", (), {}) for number in range(1, times + 1)]


def _read(path: Path, shown: str) -> bytes:
    try:
        if path == STDIN:
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # the latter of a path with a null character in it
        reason = getattr(error, "strerror", None) or str(error)
        raise ItemsError(f"is {shown}, which can't be read ({reason}): give the path of a file") from error
    if len(data) > MAX_BYTES:
        raise ItemsError(f"is {shown}, of more than {MAX_BYTES // 2**20} MB: give a smaller file")
    return data


def _lines(data: bytes, shown: str) -> list[tuple[int, str]]:
    """The lines that say anything, each with its number."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = error.object.count(b"\n", 0, error.start) + 1
        raise ItemsError(f"has no UTF-8 in line {number} of {shown}: save it as UTF-8") from error
    lines = (line.removesuffix("\r") for line in text.split("\n"))
    return [(number, line) for number, line in enumerate(lines, 1) if line.strip()]


def _from_json(number: int, line: str, shown: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    try:
        value = _decoded(line)
    except _LineError as error:
        raise ItemsError(f"{error.args[0]} in line {number} of {shown}: {error.args[1]}") from error
    if isinstance(value, list):
        return tuple(value), {}
    return ((), value) if isinstance(value, dict) else ((value,), {})


def _decoded(line: str) -> Any:
    what = 'write the arguments as a JSON array, or as an object by their names, or one value such as "text"'
    try:
        value = json.loads(line)
        json.dumps(
            value, allow_nan=False, ensure_ascii=False
        ).encode()  # there is no NaN, and no half a character
    except RecursionError as error:
        raise _LineError("has too much in each other", f"nest at most {_MAX_DEPTH} deep") from error
    except ValueError as error:
        raise _LineError(_NO_JSON, what) from error
    level: list[Any] = [value]
    for _ in range(_MAX_DEPTH):
        level = [inner for each in level for inner in _inner(each)]
        if not level:
            return value
    raise _LineError("has too much in each other", f"nest at most {_MAX_DEPTH} deep")


def _inner(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()


def _named(
    lines: Sequence[tuple[int, str]], arguments: Sequence[tuple[tuple[Any, ...], dict[str, Any]]]
) -> list[CallArguments]:
    names = numbered(line.strip()[:MAX_NAME] for _, line in lines)
    return [CallArguments(name, *each) for name, each in zip(names, arguments, strict=True)]
