"""What a system call waits on, from its arguments and from what they point to."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadviz.observer.collectors.wait_targets import (
    AT_FDCWD,
    CALLS,
    connect_address,
    opened_path,
    waited_descriptor,
)
from threadviz.observer.cpython.memory import Reader

WORDS = st.lists(st.integers(0, 2**64 - 1), min_size=6, max_size=6)


def no_memory(_address: int, _size: int) -> bytes:
    """Stand in for memory that can't be read."""
    return b""


def holding(start: int, data: bytes) -> Reader:
    """Return a memory that has `data` at `start`, and nothing else."""

    def read(address: int, size: int) -> bytes:
        return data[address - start :][:size] if start <= address < start + len(data) else b""

    return read


@pytest.mark.parametrize("call", ["read", "recvfrom", "sendto", "accept4", "fsync", "flock", "sendfile"])
def test_most_calls_have_the_descriptor_first(call: str) -> None:
    """Only the lower half of the register counts."""
    assert waited_descriptor(call, [0xFFFFFFFF00000007, 1, 2, 3, 4, 5], no_memory) == 7


def test_a_poll_for_one_file_has_the_descriptor_in_memory() -> None:
    """It is the first word of what the first argument points to. Of several files, none is returned."""
    memory = holding(0x1000, struct.pack("=ihh", 9, 1, 0))
    assert waited_descriptor("poll", [0x1000, 1, 500, 0, 0, 0], memory) == 9
    assert waited_descriptor("ppoll", [0x1000, 1, 0, 0, 0, 0], memory) == 9
    assert waited_descriptor("poll", [0x1000, 2, 500, 0, 0, 0], memory) is None
    assert waited_descriptor("poll", [0x2000, 1, 500, 0, 0, 0], memory) is None


@given(st.sets(st.integers(0, 99), max_size=3), st.sets(st.integers(0, 99), max_size=3), st.integers(0, 100))
def test_a_select_for_one_file_has_one_bit(reads: set[int], writes: set[int], files: int) -> None:
    """In any of its sets, as far as these go."""

    def packed(files: set[int]) -> bytes:
        return sum(1 << file for file in files).to_bytes(13, "little")

    memory = holding(0x1000, packed(reads) + packed(writes))
    counted = {file for file in reads | writes if file < files}
    expected = counted.pop() if len(counted) == 1 else None
    assert waited_descriptor("select", [files, 0x1000, 0x1000 + 13, 0, 0, 0], memory) == expected


def test_a_call_that_opens_has_the_path() -> None:
    """From a directory, or from the current one. A path may end before a page does."""
    memory = holding(0x1FF8, b"a/b.txt\0rest")
    assert opened_path("openat", [0xFFFFFF9C, 0x1FF8, 0, 0, 0, 0], memory) == (AT_FDCWD, b"a/b.txt")
    assert opened_path("openat", [5, 0x1FFA, 0, 0, 0, 0], memory) == (5, b"b.txt")
    assert opened_path("open", [0x1FF8, 0, 0, 0, 0, 0], memory) == (AT_FDCWD, b"a/b.txt")
    assert opened_path("openat", [5, 0x3000, 0, 0, 0, 0], memory) is None
    assert opened_path("read", [5, 0x1FF8, 0, 0, 0, 0], memory) is None


def test_a_path_may_continue_on_the_next_page() -> None:
    """It is read to its end."""
    path = b"x" * 100
    assert opened_path("open", [0x1FC0, 0, 0, 0, 0, 0], holding(0x1FC0, path + b"\0")) == (AT_FDCWD, path)


def test_a_call_that_connects_has_the_address() -> None:
    """As long as the call says, and no longer."""
    memory = holding(0x1000, b"0123456789")
    assert connect_address("connect", [3, 0x1000, 4, 0, 0, 0], memory) == b"0123"
    assert connect_address("recvfrom", [3, 0x1000, 4, 0, 0, 0], memory) is None


@given(st.sampled_from(sorted(CALLS | {"epoll_wait", "futex", ""})), WORDS, st.binary(max_size=64))
def test_any_arguments_can_be_read(call: str, arguments: list[int], garbage: bytes) -> None:
    """A program can pass what it likes, and its memory can hold anything."""

    def memory(_address: int, size: int) -> bytes:
        return garbage[:size]

    found = waited_descriptor(call, arguments, memory)
    assert found is None or -(2**31) <= found < 2**31
    opened_path(call, arguments, memory)
    connect_address(call, arguments, memory)
