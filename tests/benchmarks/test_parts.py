"""What the benchmarks' figures are made with."""

from hypothesis import given
from hypothesis import strategies as st

from benchmarks.bare import divides
from benchmarks.ratios import Ratio
from benchmarks.report import Goal, table
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
