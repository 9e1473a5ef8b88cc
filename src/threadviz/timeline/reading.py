"""How to read what was said of a lane: what it is shown as depends on the lane's role, and on its tasks."""

import enum

from threadviz.events import Known, State
from threadviz.timeline.kinds import WIDTH, Kinds

_EVENT_CALLS = frozenset({"epoll_wait", "epoll_pwait", "epoll_pwait2", "kevent", "io_uring_enter"})
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
    """The thread that the event loop is in."""
    WORKER = "worker"
    """A thread that tasks run in, or the main thread of a worker process."""
    PLUMBING = "plumbing"
    """Every other thread."""


class Reading:
    """What a lane of this role is shown as; of an event loop it is asked from `asked_from` (ns) on if it could answer.

    `width` is how many columns its time is added up in.
    """

    def __init__(self, kinds: Kinds, role: Role, asked_from: int) -> None:
        self.of_loop = role is Role.LOOP
        self.asked_from = asked_from if self.of_loop else 0
        self.width = 2 * WIDTH if self.of_loop else WIDTH
        self._kinds = kinds
        self._role = role

    def piece(self, said: int, busy: bool, touching: bool, start: int) -> int:
        """The piece that a part of a stretch is, from `start` (ns) on.

        `busy` says if that part is in a task, `touching` if any part of the stretch is.
        """
        shown = said if busy else self._outside_task(said, touching)
        asked = self.of_loop and start >= self.asked_from
        return self._kinds.piece(
            said, shown, asked and (busy or self._kinds.table[shown][0] in _CANNOT_ANSWER)
        )

    def is_open(self, said: int) -> bool:
        """Whether what the first part of a stretch is shown as may depend on its last."""
        return self.of_loop and self._kinds.table[said][2] in _POLL_CALLS

    def _outside_task(self, said: int, touching: bool) -> int:
        state, known, call = self._kinds.table[said]
        if self._role is Role.WORKER and state in _WAITS:
            return self._kinds.number(State.IDLE, Known.SAID, "")
        for_events = call in _EVENT_CALLS or (call in _POLL_CALLS and not touching)
        if self.of_loop and state is State.IO and for_events:
            return self._kinds.number(State.IDLE, known, "")
        return said
