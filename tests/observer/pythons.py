"""Other Pythons, where they are installed: what is told of them is told from outside."""

import functools
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

NAMES = ("3.11", "3.12", "3.13", "3.14", "3.15", "3.13t", "3.14t", "3.15t")


PYENV = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")


@functools.cache
def _found(name: str) -> str | None:
    # The command may be one that only says where that version could be had, as pyenv's is.
    return next(filter(_works, [f"python{name}", *_in_pyenv(name)]), None)


def _in_pyenv(name: str) -> list[str]:
    """Return what pyenv has of that version, switched on or not, the newest first."""
    found = PYENV.glob(f"versions/*/bin/python{name}")
    return [str(path) for path in sorted(found, key=_numbers, reverse=True)]


def _numbers(path: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", path.parts[-3])]


def _works(command: str) -> bool:
    found = shutil.which(command)
    return found is not None and subprocess.run([found, "-c", ""], capture_output=True).returncode == 0


def python(name: str) -> str:
    """Return the command for that version; skips the test where it is not installed."""
    found = _found(name)
    if found is None:
        pytest.skip(f"python{name} is not installed")
    return found
