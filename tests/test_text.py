import pytest

from threadviz.text import count, percent, seconds


@pytest.mark.parametrize(
    ("ns", "words"),
    [
        (0, "0 ms"),
        (10, "under 0.1 ms"),
        (2_140_000, "2.1 ms"),
        (9_960_000, "10 ms"),
        (105_400_000, "105 ms"),
        (999_400_000, "999 ms"),
        (999_600_000, "1.00 s"),
        (6_743_000_000, "6.74 s"),
    ],
)
def test_seconds(ns: int, words: str) -> None:
    """A duration is told with three figures or so, in the unit that suits it."""
    assert seconds(ns) == words


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (0.0, "0 %"),
        (0.0001, "under 0.1 %"),
        (0.023, "2.3 %"),
        (0.0996, "10 %"),
        (0.47, "47 %"),
        (1.0, "100 %"),
        (2.5, "250 %"),
    ],
)
def test_percent(share: float, words: str) -> None:
    """A share is told in per cent, a small one with a decimal."""
    assert percent(share) == words


def test_count() -> None:
    """One thing, and any other number of things."""
    assert (count(0, "task"), count(1, "task"), count(6, "task")) == ("0 tasks", "1 task", "6 tasks")
