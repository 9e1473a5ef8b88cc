"""Who holds the GIL, on real processes whose threads do what is known."""

import sys
from collections import Counter

import pytest

from tests.observer.pythons import NAMES, python
from tests.observer.sampling import SampledProcess, sampling, started
from threadviz.observer.cpython import detect as program
from threadviz.observer.cpython.detect import Interpreter, interpreter_of
from threadviz.protocol.events import FREE, OPEN, Evidence, GilHeld, State

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the Linux probe reads /proc")

ENOUGH_NS = 400_000_000

WITHOUT_GIL = not getattr(sys, "_is_gil_enabled", lambda: True)()
has_gil = pytest.mark.skipif(WITHOUT_GIL, reason="this Python has no GIL")

BEGIN = """
import json, sys, threading, time
def spin():
    while True:
        sum(range(1000))
def start(*functions):
    threads = [threading.Thread(target=function, daemon=True) for function in functions]
    for thread in threads:
        thread.start()
    return [thread.native_id for thread in threads]
def say(what):
    print(json.dumps(what), flush=True)
"""

SPINNERS = BEGIN + "say(start(spin, spin, spin)); time.sleep(1000)"

SLEEPERS = BEGIN + "say(start(*[lambda: time.sleep(1000)] * 3)); time.sleep(1000)"

IN_C = (
    BEGIN
    + """
def wants():
    while True:
        time.sleep(0.001)
def holds():
    say([*wanting, threading.get_native_id()])
    while True:
        sum(range(10**8))
wanting = start(wants)
holds()
"""
)

ONE_THREAD = BEGIN + "say([]); sys.stdin.readline(); start(spin); spin()"

FORKS = (
    BEGIN
    + """
import os
child = os.fork()
if not child:
    start(spin)
    sys.stdin.readline()
    os._exit(0)
start(spin)
say([os.getpid(), child])
time.sleep(1000)
"""
)

SUB_INTERPRETERS = (
    BEGIN
    + """
import _interpreters
number = _interpreters.create()
start(lambda: _interpreters.exec(number, '''
import json, threading
def spin():
    while True:
        sum(range(1000))
threads = [threading.Thread(target=spin) for _ in range(2)]
for thread in threads:
    thread.start()
print(json.dumps([thread.native_id for thread in threads]), flush=True)
threads[0].join()
'''))
time.sleep(1000)
"""
)


def tells_holder(name: str = "") -> bool:
    """Tell whether that Python, or the one that runs the tests, says who holds its GIL."""
    return (tuple(map(int, name.rstrip("t").split("."))) if name else sys.version_info[:2]) >= (3, 13)


def held(seen: SampledProcess, pid: int, interpreter: int = 0) -> Counter[int]:
    """Return for how long each thread was told to have held a GIL, by thread id (ns); FREE and OPEN among them."""
    total: Counter[int] = Counter()
    for event in seen.events:
        assert isinstance(event, GilHeld)
        if (event.pid, event.interpreter) == (pid, interpreter):
            for hold in event.holds:
                total[seen.tids[hold.holder] if hold.holder >= 0 else hold.holder] += hold.ns
    return total


def sure(total: Counter[int]) -> int:
    """Return for how long it was told which thread held it (ns)."""
    return sum(ns for holder, ns in total.items() if holder > 0)


def in_turn(total: Counter[int], spinners: list[int]) -> bool:
    """Tell whether that was long enough, and each of these has had a good part of it."""
    return sure(total) > ENOUGH_NS and all(total[spinner] > sure(total) / 10 for spinner in spinners)


@has_gil
@pytest.mark.parametrize("name", ["", *(name for name in NAMES if not name.endswith("t"))])
def test_threads_that_spin_hold_the_gil_in_turn(name: str) -> None:
    """Each of three, and not the one that sleeps; who holds it is sampled where it can be read, and else inferred."""
    with (
        started(SPINNERS, python=python(name) if name else sys.executable) as (process, spinners),
        sampling(process.pid, lambda probe: probe.holders) as seen,
    ):
        seen.sample_until(lambda: in_turn(held(seen, process.pid), spinners))
        total = held(seen, process.pid)
    assert total[process.pid] < 0.1 * sure(total)  # until it slept
    assert set(total) <= {process.pid, *spinners, FREE, OPEN}
    known = {event.known for event in seen.events if isinstance(event, GilHeld)}
    assert known == {Evidence.SAMPLED if tells_holder(name) else Evidence.INFERRED}


