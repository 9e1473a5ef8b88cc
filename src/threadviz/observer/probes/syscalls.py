"""What a thread waits for when it is blocked in a system call.

The numbers are those of the kernel's own tables (arch/x86/entry/syscalls/syscall_64.tbl for x86-64,
include/uapi/asm-generic/unistd.h for aarch64); from 424 on they are the same on both.
"""

import platform

from threadviz.protocol.events import Present, State

FUTEX = "futex"

_COLUMNS = ("x86_64", "aarch64")

_IO = """
    read 0 63           write 1 64          open 2 -            close 3 57
    stat 4 -            fstat 5 80          lstat 6 -           poll 7 -
    ioctl 16 29         pread64 17 67       pwrite64 18 68      readv 19 65
    writev 20 66        select 23 -         sendfile 40 71      connect 42 203
    accept 43 202       sendto 44 206       recvfrom 45 207     sendmsg 46 211
    recvmsg 47 212      shutdown 48 210     msgsnd 69 189       msgrcv 70 188
    fsync 74 82         fdatasync 75 83     rename 82 -         mkdir 83 -
    unlink 87 -         sync 162 81         io_getevents 208 4  getdents64 217 61
    epoll_wait 232 -    mq_timedsend 242 182                    mq_timedreceive 243 183
    openat 257 56       mkdirat 258 34      newfstatat 262 79   unlinkat 263 35
    pselect6 270 72     ppoll 271 73        splice 275 76       tee 276 77
    sync_file_range 277 84                  vmsplice 278 75     epoll_pwait 281 22
    accept4 288 242     preadv 295 69       pwritev 296 70      recvmmsg 299 243
    syncfs 306 267      sendmmsg 307 269    renameat2 316 276   getrandom 318 278
    copy_file_range 326 285                 preadv2 327 286     pwritev2 328 287
    statx 332 291       io_uring_enter 426 426                  epoll_pwait2 441 441
"""
_LOCK = """
    semop 65 193        fcntl 72 25         flock 73 32         futex 202 98
    semtimedop 220 192  futex_waitv 449 449 futex_wait 455 455
"""
_SLEEP = """
    nanosleep 35 101    clock_nanosleep 230 115
"""
_OTHER = """
    pause 34 -          wait4 61 260        rt_sigtimedwait 128 137
    rt_sigsuspend 130 133                   waitid 247 95
"""

_FILE_COUNT_ARGUMENT = {"poll": 1, "ppoll": 1, "select": 0, "pselect6": 0}
"""Where those calls say how many files they wait for (poll(2), select(2)). For none, they are a timer."""


def _table(machine: str) -> dict[bytes, Present]:
    column = _COLUMNS.index(machine) if machine in _COLUMNS else None
    table = {}
    for state, text in ((State.IO, _IO), (State.LOCK, _LOCK), (State.SLEEP, _SLEEP), (State.WAITING, _OTHER)):
        words = text.split()
        for name, *numbers in zip(words[::3], words[1::3], words[2::3], strict=True):
            if column is not None and numbers[column] != "-":
                table[numbers[column].encode()] = Present(state, name)
    return table


class SyscallTable:
    """The system calls of one machine type, as `platform.machine()` names it; `known` tells whether it is."""

    def __init__(self, machine: str | None = None) -> None:
        self._calls = _table(machine or platform.machine())
        self.known = bool(self._calls)

    def classify(self, number: bytes, arguments: bytes) -> Present:
        """Return what a thread is blocked in.

        `number` and `arguments` are as in /proc/PID/task/TID/syscall (proc_pid_syscall(5)): the number in
        decimal (-1: blocked, but in no system call), the arguments in hexadecimal, separated by blanks.
        """
        call = self._calls.get(number)
        if call is None:
            return Present(State.WAITING, "" if number == b"-1" else f"system call {number.decode()}")
        counted = _FILE_COUNT_ARGUMENT.get(call.call)
        if counted is not None and int(arguments.split(b" ", counted + 1)[counted], 16) & 0xFFFFFFFF == 0:
            return Present(State.SLEEP, call.call)
        return call
