"""What this machine and this Python are, what they allow, and what Linux says of a process (proc(5))."""

import os
import sys
from pathlib import Path

from threadviz.debug_log import ignoring


def has_gil() -> bool:
    """Return whether this interpreter has a GIL now (`sys._is_gil_enabled`, from CPython 3.13 on)."""
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())


def cores() -> int:
    """Return the number of CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def raise_open_file_limit() -> None:
    """Raise this process's limit of open files to the hard limit: a sampled thread takes three of them."""
    import resource  # Unix only

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with ignoring(ValueError, OSError):  # macOS allows less than its hard limit says
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def process_status(pid: int, tid: int = 0) -> dict[str, str]:
    """Return the fields of a process or thread (proc_pid_status(5)). Raises OSError if it is gone."""
    lines = Path(f"/proc/{pid}/task/{tid or pid}/status").read_text("utf-8", "replace").splitlines()
    return {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}


def process_stat(pid: int, tid: int = 0) -> list[str]:
    """Return the fields of a process or thread by their numbers in proc_pid_stat(5). Raises OSError if it is gone.

    The first three places hold nothing: a name, which the second field is, may have blanks in it.
    """
    text = Path(f"/proc/{pid}/task/{tid or pid}/stat").read_text("utf-8", "replace")
    return ["", "", "", *text.rpartition(")")[2].split()]


def process_arguments(pid: int) -> list[str]:
    """Return the command line of a process. Raises OSError if it is gone."""
    return Path(f"/proc/{pid}/cmdline").read_text("utf-8", "replace").rstrip("\0").split("\0")


def ptrace_scope() -> int:
    """Return the setting of Yama that says who may look into whose processes; 0 where Yama does not restrict it.

    1: a process into its descendants; 2: root into all; 3: nobody (Linux, admin-guide/LSM/Yama).
    """
    with ignoring(OSError, ValueError):
        return int(Path("/proc/sys/kernel/yama/ptrace_scope").read_text())
    return 0
