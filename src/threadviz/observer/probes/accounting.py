"""Time accounting: turns the samples of one thread into the spans of its lane. Pure: no clock, no files.

The kernel counts a thread's time on a CPU and its time waiting for one. Everything else is seen only at samples. So
running and ready come from the counters, and the rest of the time between two samples is split by what they saw. The
spans follow each other without gaps, so they add up to the lane's lifetime.

Two facts about the counters (Linux, kernel/sched/fair.c `update_curr`, kernel/sched/stats.h `sched_info_arrive`): the
running time of a thread on a CPU is updated once per scheduler tick, and the time waiting for a CPU only when the wait
is over. Both are exact while a thread is blocked. So time in which a thread was always found runnable stays open until
the counters account for it, or the thread is found blocked.
"""

from threadviz.protocol.events import Evidence, Present, Span, State

TICK_NS = 12_000_000
"""A counter that stands still for longer (ns) is not just late: one scheduler tick at 100 Hz, and some slack."""

SHORT_NS = 10_000_000
"""Across gaps up to this (ns), the state that was sampled on both sides counts, even if the second sample is late:
two of CPython's switch intervals, because an observer on a busy machine is often that late."""

PATIENCE_NS = 200_000_000
"""How long (ns) the counters may leave time unexplained until it counts as unknown."""

NONE_YET = 2**63

UNKNOWN = Present(State.UNKNOWN)


