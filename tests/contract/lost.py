"""What of before is not there any more: what has come in since is no matter."""

import json
from collections.abc import Iterator
from math import isclose
from pathlib import Path
from typing import Any

CONTRACT = Path(__file__).parents[1] / "data" / "contract"

WIDTH = 110
"""What fits into so many characters is on one line."""

CLIPPED = 200
"""Of a value no more than so many characters are told."""


def lost(before: Any, now: Any, where: str = "", *, sets: bool = False) -> Iterator[str]:
    """Yield a line for each thing that is gone or has another value.

    Objects may have more keys than before. Lists are the same, one by one; or, with `sets`, each member has one that
    is like it, or has more.
    """
    if isinstance(before, dict) and isinstance(now, dict):
        yield from _lost_of_object(before, now, where, sets=sets)
    elif isinstance(before, list) and isinstance(now, list):
        yield from _lost_of_set(before, now, where) if sets else _lost_of_list(before, now, where)
    elif not _same(before, now):
        yield f"{where} is {_brief(now)}; it was {_brief(before)}"


def _lost_of_object(before: dict[str, Any], now: dict[str, Any], where: str, *, sets: bool) -> Iterator[str]:
    for key, value in before.items():
        place = f"{where}.{key}" if where else key
        if key in now:
            yield from lost(value, now[key], place, sets=sets)
        else:
            yield f"{place} is gone; it was {_brief(value)}"


def _lost_of_set(before: list[Any], now: list[Any], where: str) -> Iterator[str]:
    for value in before:
        if all(any(lost(value, other, sets=True)) for other in now):
            yield f"{where} has {_brief(value)} no more; it has {_brief(now)}"


def _lost_of_list(before: list[Any], now: list[Any], where: str) -> Iterator[str]:
    if len(before) != len(now):
        yield f"{where} has {len(now)} items; it had {len(before)}: {_brief(before)}"
    for index, (value, other) in enumerate(zip(before, now, strict=False)):
        yield from lost(value, other, f"{where}[{index}]")


def _same(before: object, now: object) -> bool:
    if isinstance(before, bool) or isinstance(now, bool):
        return before is now
    if isinstance(before, int | float) and isinstance(now, int | float):
        return isclose(before, now, rel_tol=1e-9, abs_tol=1e-8)
    return before == now


def _brief(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= CLIPPED else f"{text[:CLIPPED]}..."


def read(name: str) -> Any:
    """What is written down under this name."""
    return json.loads((CONTRACT / f"{name}.json").read_text("ascii"))


def pretty(value: object, indent: int = 0, before: int = 0) -> str:
    """Return `value` as JSON, in as few lines as can be read; on the first there are `before` characters already."""
    line = json.dumps(value)
    if before + len(line) < WIDTH or not value or not isinstance(value, dict | list):
        return line
    inner = "\n" + " " * (indent + 1)
    if isinstance(value, dict):
        names = [f"{json.dumps(key)}: " for key in value]
        items = [
            name + pretty(each, indent + 1, indent + 1 + len(name))
            for name, each in zip(names, value.values(), strict=True)
        ]
        return f"{{{inner}{f',{inner}'.join(items)}\n{' ' * indent}}}"
    items = [pretty(each, indent + 1, indent + 1) for each in value]
    return f"[{inner}{f',{inner}'.join(items)}\n{' ' * indent}]"
