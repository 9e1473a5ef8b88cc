"""A stretch of a lane."""

from dataclasses import dataclass

from threadviz.vocabulary import Known, State


@dataclass(frozen=True, slots=True)
class Stretch:
    """From `start` to `end` (ns) in one state; `call` names the system call, where there is one."""

    start: int
    end: int
    state: State
    known: Known
    call: str
