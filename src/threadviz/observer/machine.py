"""What of this machine and this Python belongs into a header."""

import os
import sys


def has_gil() -> bool:
    """Tell whether this interpreter has a GIL now (`sys._is_gil_enabled`, from CPython 3.13 on)."""
    return bool(getattr(sys, "_is_gil_enabled", lambda: True)())


def cores() -> int:
    """Return the number of CPU cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
