import time
from collections import Counter, namedtuple
from decimal import Decimal
from threading import Lock

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadviz.workloads.user_function import short_repr

ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.complex_numbers() | st.text() | st.binary(),
    lambda inner: (
        st.lists(inner) | st.tuples(inner) | st.frozensets(st.integers()) | st.dictionaries(st.text(), inner)
    ),
    max_leaves=6,
)

Pair = namedtuple("Pair", "left right")


@pytest.mark.parametrize(
    "value",
    [5, -1.5, None, True, "a'b", b"\x00", (), (1,), [1, [2]], {}, {"a": (1, 2)}, set(), frozenset(), Decimal("1.0"),
     Pair(1, 2), Counter("aa"), 10**100, range(3)],
)  # fmt: skip
def test_what_is_short_is_told_as_it_is(value: object) -> None:
    """As `repr` has it; of empty sets there is no such way of writing."""
    told = {"set()": "{}", "frozenset()": "frozenset({})"}.get(repr(value), repr(value))
    assert short_repr(value) == told


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("x" * 201, f"'{'x' * 200}'... (201 in all)"),
        (b"x" * 10**6, f"b'{'x' * 200}'... (1000000 in all)"),
        (list(range(10**6)), "[0, 1, 2, 3, 4, 5, ...]"),
        ({n: n for n in range(9)}, "{0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, ...}"),
        ([[[1]]], "[[[...]]]"),
        ([[[]]], "[[[]]]"),
        (Decimal("1" * 300), f"Decimal('{'1' * 191}..."),
    ],
)
def test_what_is_long_is_cut(value: object, told: str) -> None:
    """With a word on it."""
    assert short_repr(value) == told


def test_a_very_long_number_is_not_written_out() -> None:
    """To do that takes long, and Python may refuse it."""
    assert short_repr([10**5000]) == "[<int of 16610 bits>]"


def test_what_is_in_itself() -> None:
    """No depth is too much."""
    value: list[object] = []
    for _ in range(10_000):
        value = [value]
    value.append(value)
    assert short_repr(value) == "[[[...]], [[...], [...]]]"


class Hostile:
    """Says nothing of itself."""

    asked = 0

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __repr__(self) -> str:
        type(self).asked += 1
        raise self.error

    def __len__(self) -> int:
        raise self.error


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), KeyboardInterrupt()])
def test_whatever_an_object_does(error: BaseException) -> None:
    """Nothing is raised, and none of its type is asked again."""

    class Once(Hostile):
        pass

    assert [short_repr(Once(error)), short_repr([Once(error)])] == [
        f"<{Once.__qualname__}>",
        f"[<{Once.__qualname__}>]",
    ]
    assert Once.asked == 1


def test_a_slow_one_is_asked_once() -> None:
    """What it said is told; of the next one, only what it is."""

    class Slow:
        def __repr__(self) -> str:
            until = time.thread_time() + 0.005
            while time.thread_time() < until:
                pass
            return "slow"

    assert [short_repr(Slow()), short_repr(Slow())] == ["slow", f"<{Slow.__qualname__}>"]


def test_what_only_looks_like_a_list() -> None:
    """Its own way of going through it is not used."""

    class Endless(list[int]):
        def __iter__(self):  # type: ignore[no-untyped-def]
            while True:
                yield 1

    assert short_repr(Endless()) == "[]"
    assert short_repr(Lock()).startswith("<unlocked _thread.lock object at ")


@given(ANY)
def test_it_is_never_long(value: object) -> None:
    """Whatever it is made of."""
    assert len(short_repr(value)) < 40_000
