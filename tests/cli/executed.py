"""Programs for `threadviz exec`, for its tests, and what becomes of their processes."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import psutil

from tests.cli.command import command, descendants, end, environment

TREE = '''
"""Starts a child in a session of its own that takes no SIGTERM, and one whose parent is gone; says who they are."""
import os, signal, subprocess, sys, time

LASTING = """
import os, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.setsid()
os.write(1, b"%d\\\\n" % os.getpid())
os.close(1)
time.sleep(600)
"""
BETWEEN = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', sys.argv[1]])"

print(os.getpid(), flush=True)
for words in ([LASTING], [BETWEEN, LASTING]):
    child = subprocess.Popen([sys.executable, "-c", *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    print(child.stdout.readline().decode(), end="", flush=True)
if "leave" in sys.argv:
    sys.exit(3)
time.sleep(600)
'''


@contextmanager
def executing(
    *words: str, stdin: IO[bytes] | int = subprocess.DEVNULL, **variables: str
) -> Iterator[subprocess.Popen[str]]:
    """`threadviz exec` with these words, while it runs, piped, in a session of its own; ended with all of it then."""
    with subprocess.Popen(
        command("exec", *words),
        stdin=stdin,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment(**variables),
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            for left in descendants(process.pid):
                end(left)
            process.kill()


@contextmanager
def tree(folder: Path, *words: str) -> Iterator[tuple[subprocess.Popen[str], list[psutil.Process]]]:
    """`threadviz exec --headless` of TREE, with its three processes: the program, its child, and the orphan."""
    script = folder / "tree.py"
    script.write_text(TREE)
    with executing("--headless", str(script), *words) as process:
        assert process.stdout is not None
        pids = [int(process.stdout.readline()) for _ in range(3)]
        processes = []
        try:
            for pid in pids:
                try:
                    processes.append(psutil.Process(pid))
                except psutil.NoSuchProcess:
                    assert pid == pids[0] and "leave" in words
            yield process, processes
        finally:
            for each in processes:
                end(each)


def script(folder: Path, text: str) -> str:
    """Return the path of a script of this text."""
    path = folder / "program.py"
    path.write_text(text)
    return str(path)
