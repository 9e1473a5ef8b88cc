"""What the benchmarks' figures are made with."""

import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.frames import spread
from benchmarks.hour import memory
from benchmarks.perf import Traced, read_summary
from benchmarks.plain_asyncio import divides
from benchmarks.ratios import Ratio
from benchmarks.report import Goal, table
from benchmarks.streams import whole
from benchmarks.terminal import Size, Terminal
from threadviz.protocol.events import Outcome
from threadviz.timeline import Role, Timeline
from threadviz.workloads.primes import smallest_divisor

times = st.floats(0.1, 10)


@given(st.lists(st.tuples(times, times), min_size=1, max_size=30))
def test_a_ratio_lies_in_its_interval(pairs: list[tuple[float, float]]) -> None:
    """The interval holds the median, and reaches no further than the pairs do."""
    ratio = Ratio.of(pairs)
    ratios = [a / b for a, b in pairs]
    assert min(ratios) <= ratio.low <= ratio.median <= ratio.high <= max(ratios)
    assert ratio.pairs == len(pairs)


def test_an_interval_is_as_wide_as_the_pairs_disagree() -> None:
    """Pairs that agree leave no doubt; one that strays does not move the median."""
    assert Ratio.of([(2, 1)] * 9) == Ratio(2, 2, 2, 9)
    assert Ratio.of([(2, 1)] * 8 + [(90, 1)]).median == 2


def test_a_goal_says_whether_it_is_met() -> None:
    """A bound that is just kept is kept, from either side."""
    assert str(Goal("ratio", 1.02, 1.02)) == "ratio: 1.02 (goal: at most 1.02): met"
    assert str(Goal("rate", 499, 500, "Hz", least=True)) == "rate: 499 Hz (goal: at least 500 Hz): NOT MET"


def test_a_table_is_aligned() -> None:
    """Words stand left, figures right."""
    assert table(["name", "s"], [["a", 1], ["bcdef", 10]]) == "name    s\na       1\nbcdef  10"


@given(st.integers(1, 5000).map(lambda half: 2 * half + 1))
def test_the_bare_script_computes_the_same(number: int) -> None:
    """Its divisor is the workload's, which says the number itself for a prime."""
    assert (divides(number) or number) == smallest_divisor(number)


@given(st.lists(st.floats(0, 1e6), min_size=1))
def test_a_spread_is_in_order(values: list[float]) -> None:
    """The median is no more than the 95th percentile, and that no more than the worst."""
    found = spread(values)
    assert min(values) <= found["p50"] <= found["p95"] <= found["worst"] == max(values)


def test_a_made_up_run_is_a_whole_one() -> None:
    """It has an event loop, workers with a task each, as many stretches as were asked for, and an end."""
    timeline = Timeline()
    timeline.extend(whole(4, 5_000))
    assert [lane.role for lane in timeline.lanes] == [Role.LOOP, *[Role.WORKER] * 3]
    assert all(task.result for task in timeline.tasks)
    assert sum(lane.size for lane in timeline.lanes) > 4_000  # neighbours may have become one
    assert timeline.closed is not None and timeline.closed.outcome is Outcome.FINISHED


def test_a_long_run_is_thinned_from_its_begin_on() -> None:
    """What is kept is about as much as was asked for, and the latest of it is as it was told."""
    found = memory(5.0, 20_000)
    assert found.told == 32_000
    assert 10_000 < found.held < 22_000
    assert found.grains_s == {1.0: 0}


def test_a_terminal_has_its_size_and_takes_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command sees the size, not another terminal's; it gets what is typed, and what it writes is noted."""
    monkeypatch.setenv("COLUMNS", "80")
    asks = "import shutil; print(shutil.get_terminal_size()); print(input().upper())"
    with Terminal([sys.executable, "-c", asks], Size(97, 31)) as terminal:
        first = terminal.wait_for(b"columns=97, lines=31", 0, 30)
        pressed = terminal.press(b"hello\n")
        shown = terminal.wait_for(b"HELLO", pressed, 30)
        assert terminal.started < first < pressed < shown
        with pytest.raises(TimeoutError, match="never"):
            terminal.wait_for(b"never", 0, 30)  # at once, for the command has ended
    assert terminal.bytes_within(pressed, shown + 1) >= len("hello HELLO")


SUMMARY = """
 Summary of events:

 python3 (5242), 2604 events, 29.2%

   syscall            calls  errors  total       min       avg       max       stddev
                                     (msec)    (msec)    (msec)    (msec)        (%)
   --------------- --------  ------ -------- --------- --------- ---------     ------
   futex               1166    229  1512.511     0.010     1.297     9.625      4.51%
   pselect6             136      0  1388.101     0.000    10.207    12.842      0.84%


 a (name) (5243), 3114 events, 34.9%

   syscall            calls  errors  total       min       avg       max       stddev
                                     (msec)    (msec)    (msec)    (msec)        (%)
   --------------- --------  ------ -------- --------- --------- ---------     ------
   futex               1557    311  1213.672     0.010     0.779     8.458      6.05%

"""


def test_what_perf_sums_up_is_read() -> None:
    """The time in each system call, of each thread."""
    assert read_summary(SUMMARY) == {
        5242: {"futex": 1512.511, "pselect6": 1388.101},
        5243: {"futex": 1213.672},
    }


def test_a_wait_for_a_core_may_be_in_a_system_call() -> None:
    """Of what perf has more than threadviz, as much as the thread was ready is no difference."""
    assert Traced("spins", perf_futex=0.60, perf_io=0, gil=0.55, io=0, ready=0.06).worst == 0
    assert Traced("spins", 0.60, 0, 0.55, 0, 0.02).worst == pytest.approx(3)
    assert Traced("spins", 0.50, 0, 0.55, 0, 0.02).worst == pytest.approx(5)
