"""The pace of looks: jittered, never bursting after falling behind, and within a budget."""

import random
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadviz.observer.probes.sampler import BUDGET, JITTER, Pace

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
        pacer.sampled(now)
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
        pacer.sampled(now)
        if delay > BASE:
            assert pacer.wait_ns(now) > 0
    due = now / BASE
    assert pacer.rounds + pacer.missed == pytest.approx(due, rel=JITTER, abs=len(delays) + 2)


def share_after(cost: Callable[[int], int], seconds: int) -> tuple[float, int]:
    """Return the share of a core that looks come to, and how many there were, in the last ten seconds.

    `cost` is what one costs (ns), for the time since the last one (ns).
    """
    pacer, now, cpu, flushed, last = pace(), 0, 0, 0, 0
    marks = (0, 0)
    while now < seconds * 1000 * MS:
        now += pacer.wait_ns(now)
        spent = cost(now - last)
        last = now
        now += spent
        cpu += spent
        pacer.sampled(now)
        if now - flushed > 50 * MS:
            pacer.keep_budget(now, cpu, 0)
            flushed = now
        if not marks[0] and now > (seconds - 10) * 1000 * MS:
            marks = (cpu, pacer.rounds)
    return (cpu - marks[0]) / 10e9, pacer.rounds - marks[1]


@pytest.mark.parametrize("cost_us", [100, 300, 1000, 3000])
def test_dear_looks_come_less_often(cost_us: int) -> None:
    """Whatever a look costs, the share of a core settles at the budget."""
    share, _ = share_after(lambda _: cost_us * 1000, 30)
    assert share == pytest.approx(BUDGET, rel=0.1)


def test_cheap_looks_come_at_the_rate_that_was_asked() -> None:
    """Where the budget allows, nothing is slowed down."""
    share, rounds = share_after(lambda _: 20_000, 15)
    assert share < BUDGET
    assert rounds == pytest.approx(10e9 / BASE, rel=0.05)


def test_a_rate_that_was_lowered_rises_again_where_it_costs_no_more() -> None:
    """Looks that come seldom cost more each: once slow, they would stay slow, but for a trial now and then."""
    looks = 0

    def cost(gap: int) -> int:
        nonlocal looks
        looks += 1
        if looks < 30:
            return 500_000  # something that has passed
        return 50_000 if gap < 1.5 * BASE else int(gap * BUDGET * 1.02)

    share, rounds = share_after(cost, 40)
    assert share < BUDGET
    assert rounds == pytest.approx(10e9 / BASE, rel=0.05)
