"""Tells in which line of a TOML text a value stands, which `tomllib` does not."""

import bisect
import tomllib
from collections.abc import Sequence
from typing import Any

Step = str | int
"""One step on the way to a value: a key of a table, or the number of an item, from 0."""


def line_of(text: str, place: Sequence[Step]) -> int | None:
    """Return the line, from 1, in which the value at `place` begins; None where that can't be told.

    It is the first line with which the text up to there holds such a value. A text that ends in the middle of
    an array counts with the array closed; where a part of the text can't be read even so, nothing is told.
    """
    lines = text.split("\n")
    try:
        count = bisect.bisect_left(
            range(len(lines)), True, key=lambda n: _holds("\n".join(lines[: n + 1]), place)
        )
    except (ValueError, RecursionError):
        return None
    return count + 1 if count < len(lines) else None


def _holds(text: str, place: Sequence[Step]) -> bool:
    """Raises what `tomllib.loads` raises for what is no TOML, even with an array closed."""
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        value = tomllib.loads(text + "\n]")
    return _reaches(value, place)


def _reaches(value: Any, place: Sequence[Step]) -> bool:
    for step in place:
        try:
            value = value[step]
        except (LookupError, TypeError):
            return False
    return True