class ThreadAccounting:
    """The time account of one thread from `start` (ns) on, when the counters stood at `running` and `ready` (ns)."""

    def __init__(self, start: int, running: int = 0, ready: int = 0, turns: int = 0) -> None:
        self._start = self._settled_until = self._sampled_until = self._counters_moved_at = (
            self._found_gone_at
        ) = start
        self._running = running  # how much of the counters is accounted for so far
        self._ready = ready
        self._turns = turns
        self._blocked: Present | None = None
        self._runnable_since = start
        self._surplus = NONE_YET
        self._settled_spans: list[Span] = []

    @property
    def present(self) -> Present:
        """The state since the end of the settled spans."""
        if self._blocked is not None:
            return self._blocked
        starved = self._sampled_until - self._counters_moved_at > TICK_NS
        return Present(State.READY if starved else State.RUNNING)

    def still(self, t: int) -> None:
        """Note that at `t` (ns) the thread was in the same state as at its last sample.

        `t` may be the start of the round in which the thread was sampled; then nothing is new.
        """
        self._sampled_until = max(self._sampled_until, t)

    def read(
        self, t: int, running: int, ready: int, turns: int, blocked: Present | None, late_ns: int
    ) -> None:
        """Add one sample, taken at `t` (ns).

        `running` and `ready` are the counters (ns), and `turns` counts how often the thread got a CPU. `blocked` is
        what it waits in, None if it is runnable. If the sample comes more than `late_ns` after the last one, waits in
        between are unknown, unless both samples leave no room for another wait, or are equal across a short gap.
        """
        running -= self._running
        ready -= self._ready
        turns -= self._turns
        gap = t - self._sampled_until
        late = gap > late_ns
        if self._blocked is not None:
            unclear = late and not self._is_plain(turns, blocked, gap)
            self._after_blocked(t, running, ready, blocked, unclear)
        elif blocked is not None:
            unclear = late and turns > 0 and gap > SHORT_NS
            self._runnable_to_blocked(t, running, ready, 0 if unclear else max(late_ns, gap))
        elif running or ready:
            self._still_runnable(t, running, ready)
        self._turns += turns
        if blocked is not None or self._blocked is not None:
            self._surplus, self._runnable_since = NONE_YET, t
        self._blocked = blocked
        self._sampled_until = t

    def _is_plain(self, turns: int, after: Present | None, gap: int) -> bool:
        """Return whether all waits since the last sample are known, for a thread that was blocked then.

        A thread that got a CPU at most once was blocked only in what was sampled before and after.
        """
        if after is None:
            return turns <= 1
        return after == self._blocked and (turns <= 1 or gap <= SHORT_NS)

    def _after_blocked(self, t: int, running: int, ready: int, after: Present | None, unclear: bool) -> None:
        """The thread was blocked and has run since. When it woke within the gap is not known."""
        before = self._blocked
        assert before is not None
        unseen = t - self._sampled_until - running - ready
        if unseen < 0:
            # It was already waiting for a CPU when it was last taken for blocked.
            self._sampled(before, t - self._settled_until - running - ready)
        elif unclear:
            self._sampled(before, self._sampled_until - self._settled_until)
            self._sampled(UNKNOWN, unseen)
        elif after == before:
            self._sampled(before, self._sampled_until - self._settled_until + unseen)
        else:
            self._sampled(before, self._sampled_until - self._settled_until + unseen // 2)
        self._on_cpu(running, ready, t)
        self._counters_moved_at = t

    def _runnable_to_blocked(self, t: int, running: int, ready: int, seen_ns: int) -> None:
        """The thread is blocked now, so the counters are exact, and the rest of the time was waiting.

        Up to `seen_ns` of it belongs to the current wait; the rest was another wait, which no sample met.
        """
        self._on_cpu(running, ready, t)
        self._sampled(UNKNOWN, t - self._settled_until - seen_ns)
        self._counters_moved_at = t

    def _still_runnable(self, t: int, running: int, ready: int) -> None:
        """The thread is runnable as before: add counted time, and leave the rest open.

        The rest is not a wait for now: the thread has run since the last tick, or waits for a CPU, which is counted
        when it is over. Only a rest that stays is unknown: a wait that no sample met, time before the thread existed,
        or time that the machine lost.
        """
        surplus = t - self._settled_until - running - ready - TICK_NS
        self._surplus = min(self._surplus, surplus)
        if t - self._runnable_since > PATIENCE_NS:
            self._sampled(UNKNOWN, self._surplus)
            self._surplus, self._runnable_since = surplus, t
        self._on_cpu(running, ready, t)
        self._counters_moved_at = t

    def _on_cpu(self, running: int, ready: int, until: int) -> None:
        """Add counted time as far as it fits before `until`; the rest is added later."""
        if ready > 0:
            ready = min(ready, until - self._settled_until)
            self._put(ready, State.READY, Evidence.COUNTED)
            self._ready += ready
        if running > 0:
            running = min(running, until - self._settled_until)
            self._put(running, State.RUNNING, Evidence.COUNTED)
            self._running += running

    def _sampled(self, what: Present, ns: int) -> None:
        self._put(ns, what.state, Evidence.SAMPLED, what.call)

    def _put(self, ns: int, state: State, known: Evidence, call: str = "") -> None:
        """Settle the next `ns`, if any. Runs for every span of every thread."""
        if ns <= 0:
            return
        self._settled_until += ns
        settled = self._settled_spans
        if settled:
            last = settled[-1]
            if last.state is state and last.known is known and last.call == call:
                settled[-1] = Span(last.ns + ns, state, known, call)
                return
        settled.append(Span(ns, state, known, call))

    def end(self, t: int) -> int:
        """Close the account of a thread found gone at `t` (ns). Return when it is taken to have ended (ns)."""
        ended = max(self._settled_until, self._sampled_until + (t - self._sampled_until) // 2)
        if self._blocked is None:
            # The counters can be one tick late for a thread on a CPU. Anything beyond that was not observed.
            self._sampled(UNKNOWN, ended - self._settled_until - TICK_NS)
        self._sampled(self._blocked or Present(State.RUNNING), ended - self._settled_until)
        self._found_gone_at = max(t, ended)
        return ended

    def outlived(self, t: int) -> int:
        """Extend the account of an ended thread that did something at `t` (ns), and return its new end (ns).

        The time in between is unknown.
        """
        self._sampled(UNKNOWN, min(t, self._found_gone_at) - self._settled_until)
        return self._settled_until

    def drain(self) -> tuple[int, tuple[Span, ...]]:
        """Return the spans settled since the last call, and when they start (ns)."""
        start, spans = self._start, tuple(self._settled_spans)
        self._settled_spans.clear()
        self._start = self._settled_until
        return start, spans
