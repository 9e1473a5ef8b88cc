import hashlib
import subprocess
import sys

import pytest

from threadviz.workloads.digest import digest

MIB = 2**20


def test_what_is_hashed() -> None:
    """The task's number is hashed, and then 16 MiB of zeros for each round."""
    assert digest(7, 2) == hashlib.sha256(b"7" + bytes(32 * MIB)).hexdigest()[:16]


def test_tasks_differ() -> None:
    """No two tasks have the same result."""
    assert len({digest(ordinal, 1) for ordinal in range(1, 6)}) == 5


MEMORY = """
import psutil
before = psutil.Process().memory_full_info().uss
from threadviz.workloads.digest import digest
digest(1, 2)
print(psutil.Process().memory_full_info().uss - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="that unwritten zeros take no memory is Linux's way")
def test_the_buffer_takes_no_memory() -> None:
    """A process that hashes has much less memory of its own than the buffer is long."""
    done = subprocess.run(
        [sys.executable, "-c", MEMORY], capture_output=True, text=True, check=True, timeout=30
    )
    assert int(done.stdout) < 8 * MIB
