"""What a task costs more through an observed executor, in this process."""

import random
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from statistics import median

from benchmarks.report import table
from threadviz.instrument.executors import observed
from threadviz.observer.collectors.reports import ReportCollector
from threadviz.observer.io import RunClock
from threadviz.observer.probes.base import Changes
from threadviz.protocol import task_pipe

TASKS = 1500
"""As many at once as a pipe has room for, so that nobody has to read meanwhile, who would need the GIL as well."""

PLAIN, UNWATCHED, WATCHED = "plain", "observed, nobody watches", "observed, and watched"


def costs(rounds: int) -> dict[str, float]:
    """Return the median time for a task that does nothing (s), from its submission until all are done, for each way."""
    took: dict[str, list[float]] = {way: [] for way in (PLAIN, UNWATCHED, WATCHED)}
    with (
        tempfile.TemporaryDirectory() as folder,
        closing(ReportCollector(Path(folder, "tasks"), RunClock())) as said,
    ):
        for _ in range(rounds):
            for way in random.sample(list(took), len(took)):
                took[way].append(_task_s(way, said))
                told = list(said.poll(0, Changes()))
                if len(told) != (3 * TASKS if way == WATCHED else 0):
                    raise RuntimeError(f"of {TASKS} tasks, {way}, {len(told)} events were told")
    return {way: median(each) for way, each in took.items()}


def _task_s(way: str, said: ReportCollector) -> float:
    if way == WATCHED:
        task_pipe.add_pipe(str(said.path))
    with ThreadPoolExecutor(1) if way == PLAIN else observed(ThreadPoolExecutor(1)) as pool:
        start = time.perf_counter()
        for future in [pool.submit(int) for _ in range(TASKS)]:
            future.result()
        took = time.perf_counter() - start
    task_pipe.remove_pipe(str(said.path))
    return took / TASKS


def costs_table(found: dict[str, float]) -> str:
    """Them, as a table."""
    return table(["a task of a thread pool", "us"], ([way, f"{1e6 * s:.1f}"] for way, s in found.items()))