@has_gil
def test_stretches_are_told_from_end_to_end() -> None:
    """Each message starts where the last one has ended."""
    with (
        started(SPINNERS) as (process, _),
        sampling(process.pid, lambda probe: probe.holders) as seen,
    ):
        seen.sample_until(lambda: len(seen.events) > 5)
    told = [event for event in seen.events if isinstance(event, GilHeld)]
    ends = [event.start + sum(hold.ns for hold in event.holds) for event in told]
    assert [event.start for event in told[1:]] == ends[:-1]


@has_gil
def test_a_thread_that_computes_in_c_holds_on() -> None:
    """Nobody else gets it meanwhile, though another thread wants it."""
    with (
        started(IN_C) as (process, (_, holder)),
        sampling(process.pid, lambda probe: probe.holders) as seen,
    ):
        seen.sample_until(lambda: sure(held(seen, process.pid)) > ENOUGH_NS)
        total = held(seen, process.pid)
    assert total[holder] > 0.9 * sure(total)


@has_gil
def test_while_all_sleep_nobody_holds_it() -> None:
    """That is told where it can be read; where it can't, nobody waits, and so it is open."""
    expected = FREE if tells_holder() else OPEN
    with (
        started(SLEEPERS) as (process, _),
        sampling(process.pid, lambda probe: probe.holders) as seen,
    ):
        seen.sample_until(lambda: held(seen, process.pid)[expected] > ENOUGH_NS)
        total = held(seen, process.pid)
    assert total[expected] > 0.9 * total.total()


@has_gil
def test_a_process_of_one_thread_is_not_told_of() -> None:
    """Nobody else could want its GIL, until there is a second one."""
    with (
        started(ONE_THREAD) as (process, _),
        sampling(process.pid, lambda probe: probe.holders) as seen,
    ):
        seen.sample_until(lambda: bool(seen.tids))
        for _ in range(50):
            seen.sample()
        assert not seen.events
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
        seen.sample_until(lambda: sure(held(seen, process.pid)) > 0)


@has_gil
def test_each_process_has_its_own() -> None:
    """One that was forked too; when that has ended, it is told of no more."""
    with (
        started(FORKS) as (process, (parent, child)),
        sampling(process.pid, lambda probe: probe.holders) as seen,
    ):
        seen.sample_until(
            lambda: {event.pid for event in seen.events if isinstance(event, GilHeld)} == {parent, child}
        )
        assert process.stdin is not None
        process.stdin.write(b"\n")
        process.stdin.flush()
        seen.sample_until(lambda: not any(thread.pid == child for thread in seen.probe.threads))
        so_far = len(seen.events)
        seen.sample_until(lambda: len(seen.events) > so_far + 3)
        assert {event.pid for event in seen.events[so_far + 1 :] if isinstance(event, GilHeld)} == {parent}


@has_gil
@pytest.mark.skipif(not tells_holder(), reason="sub-interpreters are looked for from 3.13 on")
def test_a_sub_interpreter_has_its_own() -> None:
    """Its threads hold that one in turn, and wait for it as for any GIL; the main one's is free."""
    states: set[State] = set()
    with (
        started(SUB_INTERPRETERS) as (process, spinners),
        sampling(process.pid, lambda probe: probe.holders) as seen,
    ):

        def enough() -> bool:
            states.update(
                thread.accounting.present.state for thread in seen.probe.threads if thread.tid in spinners
            )
            return in_turn(held(seen, process.pid, 1), spinners)

        seen.sample_until(enough)
        total, main = held(seen, process.pid, 1), held(seen, process.pid)
    others = set(total) - {*spinners, FREE, OPEN}
    assert sum(total[other] for other in others) < 0.1 * sure(total)  # who has started them, until it waited
    assert State.GIL in states
    assert sure(main) < 0.1 * main.total()


def test_a_python_that_has_no_gil_has_no_holder(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same threads, in a Python that is said to have none."""

    def without(pid: int) -> Interpreter | None:
        found = interpreter_of(pid)
        return found and Interpreter(found.version, False, found.data, free_threaded=True)

    monkeypatch.setattr(program, "interpreter_of", without)
    with (
        started(SPINNERS) as (process, _),
        sampling(process.pid, lambda probe: probe.holders) as seen,
    ):
        for _ in range(100):
            seen.sample()
            assert State.GIL not in {thread.accounting.present.state for thread in seen.probe.threads}
    assert not seen.events
    assert State.GIL not in seen.probe.info.tells
