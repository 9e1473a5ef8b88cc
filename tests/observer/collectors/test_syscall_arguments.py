"""What a system call waits on, by its arguments and by what these point to."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadviz.observer.collectors.wait_targets import HERE, WITH_A_PLACE, address, descriptor, opened
from threadviz.observer.cpython.memory import Reader

WORDS = st.lists(st.integers(0, 2**64 - 1), min_size=6, max_size=6)


def nothing(_address: int, _size: int) -> bytes:
    """Return what can be read where nothing can."""
    return b""


def holding(start: int, data: bytes) -> Reader:
    """Return a memory that has `data` at `start`, and nothing else."""

    def read(address: int, size: int) -> bytes:
        return data[address - start :][:size] if start <= address < start + len(data) else b""

    return read


@pytest.mark.parametrize("call", ["read", "recvfrom", "sendto", "accept4", "fsync", "flock", "sendfile"])
def test_most_calls_name_their_file_first(call: str) -> None:
    """By its descriptor, of which only the lower half of the register counts."""
    assert descriptor(call, [0xFFFFFFFF00000007, 1, 2, 3, 4, 5], nothing) == 7


def test_a_poll_for_one_file_names_it_in_memory() -> None:
    """As the first word of what the first argument points to; of several files, none is told."""
    memory = holding(0x1000, struct.pack("=ihh", 9, 1, 0))
    assert descriptor("poll", [0x1000, 1, 500, 0, 0, 0], memory) == 9
    assert descriptor("ppoll", [0x1000, 1, 0, 0, 0, 0], memory) == 9
    assert descriptor("poll", [0x1000, 2, 500, 0, 0, 0], memory) is None
    assert descriptor("poll", [0x2000, 1, 500, 0, 0, 0], memory) is None


@given(st.sets(st.integers(0, 99), max_size=3), st.sets(st.integers(0, 99), max_size=3), st.integers(0, 100))
def test_a_select_for_one_file_names_it_by_a_bit(reads: set[int], writes: set[int], files: int) -> None:
    """In any of its sets, as far as it says that they go."""

    def packed(files: set[int]) -> bytes:
        return sum(1 << file for file in files).to_bytes(13, "little")

    memory = holding(0x1000, packed(reads) + packed(writes))
    counted = {file for file in reads | writes if file < files}
    expected = counted.pop() if len(counted) == 1 else None
    assert descriptor("select", [files, 0x1000, 0x1000 + 13, 0, 0, 0], memory) == expected


def test_a_file_that_is_opened_is_named_by_its_path() -> None:
    """From the directory that the call is given, or from the current one; a path may end before a page does."""
    memory = holding(0x1FF8, b"a/b.txt\0rest")
    assert opened("openat", [0xFFFFFF9C, 0x1FF8, 0, 0, 0, 0], memory) == (HERE, b"a/b.txt")
    assert opened("openat", [5, 0x1FFA, 0, 0, 0, 0], memory) == (5, b"b.txt")
    assert opened("open", [0x1FF8, 0, 0, 0, 0, 0], memory) == (HERE, b"a/b.txt")
    assert opened("openat", [5, 0x3000, 0, 0, 0, 0], memory) is None
    assert opened("read", [5, 0x1FF8, 0, 0, 0, 0], memory) is None


def test_a_path_may_go_on_in_the_next_page() -> None:
    """It is read to its end."""
    path = b"x" * 100
    assert opened("open", [0x1FC0, 0, 0, 0, 0, 0], holding(0x1FC0, path + b"\0")) == (HERE, path)


def test_who_connects_names_the_address() -> None:
    """As long as the call says that it is, and no longer."""
    memory = holding(0x1000, b"0123456789")
    assert address("connect", [3, 0x1000, 4, 0, 0, 0], memory) == b"0123"
    assert address("recvfrom", [3, 0x1000, 4, 0, 0, 0], memory) is None


@given(st.sampled_from(sorted(WITH_A_PLACE | {"epoll_wait", "futex", ""})), WORDS, st.binary(max_size=64))
def test_no_arguments_do_any_harm(call: str, arguments: list[int], garbage: bytes) -> None:
    """A program can pass what it likes, and its memory can hold anything."""

    def memory(_address: int, size: int) -> bytes:
        return garbage[:size]

    found = descriptor(call, arguments, memory)
    assert found is None or -(2**31) <= found < 2**31
    opened(call, arguments, memory)
    address(call, arguments, memory)
