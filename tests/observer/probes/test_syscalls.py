"""What a blocked thread waits for, from the line that /proc/PID/task/TID/syscall shows."""

import pytest

from threadviz.observer.probes.syscalls import SyscallTable
from threadviz.protocol.events import Present, State

ARGUMENTS = b"0x3 0x1 0x0 0x0 0x0 0x0 0x7ffe 0x7f00"


@pytest.mark.parametrize(
    ("machine", "number", "call"),
    [
        ("x86_64", b"45", Present(State.IO, "recvfrom")),
        ("aarch64", b"207", Present(State.IO, "recvfrom")),
        ("x86_64", b"232", Present(State.IO, "epoll_wait")),
        ("aarch64", b"22", Present(State.IO, "epoll_pwait")),
        ("x86_64", b"202", Present(State.LOCK, "futex")),
        ("aarch64", b"98", Present(State.LOCK, "futex")),
        ("x86_64", b"230", Present(State.SLEEP, "clock_nanosleep")),
        ("aarch64", b"115", Present(State.SLEEP, "clock_nanosleep")),
        ("x86_64", b"61", Present(State.WAITING, "wait4")),
        ("x86_64", b"9999", Present(State.WAITING, "system call 9999")),
        ("x86_64", b"-1", Present(State.WAITING)),
    ],
)
def test_a_number_means_what_its_machine_says(machine: str, number: bytes, call: Present) -> None:
    """The same call has another number on another machine type."""
    assert SyscallTable(machine).classify(number, ARGUMENTS) == call


@pytest.mark.parametrize(
    ("number", "arguments", "state"),
    [
        (b"7", b"0x7ffe 0x0 0x64", State.SLEEP),
        (b"7", b"0x7ffe 0x1 0x64", State.IO),
        (b"23", b"0x0 0x0 0x0 0x0 0x7ffe", State.SLEEP),
        (b"23", b"0x4 0x7ffe 0x0 0x0 0x0", State.IO),
        (b"271", b"0x7ffe 0x0 0x7ffe", State.SLEEP),
    ],
)
def test_waiting_for_no_file_is_a_timer(number: bytes, arguments: bytes, state: State) -> None:
    """`select` and `poll` with no files are how older code sleeps."""
    assert SyscallTable("x86_64").classify(number, arguments).state is state


def test_another_machine_type_is_not_known() -> None:
    """There is no guessing from another machine's numbers."""
    assert not SyscallTable("riscv64").known
    assert SyscallTable("x86_64").known
