from decimal import Decimal
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from threadviz.presentation.axis import moment, ticks

lengths = st.integers(1, 10**13)
widths = st.integers(40, 300)


@given(lengths, widths)
def test_labels_never_touch(length: int, cells: int) -> None:
    """Between two labels there is room, and the last one ends within the axis."""
    found = ticks(length, cells)
    for tick, following in pairwise(found):
        assert tick.cell + len(tick.label) < following.cell
    assert found[-1].cell + len(found[-1].label) <= cells


@given(lengths, widths)
def test_ticks_are_round_and_evenly_apart(length: int, cells: int) -> None:
    """Each is a multiple of 1, 2 or 5 times a power of ten, from 0 on."""
    moments = [Decimal(tick.label.split(" ")[0]) for tick in ticks(length, cells)]
    assert moments[0] == 0
    steps = {after - before for before, after in pairwise(moments)}
    assert len(steps) <= 1
    for step in steps:
        assert step.normalize().as_tuple().digits in {(1,), (2,), (5,)}


@given(lengths, widths)
def test_a_tick_is_at_its_moment(length: int, cells: int) -> None:
    """The tick's cell contains its moment, in the unit of the last label."""
    found = ticks(length, cells)
    unit = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}[found[-1].label.split(" ")[1]]
    for tick in found:
        moment = int(Decimal(tick.label.split(" ")[0]) * unit)
        assert tick.cell == moment * cells // length


def test_the_default_set_has_an_axis_of_whole_seconds() -> None:
    """Only the last label has the unit."""
    assert [tick.label for tick in ticks(6_700_000_000, 80)] == ["0", "1", "2", "3", "4", "5", "6 s"]


def test_a_short_run_has_an_axis_of_smaller_units() -> None:
    """0.0002 s is hard to read."""
    assert [tick.label for tick in ticks(338_000_000, 60)] == [
        "0",
        "50",
        "100",
        "150",
        "200",
        "250",
        "300 ms",
    ]
    assert ticks(338_000, 80)[-1].label == "300 us"
    assert ticks(338, 60)[-1].label == "300 ns"


def test_there_is_no_axis_without_time() -> None:
    """As for a run that did not begin."""
    assert ticks(0, 80) == []


sinces = st.integers(0, 10**13)


@given(st.integers(40 * 1000, 10**13), widths, sinces)
def test_an_axis_may_begin_later(length: int, cells: int, since: int) -> None:
    """Its ticks are round and at their moments, and their labels do not touch."""
    found = ticks(length, cells, since)
    if not found:
        return
    *_, unit = found[-1].label.split(" ")
    moments = [
        Decimal(tick.label.split(" ")[0]) * {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}[unit]
        for tick in found
    ]
    for tick, at in zip(found, moments, strict=True):
        assert tick.cell == int(at - since) * cells // length
    assert len({after - before for before, after in pairwise(moments)}) <= 1
    for tick, following in pairwise(found):
        assert tick.cell + len(tick.label) < following.cell


@given(st.integers(0, 10**12), st.integers(1, 10**9))
def test_moments_that_are_apart_read_differently(t: int, apart: int) -> None:
    """With as many digits as needed."""
    assert moment(t, apart) != moment(t + apart, apart)


def test_a_moment_has_as_many_digits_as_needed() -> None:
    """And none that a cell can't show."""
    assert moment(1_234_567_890, 20_000_000) == "1.23 s"
    assert moment(1_234_567_890, 20_000) == "1.23457 s"
    assert moment(12_345_678, 1_000_000) == "12 ms"
    assert moment(0, 1_000_000) == "0 ms"
