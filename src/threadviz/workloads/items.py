"""Reads the arguments that a user function is called with: one call a line."""

import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from threadviz.workloads.base import numbered

STDIN = Path("-")
"""Stands for standard input."""

MAX_BYTES = 32 * 2**20
"""The largest file that is read, in bytes."""

MAX_NAME = 100
"""A line names its call by at most so many characters."""

_JSON_LINES = (".jsonl", ".ndjson")
_MAX_DEPTH = 100


class CallArguments(NamedTuple):
    """What one call gets, and its name for people. The values can be written as JSON."""

    name: str
    args: tuple[Any, ...]
    keywords: dict[str, Any]


class ItemsError(ValueError):
    """The file can't be used. The text is the rest of a sentence about it: where, what, and what to do."""


def read_items(path: Path, limit: int) -> list[CallArguments]:
    """Read the file at `path`, or standard input for `STDIN`, which may have at most `limit` items.

    Blank lines are skipped. In a file whose name ends in .jsonl or .ndjson, and in any other whose lines are all JSON
    arrays or objects, an array has positional arguments, an object has keyword arguments, and any other value is the
    one argument. Otherwise each line is itself the one argument, a text. Raises ItemsError.
    """
    source = "standard input" if path == STDIN else repr(str(path))
    lines = _lines(_read(path, source), source)
    if not lines:
        raise ItemsError(f"has no lines in {source}: give one item a line")
    if len(lines) > limit:
        raise ItemsError(f"has {len(lines)} lines in {source}: give at most {limit}")
    names = numbered(line.strip()[:MAX_NAME] for line in lines.values())
    arguments: list[tuple[tuple[Any, ...], dict[str, Any]]] = [((line,), {}) for line in lines.values()]
    must_be_json = path.suffix.lower() in _JSON_LINES
    if must_be_json or all(line.lstrip().startswith(("[", "{")) for line in lines.values()):
        try:
            arguments = [_from_json(line, f"in line {number} of {source}") for number, line in lines.items()]
        except ItemsError:
            if must_be_json:
                raise
    return [CallArguments(name, *each) for name, each in zip(names, arguments, strict=True)]


def repeated(name: str, times: int) -> list[CallArguments]:
    """Return `times` calls without arguments, named after the function of this name."""
    return [CallArguments(f"{name} {number}", (), {}) for number in range(1, times + 1)]


def _read(path: Path, source: str) -> bytes:
    try:
        if path == STDIN:
            data = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # ValueError for a path with a null character
        reason = getattr(error, "strerror", None) or str(error)
        raise ItemsError(f"is {source}, which can't be read ({reason}): give the path of a file") from error
    if len(data) > MAX_BYTES:
        raise ItemsError(f"is {source}, of more than {MAX_BYTES // 2**20} MB: give a smaller file")
    return data


def _lines(data: bytes, source: str) -> dict[int, str]:
    """Return the lines that are not blank, by their numbers."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        number = error.object.count(b"\n", 0, error.start) + 1
        raise ItemsError(f"has no UTF-8 in line {number} of {source}: save it as UTF-8") from error
    lines = (line.removesuffix("\r") for line in text.split("\n"))
    return {number: line for number, line in enumerate(lines, 1) if line.strip()}


def _from_json(line: str, where: str) -> tuple[tuple[Any, ...], dict[str, Any]]:
    too_deep = f"has too much in each other {where}: nest at most {_MAX_DEPTH} deep"
    try:
        value = json.loads(line)
        json.dumps(
            value, allow_nan=False, ensure_ascii=False
        ).encode()  # JSON has no NaN, UTF-8 no lone surrogates
    except RecursionError as error:
        raise ItemsError(too_deep) from error
    except ValueError as error:
        raise ItemsError(
            f"has no JSON {where}: write the arguments as a JSON array, or as an object by their names, or one value"
            ' such as "text"'
        ) from error
    level: list[Any] = [value]
    for _ in range(_MAX_DEPTH):
        level = [inner for each in level for inner in _inner(each)]
    if level:
        raise ItemsError(too_deep)
    if isinstance(value, list):
        return tuple(value), {}
    return ((), value) if isinstance(value, dict) else ((value,), {})


def _inner(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
