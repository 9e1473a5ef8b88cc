"""Other Pythons, where they are installed: what is told of them is told from outside."""

import functools
import shutil
import subprocess

import pytest

NAMES = ("3.11", "3.12", "3.13", "3.14", "3.15", "3.13t", "3.14t", "3.15t")


@functools.cache
def _found(name: str) -> str | None:
    command = shutil.which(f"python{name}")
    if command is None:
        return None
    # The command may be one that only says where that version could be had.
    works = subprocess.run([command, "-c", ""], capture_output=True, check=False).returncode == 0
    return command if works else None


def python(name: str) -> str:
    """Return the command for that version; skips the test where it is not installed."""
    found = _found(name)
    if found is None:
        pytest.skip(f"python{name} is not installed")
    return found
