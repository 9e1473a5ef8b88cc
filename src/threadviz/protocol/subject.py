"""The observer's order to the subject, one JSON line on its standard input. The reply is in `task_pipe`'s format."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

WORKER_PROCESSES_MODE = "processes"
"""The mode with worker processes: arguments and results are sent between processes."""


class CallItem(NamedTuple):
    """The arguments of one call, as far as JSON can have them, and a name for people."""

    name: str
    args: tuple[Any, ...] = ()
    keywords: Mapping[str, Any] = {}


@dataclass(frozen=True, kw_only=True)
class SubjectOrder:
    """One workload under one mode.

    `urls` are pairs of a name and an address, `timeout_s` is in seconds, `pipe` is the path of the pipe to report into.
    A user function ('package.module:name', looked for in `folder` first) is called instead of a workload's where
    `function` names one, once with each of `items`.
    """

    workload: str
    mode: str
    workers: int
    tasks: int | None
    urls: tuple[tuple[str, str], ...]
    timeout_s: float
    online: bool
    pipe: str
    function: str = ""
    folder: str = ""
    items: tuple[CallItem, ...] = ()


def encode_order(order: SubjectOrder) -> bytes:
    """Return `order` as one line, without its newline."""
    return json.dumps(vars(order)).encode()


def decode_order(line: bytes) -> SubjectOrder:
    """Return the order on this line; its sequences are lists."""
    return SubjectOrder(**json.loads(line))
