"""Who holds a GIL at one look."""

import ctypes
import os
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.observer.images import interpreter, offsets
from threadviz.observer.cpython.debug_offsets import GIL_SIZE, Offsets
from threadviz.observer.cpython.gil_reader import GilReader
from threadviz.observer.cpython.memory import Memory
from threadviz.observer.probes.gil_holders import inferred
from threadviz.protocol.events import FREE, OPEN

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="/proc is Linux's")


@dataclass
class Seen:
    """A thread as it was last seen, as far as it matters here."""

    gil_place: tuple[int, bytes] | None
    blocked: bool
    since: int


WAITS = Seen((1, b""), True, 0)
RUNS = Seen(None, False, 0)
SLEEPS = Seen(None, True, 10)


@pytest.mark.parametrize(
    ("threads", "passed", "holder"),
    [
        ([WAITS, RUNS, WAITS], 0, 1),
        ([WAITS, RUNS, RUNS], 0, None),  # either of the two
        ([RUNS, RUNS], 0, None),
        ([RUNS], 0, None),  # nobody waits: it may run without
        ([SLEEPS, SLEEPS], 20, None),
        ([WAITS, RUNS, SLEEPS], 0, None),  # the one that sleeps may have it
        ([WAITS, RUNS, SLEEPS], 10, None),
        ([WAITS, RUNS, SLEEPS], 11, 1),  # it has changed hands while that one slept
        ([WAITS, SLEEPS], 0, 1),  # who sleeps has not let go of it
        ([WAITS, WAITS], 0, None),  # it changes hands just now
        ([], 0, None),
    ],
)
def test_the_holder_is_inferred_only_where_nobody_else_can_be_it(
    threads: list[Seen], passed: int, holder: int | None
) -> None:
    """One thread waits for the GIL, and all others but one can't have it."""
    found = inferred(threads, passed)  # type: ignore[arg-type]
    assert found is (None if holder is None else threads[holder])  # type: ignore[comparison-overlap]


class MadeUp:
    """Memory of this process, made up, and what reads it: `_PyRuntime`, and at 0x1000 an interpreter with its GIL."""

    def __init__(self) -> None:
        self.bytes = ctypes.create_string_buffer(0x4000)
        self.at = ctypes.addressof(self.bytes)
        self.gil = self.at + 0x1800
        self.put(0x300, self.at + 0x1000)
        self.interpreter(0x1000, 0, 0, self.gil)
        read = Offsets.read(offsets(), 8)
        assert read is not None
        self.reader = GilReader(Memory(os.getpid()), self.at, read, 8)

    def put(self, at: int, number: int, size: int = 8) -> None:
        """Write a number."""
        self.write(at, number.to_bytes(size, sys.byteorder, signed=number < 0))

    def interpreter(self, at: int, number: int, after: int, gil: int) -> None:
        """Write an interpreter, all but its GIL."""
        self.write(at, interpreter(number, after, gil)[:0x40])

    def write(self, at: int, data: bytes) -> None:
        """Write bytes."""
        ctypes.memmove(self.at + at, data, len(data))

    def close(self) -> None:
        """Let go of the memory."""
        self.reader.close()


@pytest.fixture
def made_up() -> Iterator[MadeUp]:
    """Return memory that is made up anew."""
    with closing(MadeUp()) as memory:
        yield memory


@pytest.mark.parametrize(
    ("locked", "state", "expected"),
    [
        (1, 0x2000, 4242),
        (0, 0x2000, FREE),  # the holder outlives the release
        (-1, 0x2000, OPEN),
        (7, 0x2000, OPEN),
        (1, 0x2100, OPEN),  # a thread without a number
    ],
)
def test_the_holder_counts_only_while_the_gil_is_locked(
    made_up: MadeUp, locked: int, state: int, expected: int
) -> None:
    """What makes no sense is open."""
    made_up.put(0x1818, locked, 4)
    made_up.put(0x1810, made_up.at + state)
    made_up.put(0x2040, 4242)
    assert made_up.reader.read(made_up.gil) == expected


@pytest.mark.parametrize("holder", [0, 1, 2**63 - 8, 2**64 - 1])
def test_a_holder_that_is_nowhere_is_open(made_up: MadeUp, holder: int) -> None:
    """Its address leads to nothing that could be read; nor does that of the GIL."""
    made_up.put(0x1818, 1, 4)
    made_up.write(0x1810, holder.to_bytes(8, sys.byteorder))
    assert made_up.reader.read(made_up.gil) == OPEN
    assert made_up.reader.read(holder) == OPEN


def test_interpreters_are_found_as_they_come_and_go(made_up: MadeUp) -> None:
    """And where their own GILs are, for a wait there is one for a GIL."""
    reader = made_up.reader
    assert reader.find()
    assert reader.gils == {0: made_up.gil}
    assert not reader.ranges
    assert not reader.find()
    made_up.interpreter(0x3000, 1, made_up.at + 0x1000, made_up.at + 0x3800)
    made_up.put(0x300, made_up.at + 0x3000)
    assert reader.find()
    assert reader.gils == {0: made_up.gil, 1: made_up.at + 0x3800}
    assert reader.ranges == ((made_up.at + 0x3800, made_up.at + 0x3800 + GIL_SIZE),)
    assert not reader.find()
    made_up.put(0x300, made_up.at + 0x1000)
    assert reader.find()
    assert reader.gils == {0: made_up.gil}


def test_a_gil_that_is_not_there_yet_is_found_when_it_is(made_up: MadeUp) -> None:
    """As while Python starts: there is no interpreter, and then one without a GIL."""
    made_up.put(0x300, 0)
    assert not made_up.reader.find()
    made_up.put(0x300, made_up.at + 0x1000)
    made_up.put(0x1010, 0)
    assert not made_up.reader.find()
    made_up.put(0x1010, made_up.gil)
    assert made_up.reader.find()
    assert made_up.reader.gils == {0: made_up.gil}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=0x1000), st.integers(0, 0x3000))
def test_garbage_raises_nothing(made_up: MadeUp, garbage: bytes, at: int) -> None:
    """Whatever is read is open, or free, or some number."""
    made_up.write(at, garbage)
    made_up.reader.find()
    for gil in made_up.reader.gils.values():
        assert made_up.reader.read(gil) >= OPEN
