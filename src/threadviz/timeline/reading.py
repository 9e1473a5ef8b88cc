"""How to read what was said of a lane: what it is shown as depends on the lane's role, and on its tasks."""

import enum

from threadviz.timeline.kinds import WIDTH, Kinds
from threadviz.vocabulary import Known, State

EVENT_CALLS = frozenset({"epoll_wait", "epoll_pwait", "epoll_pwait2", "kevent", "io_uring_enter"})
"""In these system calls an event loop waits for events, and hardly anything else is ever waited for."""

_POLL_CALLS = frozenset({"poll", "ppoll", "select", "pselect6"})
"""In these some event loops do as well, but a socket with a timeout does too (CPython's socketmodule.c,
`internal_select`). Sampling smears a wait beyond the task that it was in, to about the next sample. So where one of
these touches a task, it is the task's own wait, and no proof that the loop was listening."""

_WAITS = frozenset({State.IO, State.LOCK, State.SLEEP, State.WAITING})
_CANNOT_ANSWER = frozenset({State.RUNNING, State.READY, State.GIL, State.IO, State.LOCK, State.SLEEP})


class Role(enum.StrEnum):
    """What a lane is in the run."""

    LOOP = "loop"
    """A thread that an event loop is in: as the subject says, or of a program, as its waits for events show."""
    WORKER = "worker"
    """A thread that tasks run in, or of a workload's run, the main thread of a worker process."""
    THREAD = "thread"
    """A thread of a program, of which nobody has said what it is for."""
    PLUMBING = "plumbing"
    """Every other thread; of a program, those of the processes that `multiprocessing` keeps for itself."""


Asked = tuple[int, int]
"""From when (ns) to when it is asked of an event loop if it could answer."""

_NEVER: Asked = (0, 0)

FOREVER = 2**63 - 1
"""No time in a stream is later (ns)."""


class Reading:
    """What a lane of this role is shown as; of an event loop it is `asked` within these times (ns) if it could answer.

    `turns` are when that begins and ends. `width` is how many columns its time is added up in. Where the loop was
    `seen` to be one, by its waits for events, these alone are taken for such, and so they are in a task too, which
    has a loop of its own then.
    """

    def __init__(self, kinds: Kinds, role: Role, asked: Asked = _NEVER, *, seen: bool = False) -> None:
        self.of_loop = role is Role.LOOP
        self._seen = self.of_loop and seen
        self._asked_from, self._asked_until = asked if self.of_loop else _NEVER
        self.turns = [turn for turn in (self._asked_from, self._asked_until) if turn < FOREVER]
        self.width = 2 * WIDTH if self.of_loop else WIDTH
        self._kinds = kinds
        self._role = role

    def piece(self, said: int, busy: bool, touching: bool, start: int) -> int:
        """The piece that a part of a stretch is, from `start` (ns) on.

        `busy` says if that part is in a task, `touching` if any part of the stretch is.
        """
        shown = said if busy and not self._seen else self._outside_task(said, touching)
        asked = self.of_loop and self._asked_from <= start < self._asked_until
        could_not = (busy and not self._seen) or self._kinds.table[shown][0] in _CANNOT_ANSWER
        return self._kinds.piece(said, shown, asked and could_not)

    def is_open(self, said: int) -> bool:
        """Whether what the first part of a stretch is shown as may depend on its last."""
        return self.of_loop and not self._seen and self._kinds.table[said][2] in _POLL_CALLS

    def _outside_task(self, said: int, touching: bool) -> int:
        state, known, call = self._kinds.table[said]
        if self._role is Role.WORKER and state in _WAITS:
            return self._kinds.number(State.IDLE, Known.SAID, "")
        for_events = call in EVENT_CALLS or (not self._seen and call in _POLL_CALLS and not touching)
        if self.of_loop and state is State.IO and for_events:
            return self._kinds.number(State.IDLE, known, "")
        return said
