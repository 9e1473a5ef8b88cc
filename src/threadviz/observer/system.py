"""What this machine and this Python are, and what they allow."""

import os
import sys
from contextlib import suppress
from pathlib import Path


def has_gil() -> bool:
    """Tell whether this interpreter has a GIL now (`sys._is_gil_enabled`, from CPython 3.13 on)."""
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())


def cores() -> int:
    """Return the number of CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def open_as_many_files_as_allowed() -> None:
    """Raise this process's own limit to what the system allows it: a thread that is watched takes three files."""
    import resource  # of Unix only

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with suppress(ValueError, OSError):  # macOS has its own idea of how many are too many
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def ptrace_scope() -> int:
    """Return who may look into whose processes, where Yama decides on that; 0 where it doesn't.

    1: a process into those that it has started; 2: root into all; 3: nobody (Linux, admin-guide/LSM/Yama).
    """
    with suppress(OSError, ValueError):
        return int(Path("/proc/sys/kernel/yama/ptrace_scope").read_text())
    return 0
