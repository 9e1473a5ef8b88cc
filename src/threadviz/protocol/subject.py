"""What the observer tells the subject to do, as one JSON line on its standard input, and the answer to it."""

import msgspec

from threadviz.protocol.events import Event
from threadviz.protocol.requests import UserFunction

SENDS = "processes"
"""The mode that has worker processes: what a function gets and returns goes from process to process."""


class SubjectOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One workload under one mode.

    `urls` are pairs of a name and an address; `timeout_s` is in seconds; `events` is the path of the named pipe
    that takes what the subject says. Where there is something `calling`, that is run, whatever the workload is called.
    """

    workload: str
    mode: str
    workers: int
    tasks: int | None
    urls: tuple[tuple[str, str], ...]
    timeout_s: float
    online: bool
    events: str
    calling: UserFunction | None = None


class SubjectReady(Event, frozen=True, tag="ready"):
    """Said first of all: everything is imported, the next line on standard input starts the workload."""

    tasks: int


class SubjectRefused(Event, frozen=True, tag="refused"):
    """Said instead: somebody's own function can't be called. `why` is a sentence without its full stop.

    `traceback` is that of their code, in lines, where it is that which failed.
    """

    why: str
    traceback: str = ""
