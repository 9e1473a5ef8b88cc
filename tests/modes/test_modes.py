"""The modes: each makes every call once, where it says, and returns what came in the order in which it came."""

import os
import threading
from functools import partial

import pytest

from threadviz.modes import MODES

pytestmark = pytest.mark.usefixtures("no_servers_left")

CALLS = 6
WORKERS = 2


def here(number: int) -> tuple[int, int, int]:
    """Return the number, and the process and thread that it is called in."""
    return number, os.getpid(), threading.get_ident()


def after(number: int, gate: threading.Event, opens: bool) -> int:
    """Return the number, after the gate has been opened, or having opened it."""
    if opens:
        gate.set()
    assert gate.wait(20)
    return number


def fail() -> None:
    """Fail."""
    raise ValueError("no")


@pytest.mark.parametrize("name", MODES)
async def test_each_call_is_made_once(name: str) -> None:
    """Under every mode the same comes back."""
    results = await MODES[name].run([partial(here, number) for number in range(CALLS)], WORKERS)
    assert sorted(number for number, _, _ in results) == list(range(CALLS))


async def test_blocking_calls_run_in_the_loops_own_thread_in_the_order_of_submission() -> None:
    """One after the other, whatever the number of workers."""
    results = await MODES["blocking"].run([partial(here, number) for number in range(CALLS)], WORKERS)
    assert results == [(number, os.getpid(), threading.get_ident()) for number in range(CALLS)]


async def test_threads_run_in_this_process_and_not_in_the_loops_thread() -> None:
    """In no more threads than there are workers."""
    results = await MODES["threads"].run([partial(here, number) for number in range(CALLS)], WORKERS)
    assert {pid for _, pid, _ in results} == {os.getpid()}
    threads = {thread for _, _, thread in results}
    assert threading.get_ident() not in threads and len(threads) <= WORKERS


async def test_calls_on_threads_overlap() -> None:
    """The first call can't end before the second has begun."""
    gate = threading.Event()
    calls = [partial(after, 0, gate, opens=False), partial(after, 1, gate, opens=True)]
    assert sorted(await MODES["threads"].run(calls, WORKERS)) == [0, 1]


# pytest's own threads are about when workers are forked, which CPython 3.12 warns of.
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
async def test_processes_run_in_other_processes() -> None:
    """In no more of them than there are workers."""
    results = await MODES["processes"].run([partial(here, number) for number in range(CALLS)], WORKERS)
    processes = {pid for _, pid, _ in results}
    assert os.getpid() not in processes and len(processes) <= WORKERS


@pytest.mark.parametrize("name", ["blocking", "threads"])
async def test_what_a_call_raises_comes_through(name: str) -> None:
    """A mode catches nothing: that is the caller's to decide."""
    with pytest.raises(ValueError, match="no"):
        await MODES[name].run([fail], WORKERS)
