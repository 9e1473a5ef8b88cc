"""Processes for tests to observe. Their answers show that they are unharmed."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.cli.command import await_that
from threadviz.observer.system import ptrace_scope

ALLOWING = """
import ctypes
try:
    ctypes.CDLL(None).prctl(0x59616D61, ctypes.c_ulong(-1), 0, 0, 0)
except AttributeError:
    pass
"""
"""Lets all processes of the user look into this one, where else only its ancestors may (PR_SET_PTRACER)."""

ANSWERING = """
import sys, threading
for name in ("one", "two"):
    threading.Thread(target=threading.Event().wait, name=name, daemon=True).start()
print("ready", flush=True)
for line in sys.stdin:
    print(line.strip().upper(), flush=True)
"""

OTHER_USER = 65534
"""The user id of `nobody`, on most systems."""

needs_rights = pytest.mark.skipif(
    os.geteuid() != 0 and ptrace_scope() > 0, reason="this system forbids processes to look into each other"
)
needs_allowing = pytest.mark.skipif(
    os.geteuid() != 0 and ptrace_scope() > 1, reason="this system forbids to look into a process"
)


class Target:
    """A running process, started for a test."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid

    def answers(self, word: str = "still there") -> bool:
        """Send it a word, and return whether it answers as it should."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.write(f"{word}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline() == f"{word.upper()}\n"

    def end(self) -> None:
        """Kill it, and wait for its end."""
        self.process.kill()
        self.process.wait()

    @property
    def shape(self) -> dict[str, object]:
        """What would differ if the process had been interfered with while nobody has sent it anything."""
        asleep = psutil.Process(self.pid)
        await_that(lambda: asleep.status() == psutil.STATUS_SLEEPING)
        folder = Path(f"/proc/{self.pid}")
        status = dict(
            line.split(":\t", 1) for line in (folder / "status").read_text().split("\n") if ":\t" in line
        )
        fields = ("State", "TracerPid", "Threads", "VmSize", "VmHWM", "FDSize", "voluntary_ctxt_switches")
        return {
            **{name: status[name] for name in fields},
            "files": sorted((each.name, str(each.readlink())) for each in (folder / "fd").iterdir()),
            "threads": sorted(each.name for each in (folder / "task").iterdir()),
        }


@contextmanager
def target(source: str = ANSWERING, *arguments: str) -> Iterator[Target]:
    """Run a program that prints when it is ready, and yield it then."""
    command = [sys.executable, "-c", ALLOWING + source, *arguments]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            yield Target(process)
        finally:
            process.kill()
