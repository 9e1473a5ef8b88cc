"""The ledger: a simulated thread of known truth, looked at as a probe would, must come out true."""

from dataclasses import dataclass
from itertools import accumulate, cycle, takewhile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadviz.observer.probes.accounting import TICK_NS, ThreadAccounting
from threadviz.protocol.events import Evidence, Present, Span, State

MS = 1_000_000
LATE = 4 * MS

IO = Present(State.IO, "recvfrom")
LOCK = Present(State.LOCK, "futex")


@dataclass(frozen=True)
class Thread:
    """A thread that did, one after the other, what `spans` say; None stands for waiting for a CPU."""

    spans: tuple[tuple[int, Present], ...]

    @property
    def end(self) -> int:
        """How long it lived (ns)."""
        return sum(ns for ns, _ in self.spans)

    def counted(self, state: State, t: int) -> int:
        """How long it was in `state` until `t`: what an exact counter would say."""
        ends = list(accumulate(ns for ns, _ in self.spans))
        return sum(
            max(0, min(t, end) - (end - ns))
            for end, (ns, what) in zip(ends, self.spans, strict=True)
            if what.state is state
        )

    def turns(self, t: int) -> int:
        """How often it has got a CPU until `t`."""
        starts = accumulate((ns for ns, _ in self.spans), initial=0)
        return sum(
            start <= t and what.state is State.RUNNING
            for start, (_, what) in zip(starts, self.spans, strict=False)
        )

    def blocked(self, t: int) -> Present | None:
        """What it is blocked in at `t`, None where it is runnable."""
        ends = accumulate(ns for ns, _ in self.spans)
        what = next(
            (what for end, (_, what) in zip(ends, self.spans, strict=True) if t < end), self.spans[-1][1]
        )
        return None if what.state in (State.RUNNING, State.READY) else what


def watched(thread: Thread, looks: list[int]) -> list[Span]:
    """Return the stretches that a ledger makes of looks at those times (ns), the last at the thread's end."""
    accounting = ThreadAccounting(0)
    for t in looks:
        running, ready = thread.counted(State.RUNNING, t), thread.counted(State.READY, t)
        accounting.read(t, running, ready, thread.turns(t), thread.blocked(t), LATE)
    accounting.end(looks[-1])
    _, spans = accounting.drain()
    return list(spans)


def total(spans: list[Span], state: State) -> int:
    """Return the ns that `spans` have in `state`."""
    return sum(span.ns for span in spans if span.state is state)


running = st.builds(lambda ns: (ns, Present(State.RUNNING)), st.integers(1_000, 9 * MS))
ready = st.builds(lambda ns: (ns, Present(State.READY)), st.integers(1_000, 9 * MS))
waiting = st.builds(lambda ns, what: (ns, what), st.integers(1_000, 30 * MS), st.sampled_from([IO, LOCK]))
threads = st.lists(st.tuples(waiting, ready, running).map(list), min_size=1, max_size=20).map(
    lambda rounds: Thread((*(span for round_ in rounds for span in round_), (10 * MS, IO)))
)
gaps = st.lists(st.integers(MS, 3 * MS), min_size=1, max_size=30)


def looks_until(end: int, gaps: list[int]) -> list[int]:
    """Return times of looks, the last two well within the wait at the end."""
    times = list(takewhile(lambda t: t < end - 5 * MS, accumulate(cycle(gaps))))
    return [*times, end - 2 * MS, end]


@given(threads, gaps)
def test_stretches_tile_the_life_of_a_thread(thread: Thread, gaps: list[int]) -> None:
    """The books close: the stretches add up to the lifetime."""
    spans = watched(thread, looks_until(thread.end, gaps))
    assert sum(span.ns for span in spans) == thread.end
    assert all(span.ns > 0 for span in spans)


@given(threads, gaps)
def test_running_and_ready_are_what_was_counted(thread: Thread, gaps: list[int]) -> None:
    """Whatever the looks have met, the counters are entered whole."""
    spans = watched(thread, looks_until(thread.end, gaps))
    for state in (State.RUNNING, State.READY):
        assert total(spans, state) == thread.counted(state, thread.end)
        assert all(span.known is Evidence.COUNTED for span in spans if span.state is state)


