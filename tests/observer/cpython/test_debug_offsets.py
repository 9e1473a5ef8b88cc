"""What CPython says of its structures."""

import platform
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.observer.images import NUMBERS, offsets
from threadviz.observer.cpython.debug_offsets import SIZE, Offsets, read_head, version_text


@pytest.mark.parametrize("pointer", [4, 8])
def test_offsets_are_read_where_a_known_version_has_them(pointer: int) -> None:
    """Those within the GIL count from its start."""
    read = Offsets.read(offsets(), pointer)
    assert read == Offsets(
        head=NUMBERS[5], id=0x20, next=0x28, gil=0x10, enabled=0, locked=0x18, holder=0x10, native=0x40
    )


@pytest.mark.parametrize(
    ("version", "why"),
    [
        (0x031000F0, "a version that is not known yet"),
        (0x030C00F0, "one that does not say where things are"),
        (0x030E00B1, "a beta, whose structures may still change"),
        (0x020700F0, "nonsense"),
    ],
)
def test_of_other_versions_nothing_is_taken(version: int, why: str) -> None:
    """Where its numbers stand is settled for each minor version by its release."""
    assert Offsets.read(offsets(version), 8) is None, why


def test_a_release_candidate_is_read() -> None:
    """Its structures are those of the release."""
    assert Offsets.read(offsets(0x030E00C2), 8) is not None


@pytest.mark.parametrize("place", [5, 7, 8, 15, 16, 17, 18, 19, 28])
def test_offsets_that_make_no_sense_are_not_taken(place: int) -> None:
    """One that points far away is garbage."""
    data = bytearray(offsets())
    data[8 * place : 8 * place + 8] = b"\xff" * 8
    assert Offsets.read(bytes(data), 8) is None


@given(st.binary(max_size=SIZE), st.integers(0, SIZE))
def test_garbage_is_taken_for_nothing_or_for_offsets_within_bounds(garbage: bytes, at: int) -> None:
    """It never raises."""
    data = bytearray(offsets()[:SIZE])
    data[at : at + len(garbage)] = garbage
    read = Offsets.read(bytes(data), 8)
    assert read is None or max(read.locked, read.holder, read.enabled) < 256
    assert read is None or read_head(bytes(data)) is not None


def test_a_build_says_whether_it_is_free_threaded() -> None:
    """And its version."""
    assert read_head(offsets(free_threaded=True)) == (0x030E08F0, True)
    assert read_head(b"xdebugpx" + bytes(SIZE)) is None
    assert read_head(b"xdebugpy") is None


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0x030B07F0, "3.11.7"),
        (0x030F00A3, "3.15.0a3"),
        (0x030F00B1, "3.15.0b1"),
        (0x030E00C2, "3.14.0rc2"),
    ],
)
def test_a_version_is_written_as_python_writes_it(number: int, text: str) -> None:
    """With alphas, betas and candidates."""
    assert version_text(number) == text


def test_this_version_is_written_as_this_python_writes_it() -> None:
    """The same as `platform` has."""
    assert version_text(sys.hexversion) == platform.python_version().removesuffix("+")
