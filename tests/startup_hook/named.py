"""A Python whose threads report their names, for tests."""

import os
import subprocess
import sys
from pathlib import Path

import msgspec

import threadviz
from threadviz.observer.messages import ReportedName

FOLDER = str(Path(threadviz.__file__).parent / "startup_hook")
LIMIT_S = 30.0


def environment(pipe: Path | None = None, **variables: str) -> dict[str, str]:
    """This process's, with the startup hook if there is a `pipe`."""
    plain = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")} | variables
    if pipe is None:
        return plain
    path = os.pathsep.join(filter(None, [FOLDER, plain.get("PYTHONPATH")]))
    return {**plain, "PYTHONPATH": path, "THREADVIZ_NAMES": str(pipe)}


def run(script: str, variables: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    """Run a script to its end, with these variables."""
    return subprocess.run(
        [sys.executable, *options, "-c", script],
        env=variables,
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
    )


def names_of(script: str, folder: Path, *options: str) -> tuple[int, list[tuple[int, int, str]]]:
    """Run a script to its end; return its process id and what it has reported: process id, thread id, name."""
    pipe = folder / "names"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDWR | os.O_NONBLOCK)
    try:
        with subprocess.Popen(
            [sys.executable, *options, "-c", script], env=environment(pipe), stdout=subprocess.DEVNULL
        ) as process:
            assert process.wait(LIMIT_S) == 0
        try:
            lines = os.read(reader, 2**16).splitlines()
        except BlockingIOError:
            lines = []
    finally:
        os.close(reader)
    messages = [msgspec.json.decode(line, type=ReportedName) for line in lines]
    return process.pid, [(each.pid, each.tid, each.name) for each in messages]