@given(threads, gaps)
def test_a_kind_of_wait_is_wrong_by_no_more_than_the_gaps_around_it(thread: Thread, gaps: list[int]) -> None:
    """Each passage from one state to another can hide less than one gap between two looks, and no more."""
    spans = watched(thread, looks_until(thread.end, gaps))
    passages = len(thread.spans) // 3 + 1
    assert total(spans, State.UNKNOWN) <= passages * 2 * max(gaps)
    for what in (IO, LOCK):
        truth = sum(ns for ns, each in thread.spans if each == what)
        assert abs(total(spans, what.state) - truth) <= passages * 2 * max(gaps)


sweeps = st.lists(st.tuples(st.integers(MS, 30 * MS), st.integers(0, 200 * MS)), min_size=3, max_size=10)
lively = st.lists(st.tuples(waiting, ready, running).map(list), min_size=20, max_size=60).map(
    lambda rounds: Thread((*(span for round_ in rounds for span in round_), (10 * MS, IO)))
)


@given(lively, sweeps)
def test_a_thread_that_is_read_late_in_a_look_has_run_no_more_than_was_counted(
    thread: Thread, sweeps: list[tuple[int, int]]
) -> None:
    """A look can take long where the observer gets little CPU: its begin is before what was read in its course."""
    accounting = ThreadAccounting(0)
    begin = t = 0
    for pause, delay in sweeps:
        if thread.blocked(t) is not None:
            accounting.still(begin)  # as of the last look's begin, it was as it was read then
        begin = t + pause
        t = begin + delay
        running, ready = thread.counted(State.RUNNING, t), thread.counted(State.READY, t)
        accounting.read(t, running, ready, thread.turns(t), thread.blocked(t), LATE)
    start, spans = accounting.drain()
    assert start + sum(span.ns for span in spans) <= t
    for state in (State.RUNNING, State.READY):
        assert total([*spans], state) == thread.counted(state, t)


def test_a_wait_begins_anew_after_a_turn_on_a_cpu_that_is_seen_late() -> None:
    """However short the turn was: what it is in since then is no older than that."""
    accounting = ThreadAccounting(0)
    for turns, begin, t in ((0, 10, 10), (2, 20, 1_000), (4, 1_010, 2_000)):
        accounting.read(t * MS, 5_000 * turns, 1_000 * turns, turns, LOCK, LATE)
        accounting.still(begin * MS)
        start, spans = accounting.drain()
        if turns:
            assert spans[-1] == Span(10_000, State.RUNNING, Evidence.COUNTED)
            assert start + sum(span.ns for span in spans) == t * MS
        assert accounting.present == LOCK


def test_a_wait_that_is_seen_late_is_unknown() -> None:
    """It ran more than once, unseen for longer than two periods: what it waited for in between is not known."""
    accounting = ThreadAccounting(0)
    accounting.read(1 * MS, 0, 0, 1, IO, LATE)
    accounting.read(21 * MS, 2 * MS, 0, 3, IO, LATE)
    _, spans = accounting.drain()
    assert total(list(spans), State.UNKNOWN) == 18 * MS
    assert total(list(spans), State.RUNNING) == 2 * MS


def test_a_wait_that_is_seen_late_is_known_where_there_was_no_other() -> None:
    """It has got a CPU once only: it was blocked before that and after that, and both were seen."""
    accounting = ThreadAccounting(0)
    accounting.read(1 * MS, 0, 0, 1, IO, LATE)
    accounting.read(21 * MS, 2 * MS, 0, 2, IO, LATE)
    _, spans = accounting.drain()
    assert total(list(spans), State.IO) == 19 * MS


def test_a_thread_that_got_no_cpu_is_still_blocked_however_late_the_look() -> None:
    """What stood still in between is certain, so nothing of it is unknown."""
    accounting = ThreadAccounting(0)
    accounting.read(1 * MS, 0, 0, 1, IO, LATE)
    accounting.still(500 * MS)
    accounting.read(501 * MS, 100, 0, 1, LOCK, LATE)
    _, spans = accounting.drain()
    assert total(list(spans), State.UNKNOWN) == 0
    assert total(list(spans), State.IO) > 499 * MS


