"""py-spy, started for one process at a time, and not waited for."""

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from threadviz.processes.offspring import HELPERS

MISSING = "py-spy is not there: install threadviz[stacks]"

LIMIT_NS = 10_000_000_000
"""How long it may take for one process (ns)."""

_MOST_BYTES = 10_000_000
"""How much it may say of one."""

_MOST_WORDS = 200


def find_py_spy() -> str | None:
    """Return where py-spy is: beside this Python, where the extra puts it, or else on the path; None if nowhere."""
    beside = Path(sys.executable).parent / "py-spy"
    return str(beside) if os.access(beside, os.X_OK) else shutil.which("py-spy")


class Dump(NamedTuple):
    """What py-spy has said of process `pid`: it took from `started` to `ended` at most, and `cpu` of a core (ns)."""

    pid: int
    started: int
    ended: int
    cpu: int
    data: bytes
    error: str
    """Why there is none, as a clause; else empty."""


@dataclass(frozen=True, slots=True)
class _AtWork:
    process: "subprocess.Popen[bytes]"
    pid: int
    started: int


class PySpy:
    """Runs the py-spy at `program`. What it says goes to files without a name, so that it never waits to be heard."""

    def __init__(self, program: str) -> None:
        self._program = program
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - open until close(), as is the next
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self._at_work: _AtWork | None = None

    @property
    def busy(self) -> bool:
        """Whether one is at work."""
        return self._at_work is not None

    def start(self, pid: int, now: int) -> None:
        """Have it read the stacks of process `pid`, which goes on meanwhile. Raises OSError."""
        for file in (self._said, self._errors):
            file.seek(0)
            file.truncate()
        command = [self._program, "dump", "--json", "--nonblocking", "--pid", str(pid)]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=self._said,
            stderr=self._errors,
            env={**os.environ, "RUST_BACKTRACE": "0"},  # a reason is enough where it fails
        )
        HELPERS.add(process.pid)
        self._at_work = _AtWork(process, pid, now)

    def result(self, now: int) -> Dump | None:
        """Return what came out, once it has ended; None before. One that takes too long is killed."""
        assert self._at_work is not None
        process, pid, started = self._at_work.process, self._at_work.pid, self._at_work.started
        try:
            # Not poll(), for what it has cost is known only to who collects it.
            collected, status, usage = os.wait4(process.pid, os.WNOHANG)
        except ChildProcessError:  # this process was started with SIGCHLD ignored
            process.returncode, self._at_work = 0, None
            HELPERS.discard(process.pid)
            return Dump(pid, started, now, 0, b"", "the system does not say how it ended, nor what it cost")
        if not collected:
            if now - started > LIMIT_NS:
                process.kill()
            return None
        process.returncode, self._at_work = os.waitstatus_to_exitcode(status), None
        HELPERS.discard(process.pid)
        cpu = int((usage.ru_utime + usage.ru_stime) * 1e9)
        self._said.seek(0)
        data = self._said.read(_MOST_BYTES)
        error = "" if process.returncode == 0 else self._reason(process.returncode)
        return Dump(pid, started, now, cpu, data, error)

    def _reason(self, status: int) -> str:
        """Return what it gave as the reason: the first line, and the last cause that is named below it."""
        self._errors.seek(0)
        words = self._errors.read(_MOST_BYTES).decode("utf-8", "replace").strip()
        if not words:
            return f"it ended with status {status}"
        first, *others = words.splitlines()
        reason = first.removeprefix("Error: ")
        cause = others[-1].partition(": ")[2] if others else ""
        return f"{reason} ({cause})"[:_MOST_WORDS] if cause else reason[:_MOST_WORDS]

    def close(self) -> None:
        """End it where it is at work."""
        if self._at_work is not None:
            self._at_work.process.kill()
            self._at_work.process.wait()
        self._said.close()
        self._errors.close()
