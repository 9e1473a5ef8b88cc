"""From readings of one thread to the stretches of its lane. Pure: no clock, no files.

The kernel counts a thread's time on a CPU and its time waiting for one; what else it did is seen only at
samples. So running and ready are taken from the counters, and the rest of the time between two samples is shared
out by what these saw. The stretches tile the lane, so its books close by construction.

Two things about the counters (Linux, kernel/sched/fair.c `update_curr`, kernel/sched/stats.h `sched_info_arrive`):
the running time of a thread that is on a CPU is brought up to date only once in a scheduler tick, and the time
waiting for a CPU only when that is over. Both are exact while a thread is blocked. So a stretch in which a thread
was always found runnable stays open until the counters account for it or it is found blocked.
"""

from threadviz.protocol.events import Evidence, Present, Span, State

TICK_NS = 12_000_000
"""Beyond this, in ns, a counter that stands still can't be late: one scheduler tick at 100 Hz, and some slack."""

SHORT_NS = 10_000_000
"""Up to this gap (ns), a look that is late may still be taken for what was seen on both sides of it: two of CPython's
switch intervals, for on a busy machine an observer that comes late by less is no rarity."""

PATIENCE_NS = 200_000_000
"""For how long time may be left over by the counters (ns) until it counts as unaccounted for."""

NONE_YET = 2**63

UNKNOWN = Present(State.UNKNOWN)


class ThreadAccounting:
    """The books of one thread, from `start` on (ns; the counters stood at `running` and `ready` then)."""

    __slots__ = (
        "_blocked",
        "_changed",
        "_gone",
        "_mark",
        "_ready",
        "_runnable_since",
        "_running",
        "_seen",
        "_settled",
        "_start",
        "_surplus",
        "_turns",
    )

    def __init__(self, start: int, running: int = 0, ready: int = 0, turns: int = 0) -> None:
        self._start = self._mark = self._seen = self._changed = self._gone = start
        self._running = running  # what has been entered of the counters so far
        self._ready = ready
        self._turns = turns
        self._blocked: Present | None = None
        self._runnable_since = start
        self._surplus = NONE_YET
        self._settled: list[Span] = []

    @property
    def present(self) -> Present:
        """What the thread is taken to do since the end of the settled stretches."""
        if self._blocked is not None:
            return self._blocked
        starved = self._seen - self._changed > TICK_NS
        return Present(State.READY if starved else State.RUNNING)

    def still(self, t: int) -> None:
        """Note that at `t` (ns) the thread was as it was last seen: runnable, or in the same wait ever since.

        That may be a look's begin, and the thread have been read in the course of that look: then nothing is new.
        """
        self._seen = max(self._seen, t)

    def read(
        self, t: int, running: int, ready: int, turns: int, blocked: Present | None, late_ns: int
    ) -> None:
        """Enter one look at `t` (ns).

        `running` and `ready` are the counters (ns), `turns` is how often the thread has got a CPU; `blocked` is
        what it waits in, None where it is runnable. Where the look comes more than `late_ns` after the last one,
        waits in between are unknown, unless what was seen before and after leaves no room for another, or is the same
        and the gap is short.
        """
        running -= self._running
        ready -= self._ready
        turns -= self._turns
        gap = t - self._seen
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
        self._seen = t

    def _is_plain(self, turns: int, after: Present | None, gap: int) -> bool:
        """Tell whether all waits since the last look are known, for a thread that was blocked at it.

        One that has got a CPU once at most has not been blocked in anything but what was seen before and after.
        """
        if after is None:
            return turns <= 1
        return after == self._blocked and (turns <= 1 or gap <= SHORT_NS)

    def _after_blocked(self, t: int, running: int, ready: int, after: Present | None, unclear: bool) -> None:
        """It was blocked when last seen and has run since: when it woke is not known, within the gap."""
        before = self._blocked
        assert before is not None
        unseen = t - self._seen - running - ready
        if unseen < 0:
            # It was on its way to a CPU already when it was last taken for blocked.
            self._sampled(before, t - self._mark - running - ready)
        elif unclear:
            self._sampled(before, self._seen - self._mark)
            self._sampled(UNKNOWN, unseen)
        elif after == before:
            self._sampled(before, self._seen - self._mark + unseen)
        else:
            self._sampled(before, self._seen - self._mark + unseen // 2)
        self._on_cpu(running, ready, t)
        self._changed = t

    def _runnable_to_blocked(self, t: int, running: int, ready: int, seen_ns: int) -> None:
        """It is blocked now, so the counters are exact, and what they leave over was waiting.

        For up to `seen_ns` that can be the wait that it is in; the rest was another, which no look has met.
        """
        self._on_cpu(running, ready, t)
        self._sampled(UNKNOWN, t - self._mark - seen_ns)
        self._changed = t

    def _still_runnable(self, t: int, running: int, ready: int) -> None:
        """It is runnable as before: enter what is counted, and leave the rest open for the counters' next word.

        What is left over is, for now, no wait: it runs since the last tick, or has been waiting for a CPU, and for
        how long is counted when that is over. Only what stays left over is time that nothing accounts for: a wait
        that no look has met, time before the thread was there, or time that the machine has lost.
        """
        surplus = t - self._mark - running - ready - TICK_NS
        self._surplus = min(self._surplus, surplus)
        if t - self._runnable_since > PATIENCE_NS:
            self._sampled(UNKNOWN, self._surplus)
            self._surplus, self._runnable_since = surplus, t
        self._on_cpu(running, ready, t)
        self._changed = t

    def _on_cpu(self, running: int, ready: int, until: int) -> None:
        """Enter counted time, as far as it fits before `until`; what does not fit is entered with the next."""
        if ready > 0:
            ready = min(ready, until - self._mark)
            self._put(ready, State.READY, Evidence.COUNTED)
            self._ready += ready
        if running > 0:
            running = min(running, until - self._mark)
            self._put(running, State.RUNNING, Evidence.COUNTED)
            self._running += running

    def _sampled(self, what: Present, ns: int) -> None:
        self._put(ns, what.state, Evidence.SAMPLED, what.call)

    def _put(self, ns: int, state: State, known: Evidence, call: str = "") -> None:
        """Settle the next `ns` nanoseconds, if any. Runs for every stretch of every thread."""
        if ns <= 0:
            return
        self._mark += ns
        settled = self._settled
        if settled:
            last = settled[-1]
            if last.state is state and last.known is known and last.call == call:
                settled[-1] = Span(last.ns + ns, state, known, call)
                return
        settled.append(Span(ns, state, known, call))

    def end(self, t: int) -> int:
        """Close the books of a thread found gone at `t` (ns), and return when it is taken to have ended."""
        ended = max(self._mark, self._seen + (t - self._seen) // 2)
        if self._blocked is None:
            # The counters can be one tick late for a thread on a CPU: what it did beyond that was not seen.
            self._sampled(UNKNOWN, ended - self._mark - TICK_NS)
        self._sampled(self._blocked or Present(State.RUNNING), ended - self._mark)
        self._gone = max(t, ended)
        return ended

    def outlived(self, t: int) -> int:
        """Note that a thread which was found gone did something at `t` (ns), and return when it is taken to have ended.

        What it did from its end in the books on until then is not known.
        """
        self._sampled(UNKNOWN, min(t, self._gone) - self._mark)
        return self._mark

    def drain(self) -> tuple[int, tuple[Span, ...]]:
        """Hand over the stretches settled since the last call, with the time at which they start (ns)."""
        start, spans = self._start, tuple(self._settled)
        self._settled.clear()
        self._start = self._mark
        return start, spans
