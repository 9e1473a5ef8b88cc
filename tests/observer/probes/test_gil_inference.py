"""Stretches of who has held a GIL."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadviz.observer.probes.accounting import SHORT_NS
from threadviz.observer.probes.gil_holders import HolderAccounting
from threadviz.protocol.events import FREE, OPEN

MS = 1_000_000
LATE = 20 * MS


def holding(*looks: tuple[int, str | int]) -> HolderAccounting:
    """Return the book of these looks: (when in ms, who)."""
    book = HolderAccounting(looks[0][0] * MS)
    seen = looks[0][0] * MS
    for at, who in looks:
        book.read(seen, at * MS, who, LATE)
        seen = at * MS
    return book


def told(book: HolderAccounting, until: int) -> list[tuple[float, object]]:
    """Return its stretches until then, in ms."""
    return [(ns / MS, who) for ns, who in book.drain(until * MS)[1]]


def test_it_changes_hands_in_the_middle_between_two_looks() -> None:
    """What is equal is one stretch."""
    book = holding((0, "a"), (2, "a"), (4, "b"), (6, FREE), (8, FREE))
    assert told(book, 8) == [(3, "a"), (2, "b"), (3, FREE)]


@pytest.mark.parametrize(
    ("before", "gap", "after", "between"),
    [
        ("a", 30, "a", OPEN),
        ("a", 30, "b", OPEN),
        ("a", SHORT_NS // MS, "a", "a"),
        ("a", 20, "a", "a"),
    ],
)
def test_what_was_before_a_late_look_is_open(before: str, gap: int, after: str, between: str | int) -> None:
    """Not where it is late by little, and the holder is the same."""
    late = 20 * MS if gap >= 20 else 5 * MS
    book = HolderAccounting(0)
    book.read(0, 0, before, late)
    book.read(0, gap * MS, after, late)
    assert told(book, gap) == [(gap, between)]
    assert told(book, gap + 1) == [(1, after)]


def test_what_was_found_stands_while_nothing_runs() -> None:
    """The next look is late only as seen from when that was last known."""
    book = HolderAccounting(0)
    book.read(0, 0, FREE, LATE)
    book.read(500 * MS, 502 * MS, "a", LATE)
    assert told(book, 502) == [(501, FREE), (1, "a")]


def test_it_is_told_whether_it_has_changed_hands_since() -> None:
    """And until when it was told."""
    book = holding((0, "a"), (2, "a"))
    assert not book.settled
    book.drain(2 * MS)
    assert book.start == 2 * MS
    book.read(2 * MS, 4 * MS, "b", LATE)
    assert book.settled


@given(
    st.lists(st.tuples(st.integers(0, 60 * MS), st.sampled_from(["a", "b", FREE, OPEN]), st.booleans())),
    st.integers(0, 10 * MS),
)
def test_stretches_lie_end_to_end(looks: list[tuple[int, str | int, bool]], begin: int) -> None:
    """Whatever is seen, and whenever it is told, each stretch starts where the last has ended."""
    book = HolderAccounting(begin)
    seen = end = begin
    for gap, who, drained in looks:
        book.read(seen, seen + gap, who, LATE)
        seen += gap
        if drained:
            start, segments = book.drain(seen)
            assert start == end
            assert all(ns > 0 for ns, _ in segments)
            assert all(one[1] != other[1] for one, other in itertools.pairwise(segments))
            end = start + sum(ns for ns, _ in segments)
            assert end == seen
