"""The pace of looks: jittered, never bursting after falling behind, and within a budget."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadviz.observer.pace import BUDGET, JITTER, Pace

MS = 1_000_000
BASE = 2 * MS


def pace() -> Pace:
    """Return one with a base period of two milliseconds."""
    return Pace(BASE, random.Random(1))


def test_looks_are_jittered_around_the_period() -> None:
    """On average they come a period apart, and never at the same distance."""
    pacer, now, looks = pace(), 0, []
    for _ in range(2000):
        now += pacer.wait_ns(now)
        pacer.looked(now)
        looks.append(now)
    gaps = [end - start for start, end in pairwise(looks)]
    assert min(gaps) >= BASE * (1 - JITTER) - 1 and max(gaps) <= BASE * (1 + JITTER) + 1
    assert sum(gaps) / len(gaps) == pytest.approx(BASE, rel=0.02)
    assert len(set(gaps)) > len(gaps) / 2
    assert (pacer.rounds, pacer.missed) == (2000, 0)


@given(st.lists(st.integers(0, 50 * MS), min_size=1, max_size=100))
def test_after_falling_behind_looks_are_skipped_and_counted(delays: list[int]) -> None:
    """A late look is followed by a wait, never by a burst; what was skipped is said."""
    pacer, now = pace(), 0
    for delay in delays:
        now += pacer.wait_ns(now) + delay
        pacer.looked(now)
        if delay > BASE:
            assert pacer.wait_ns(now) > 0
    due = now / BASE
    assert pacer.rounds + pacer.missed == pytest.approx(due, rel=JITTER, abs=len(delays) + 2)


def share_after(cost_ns: int, seconds: int) -> tuple[float, int]:
    """Return the share of a core that looks of that cost come to, and how many a second, in the last second."""
    pacer, now, cpu, flushed = pace(), 0, 0, 0
    marks = (0, 0)
    while now < seconds * 1000 * MS:
        now += pacer.wait_ns(now) + cost_ns
        cpu += cost_ns
        pacer.looked(now)
        if now - flushed > 50 * MS:
            pacer.keep_budget(now, cpu, 0)
            flushed = now
        if not marks[0] and now > (seconds - 1) * 1000 * MS:
            marks = (cpu, pacer.rounds)
    return (cpu - marks[0]) / 1e9, pacer.rounds - marks[1]


@pytest.mark.parametrize("cost_us", [100, 300, 1000, 3000])
def test_dear_looks_come_less_often(cost_us: int) -> None:
    """Whatever a look costs, the share of a core settles at the budget."""
    share, _ = share_after(cost_us * 1000, 20)
    assert share == pytest.approx(BUDGET, rel=0.1)


def test_cheap_looks_come_at_the_rate_that_was_asked() -> None:
    """Where the budget allows, nothing is slowed down."""
    share, rate = share_after(20_000, 5)
    assert share < BUDGET
    assert rate == pytest.approx(1e9 / BASE, rel=0.05)
