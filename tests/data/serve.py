"""A loop that is blocked once, threads that compute and one that sleeps, and a process of its own."""

import asyncio
import subprocess
import sys
import threading
import time


def count(seconds: float) -> None:
    """Compute for so long."""
    end, n = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        n += 1


async def main() -> None:
    """Answer, and then not."""
    for _ in range(4):
        await asyncio.sleep(0.03)
    time.sleep(0.15)  # noqa: ASYNC251 - that is what is to be seen
    await asyncio.sleep(0.03)


counters = [threading.Thread(target=count, args=(0.35,), name=f"count-{n}") for n in range(3)]
for thread in [*counters, threading.Thread(target=time.sleep, args=(0.4,))]:
    thread.start()
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(0.2)"])
asyncio.run(main())
for thread in counters:
    thread.join()
sys.exit(child.wait() + 3)
