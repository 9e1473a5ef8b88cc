"""What a program inherits from whoever starts it, and is to get as if threadviz did not stand in between."""

import os
from contextlib import suppress
from pathlib import Path

STANDARD = 3
"""Descriptors below this are standard input, output and error."""

_COERCED = ("C.UTF-8", "C.utf8", "UTF-8")
"""What Python makes of the locale C, where it is there (CPython, Python/pylifecycle.c)."""


def descriptors() -> set[int]:
    """Return the descriptors beyond the standard ones that this process has inherited, such as `3<FILE` makes.

    Those that Python has opened are not inheritable (PEP 446).
    """
    found = set()
    for folder in ("/proc/self/fd", "/dev/fd"):
        with suppress(OSError):
            for name in os.listdir(folder):
                with suppress(OSError):  # the one that has listed them is closed by now
                    if int(name) >= STANDARD and os.get_inheritable(int(name)):
                        found.add(int(name))
            break
    return found


def environment() -> dict[str, str]:
    """Return the environment, without what this Python has put into it by itself at its start (PEP 538)."""
    variables = dict(os.environ)
    with suppress(OSError):
        before = Path("/proc/self/environ").read_bytes().split(b"\0")
        if variables.get("LC_CTYPE") in _COERCED and not any(
            each.startswith(b"LC_CTYPE=") for each in before
        ):
            del variables["LC_CTYPE"]
    return variables
