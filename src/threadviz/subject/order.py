"""What the observer tells the subject to do, as one JSON line on its standard input, and the answer to it."""

import msgspec

from threadviz.events import Event


class SubjectOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One workload under one mode.

    `urls` are pairs of a name and an address; `timeout_s` is in seconds; `events` is the path of the named pipe
    that takes what the subject says.
    """

    workload: str
    mode: str
    workers: int
    tasks: int | None
    urls: tuple[tuple[str, str], ...]
    timeout_s: float
    online: bool
    events: str


class Ready(Event, frozen=True, tag="ready"):
    """Said first of all: everything is imported, the next line on standard input starts the workload."""

    tasks: int
