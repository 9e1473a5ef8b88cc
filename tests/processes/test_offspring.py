import subprocess
import sys

SCRIPT = """
import os, subprocess, sys
from threadviz import processes

LASTING = (
    "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); os.setsid();"
    "print(os.getpid(), flush=True); time.sleep(600)"
)
MILD = "import time; print('', flush=True); time.sleep(600)"
BETWEEN = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', sys.argv[1]])"

def start(*words):
    child = subprocess.Popen([sys.executable, "-c", *words], stdout=subprocess.PIPE)
    return child, child.stdout.readline().decode().strip()

processes.adopt_orphans(True)
spared, _ = start(MILD)
try:
    mild, _ = start(MILD)
    hard, _ = start(LASTING)
    between, orphan = start(BETWEEN, LASTING)
    assert between.wait() == 0 and int(orphan) in processes.children()
    ended = processes.end_children({spared.pid})
    assert ended == {mild.pid: -15, hard.pid: -9, int(orphan): -9}, ended
    assert processes.children() == {spared.pid} and spared.poll() is None
finally:
    spared.kill()
    spared.wait()
    processes.end_children()
"""


def test_all_that_descends_from_a_process_is_ended_but_what_is_spared() -> None:
    """What takes no SIGTERM too, and what came down to it from a parent that had ended; it is told how each ended."""
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=45)
    assert (done.returncode, done.stderr) == (0, "")
