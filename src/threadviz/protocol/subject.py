"""The observer's order to the subject, one JSON line on its standard input. The reply is in `task_pipe`'s format.

It is an object: `request` is the `RunRequest`, `urls` are pairs of a name and an address for its sites, and `pipe` is
the path of the pipe to report into.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

WORKER_PROCESSES_MODE = "processes"
"""The mode with worker processes: arguments and results are sent between processes."""


class CallItem(NamedTuple):
    """The arguments of one call, as far as JSON can have them, and a name for people."""

    name: str
    args: tuple[Any, ...] = ()
    keywords: Mapping[str, Any] = {}
