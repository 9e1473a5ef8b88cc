"""Many rows in a few words: each column by itself, so that there may be more columns than before."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from typing import Any

FEW = 12
"""So many values are written out; of more there is a digest, with what a reader can make sense of."""

MANY = 100
"""More items than these are not told one by one."""


def in_brief(items: Sequence[Any]) -> Any:
    """As they are, or, where they are many, as a table or a digest."""
    if len(items) <= MANY:
        return items
    return table(items) if isinstance(items[0], Mapping) else _column(items)


def table(rows: Sequence[Mapping[str, Any]], columns: Iterable[str] = ()) -> dict[str, Any]:
    """All rows, with these columns and what else there is in one of them. What a row does not have is null."""
    names = dict.fromkeys([*columns, *(name for row in rows for name in row)])
    return {"rows": len(rows), "columns": {name: _column([row.get(name) for row in rows]) for name in names}}


def _column(values: Sequence[Any]) -> Any:
    if len(values) <= FEW:
        return [*values]
    times = Counter(map(str, values))
    if len(times) == 1:
        return {"always": values[0]}
    digest = {"sha256": sha256("\n".join(map(str, values)).encode()).hexdigest()[:16]}
    if len(times) <= FEW:
        return digest | {"times": dict(times.most_common())}
    told = {"first": values[0], "last": values[-1]}
    numbers = [value for value in values if isinstance(value, int)]
    return digest | told | ({"sum": sum(numbers)} if len(numbers) == len(values) else {})
