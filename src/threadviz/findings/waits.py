"""The finding about the thread of a program that waited most."""

from collections import Counter
from collections.abc import Sequence

from threadviz.findings.figures import SHORT_NS, WAITING, Finding
from threadviz.findings.states import MATTERS
from threadviz.findings.threads import ThreadFigures
from threadviz.findings.words import seconds
from threadviz.timeline import Lane, Role
from threadviz.vocabulary import State

ONLY_LOCKS = 0.9
"""A main thread whose waits are locks to this share waits for other threads to end, which is no cost."""

_WAITS = (State.READY, State.GIL, *WAITING)
_AT_WORK = (State.RUNNING, State.READY, State.GIL, State.IO)
_FOR = {
    State.READY: "for a CPU core",
    State.GIL: "for the GIL",
    State.IO: "for input or output",
    State.LOCK: "for a lock",
    State.SLEEP: "in a timer",
    State.WAITING: "for what can't be seen",
}


def who_waited_most(run: ThreadFigures) -> Finding | None:
    """The thread that waited longest, and what for: of several that are there one by one, and have work to do."""
    if run.totals.total_ns < SHORT_NS or not run.tells_waits or len(run.threads) < 2:
        return None
    waits = {lane: sum(run.states[lane][state] for state in _WAITS) for lane in _asked_of(run)}
    most = max(waits, key=waits.__getitem__, default=None)
    if most is None or not waits[most]:
        return None
    states = run.states[most]
    state = max(_WAITS, key=states.__getitem__)
    there = sum(states.values())
    text = (
        f"{most.name} waited most: for {seconds(waits[most])} of the {seconds(there)} that it was there,"
        f" {seconds(states[state])} of that {_FOR[state]}."
    )
    return Finding("who_waited_most", holds=True, text=text)


def _asked_of(run: ThreadFigures) -> Sequence[Lane]:
    """The threads that do something, or would: else those that might, where none does, as when all wait for a lock.

    Waiting for events is what event loops are for. A main thread that has started others waits for their end.
    """
    others = [
        lane
        for lane in run.threads
        if not _is_idle_loop(lane, run.states[lane])
        and not (lane.is_main and _waits_for_locks(run.states[lane]))
    ]
    return [lane for lane in others if _is_at_work(run.states[lane])] or others


def _is_idle_loop(lane: Lane, states: Counter[State]) -> bool:
    return lane.role is Role.LOOP and 2 * states[State.IDLE] >= sum(states.values())


def _waits_for_locks(states: Counter[State]) -> bool:
    waits = sum(states[state] for state in _WAITS)
    return waits > 0 and states[State.LOCK] >= ONLY_LOCKS * waits


def _is_at_work(states: Counter[State]) -> bool:
    return sum(states[state] for state in _AT_WORK) >= max(MATTERS * sum(states.values()), 1)