def test_a_counter_that_lags_does_not_make_a_running_thread_wait() -> None:
    """A CPU-bound thread whose counter moves every 4 ms comes out running, and nothing else."""
    accounting = ThreadAccounting(0)
    for t in range(1 * MS, 200 * MS, 1 * MS):
        accounting.read(t, t // (4 * MS) * 4 * MS, 0, 1, None, LATE)
    accounting.read(200 * MS, 200 * MS, 0, 1, IO, LATE)
    _, spans = accounting.drain()
    assert spans == (Span(200 * MS, State.RUNNING, Evidence.COUNTED),)


def test_a_runnable_thread_whose_counters_stand_still_is_starved() -> None:
    """Until the counters say more, it is taken to run; beyond a scheduler tick, to wait for a CPU."""
    accounting = ThreadAccounting(0)
    accounting.read(1 * MS, 1 * MS, 0, 1, None, LATE)
    assert accounting.present == Present(State.RUNNING)
    accounting.read(30 * MS, 1 * MS, 0, 1, None, LATE)
    assert accounting.present == Present(State.READY)


def test_time_on_the_way_to_a_cpu_is_taken_back_from_the_wait() -> None:
    """A thread that had been woken when it was last taken for blocked was ready, as the counter says later."""
    accounting = ThreadAccounting(0)
    accounting.read(1 * MS, 0, 0, 1, IO, LATE)
    accounting.still(10 * MS)
    accounting.read(11 * MS, 1 * MS, 5 * MS, 1, None, LATE)
    _, spans = accounting.drain()
    assert spans == (
        Span(5 * MS, State.IO, Evidence.SAMPLED, "recvfrom"),
        Span(5 * MS, State.READY, Evidence.COUNTED),
        Span(1 * MS, State.RUNNING, Evidence.COUNTED),
    )


def test_a_long_wait_for_a_cpu_is_counted_late_and_is_no_other_wait() -> None:
    """A thread that is preempted for longer than a tick is ready all that time, once the counter says so."""
    accounting = ThreadAccounting(0)
    accounting.read(10 * MS, 10 * MS, 0, 1, None, LATE)
    for t in range(12 * MS, 40 * MS, 2 * MS):
        accounting.read(t, 11 * MS, 0, 1, None, LATE)
    accounting.read(42 * MS, 12 * MS, 30 * MS, 2, None, LATE)
    accounting.read(44 * MS, 14 * MS, 30 * MS, 2, IO, LATE)
    _, spans = accounting.drain()
    assert total(list(spans), State.READY) == 30 * MS
    assert total(list(spans), State.RUNNING) == 14 * MS
    assert total(list(spans), State.UNKNOWN) == 0


def test_a_thread_that_ends_unseen_ran_for_a_tick_at_most() -> None:
    """What it did beyond that, when it is found gone, is not known."""
    accounting = ThreadAccounting(0)
    accounting.read(10 * MS, 10 * MS, 0, 1, None, LATE)
    accounting.still(50 * MS)
    assert accounting.end(50 * MS) == 50 * MS
    _, spans = accounting.drain()
    assert total(list(spans), State.RUNNING) == 10 * MS + TICK_NS
    assert total(list(spans), State.UNKNOWN) == 40 * MS - TICK_NS


@pytest.mark.parametrize(("heard", "ended"), [(30, 30), (40, 40), (60, 50), (5, 30)])
def test_a_thread_lived_as_long_as_it_was_heard_of(heard: int, ended: int) -> None:
    """Not beyond the moment at which it was found gone; and what it did meanwhile is not known."""
    accounting = ThreadAccounting(0)
    accounting.read(10 * MS, 10 * MS, 0, 1, Present(State.SLEEP), LATE)
    accounting.still(10 * MS)
    assert accounting.end(50 * MS) == 30 * MS
    assert accounting.outlived(heard * MS) == ended * MS
    _, spans = accounting.drain()
    assert sum(span.ns for span in spans) == ended * MS
    assert total(list(spans), State.UNKNOWN) == (ended - 30) * MS


def test_time_that_nothing_accounts_for_is_unknown_in_the_end() -> None:
    """A thread that is said to have been there for 90 ms before it was, and that only runs."""
    accounting = ThreadAccounting(0)
    for t in range(100 * MS, 1000 * MS, 10 * MS):
        accounting.read(t, t - 90 * MS, 0, 1, None, LATE)
    start, spans = accounting.drain()
    settled = start + sum(span.ns for span in spans)
    assert settled >= 990 * MS - TICK_NS
    assert total(list(spans), State.UNKNOWN) == 90 * MS - TICK_NS
