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
def test_a_short_value_is_shown_as_it_is(value: object) -> None:
    """As `repr` has it."""
    assert short_repr(value) == repr(value)


@pytest.mark.parametrize(
    ("value", "shown"),
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
def test_a_long_value_is_cut(value: object, shown: str) -> None:
    """And marked as cut."""
    assert short_repr(value) == shown


def test_a_very_long_number_is_not_written_out() -> None:
    """That takes long, and Python may refuse it."""
    assert short_repr([10**5000]) == "[<int of 16610 bits>]"


def test_a_deep_or_recursive_value() -> None:
    """No depth is too much."""
    value: list[object] = []
    for _ in range(10_000):
        value = [value]
    value.append(value)
    assert short_repr(value) == "[[[...]], [[...], [...]]]"


class Hostile:
    """Fails whatever it is asked."""

    calls = 0

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def __repr__(self) -> str:
        type(self).calls += 1
        raise self.error

    def __len__(self) -> int:
        raise self.error


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3), KeyboardInterrupt()])
def test_a_repr_that_raises(error: BaseException) -> None:
    """It does no harm, and no object of its type is asked again."""

    class Once(Hostile):
        pass

    assert [short_repr(Once(error)), short_repr([Once(error)])] == [
        f"<{Once.__qualname__}>",
        f"[<{Once.__qualname__}>]",
    ]
    assert Once.calls == 1


def test_a_slow_repr_is_asked_once() -> None:
    """Its answer is shown; of the next object, only its type."""

    class Slow:
        def __repr__(self) -> str:
            until = time.thread_time() + 0.005
            while time.thread_time() < until:
                pass
            return "slow"

    assert [short_repr(Slow()), short_repr(Slow())] == ["slow", f"<{Slow.__qualname__}>"]


def test_a_subclass_is_not_iterated() -> None:
    """Its `__iter__` may do anything. Nor is a class that is only called like a built-in type."""

    class Endless(list[int]):
        def __iter__(self):  # type: ignore[no-untyped-def]
            while True:
                yield 1

    assert short_repr(Endless()) == "[]"
    assert short_repr(type("list", (Endless,), {})()) == "[]"
    assert short_repr(Lock()).startswith("<unlocked _thread.lock object at ")


@given(ANY)
def test_no_result_is_long(value: object) -> None:
    """Whatever it is made of."""
    assert len(short_repr(value)) < 40_000
