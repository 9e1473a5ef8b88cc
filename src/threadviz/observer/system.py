"""What this machine and this Python are, and what they allow."""

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


def ptrace_scope() -> int:
    """Return the setting of Yama that says who may look into whose processes; 0 where Yama does not restrict it.

    1: a process into its descendants; 2: root into all; 3: nobody (Linux, admin-guide/LSM/Yama).
    """
    with ignoring(OSError, ValueError):
        return int(Path("/proc/sys/kernel/yama/ptrace_scope").read_text())
    return 0
