import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mock_server.running import wait_until
from threadviz.observer.collectors import thread_names as names
from threadviz.observer.collectors.thread_names import (
    FIRST_READ_NS,
    MAX_INTERVAL_NS,
    MAX_WAITING,
    WAITING_NS,
    ReportedNameCollector,
    SystemNameCollector,
)
from threadviz.observer.probes.accounting import ThreadAccounting
from threadviz.observer.probes.base import ObservedThread, ProcessKind
from threadviz.protocol.events import NameSource
from threadviz.protocol.task_pipe import encode


def thread(tid: int, lane: int, pid: int = 1, name: str = "") -> ObservedThread:
    """A thread that is watched."""
    return ObservedThread(pid, tid, name, ProcessKind.SUBJECT, 0, ThreadAccounting(0), lane=lane)


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[ReportedNameCollector]:
    """The collector, with its pipe."""
    collector = ReportedNameCollector(tmp_path / "names")
    yield collector
    collector.close()


def report(collector: ReportedNameCollector, *names: tuple[int, int, str]) -> None:
    """Report names of threads, as a program does: process id, thread id, name."""
    messages = [{"type": "name", "pid": pid, "tid": tid, "name": name} for pid, tid, name in names]
    write(collector, b"".join(map(encode, messages)))


def write(collector: ReportedNameCollector, data: bytes) -> None:
    """Write into its pipe, as anybody could."""
    descriptor = os.open(collector.path, os.O_WRONLY | os.O_NONBLOCK)
    os.write(descriptor, data)
    os.close(descriptor)


def names_from(
    collector: ReportedNameCollector, now: int, new: list[ObservedThread], gone: list[ObservedThread]
) -> list[tuple[int, str]]:
    """Return the lanes and names of its events."""
    events = list(collector.poll(now, new, gone))
    assert all(event.t == now and event.by is NameSource.PROGRAM for event in events)
    return [(event.lane, event.name) for event in events]


def test_a_name_may_come_before_its_lane_and_after_it(collector: ReportedNameCollector) -> None:
    """Either waits for the other."""
    report(collector, (1, 10, "early"))
    assert names_from(collector, 1, [], []) == []
    assert names_from(collector, 2, [thread(10, 0), thread(11, 1)], []) == [(0, "early")]
    report(collector, (1, 11, "late"))
    assert names_from(collector, 3, [], []) == [(1, "late")]


def test_a_name_is_told_when_it_changes(collector: ReportedNameCollector) -> None:
    """Of many at once, the last; the same again is no news."""
    report(collector, (1, 10, "one"), (1, 10, "two"))
    assert names_from(collector, 1, [thread(10, 0)], []) == [(0, "two")]
    report(collector, (1, 10, "two"))
    assert names_from(collector, 2, [], []) == []


def test_a_thread_that_is_gone_already_gets_its_name(collector: ReportedNameCollector) -> None:
    """And who has its number next does not."""
    report(collector, (1, 10, "short"))
    gone = thread(10, 0)
    assert names_from(collector, 1, [gone], [gone]) == [(0, "short")]
    assert names_from(collector, 2, [thread(10, 1)], []) == []


def test_a_name_of_a_thread_that_nobody_has_seen_is_forgotten(collector: ReportedNameCollector) -> None:
    """A while later its number may be another's."""
    report(collector, (1, 10, "unseen"))
    assert names_from(collector, 1, [], []) == []
    assert names_from(collector, 1 + WAITING_NS, [], []) == []
    assert names_from(collector, 2 + WAITING_NS, [thread(10, 0)], []) == []


def test_what_is_no_name_is_passed_over(collector: ReportedNameCollector) -> None:
    """Whoever has written it."""
    write(
        collector,
        b'nonsense\n{"type":"name","pid":1,"tid":"x","name":"y"}\n\n{"type":"name","pid":1,"tid":10}\n\xff\n',
    )
    write(collector, b'{"type":"nom","pid":1,"tid":10,"name":"x"}\n' + b"[" * 5000 + b"\n")
    report(
        collector,
        (1, 10, ""),
        (99999999999, 1, "x"),
        (1, -10, "x"),
        (1, 10, 2000 * "x"),
        (1, 10, "grüße \udcff"),
    )
    assert names_from(collector, 1, [thread(10, 0)], []) == [(0, "grüße ?")]


def test_a_line_may_come_in_two(collector: ReportedNameCollector) -> None:
    """And one without an end takes no more than its share."""
    line = encode({"type": "name", "pid": 1, "tid": 10, "name": "name"})
    write(collector, line[:20])
    assert names_from(collector, 1, [thread(10, 0)], []) == []
    write(collector, line[20:])
    assert names_from(collector, 2, [], []) == [(0, "name")]
    write(collector, b"x" * 60_000)
    assert names_from(collector, 3, [], []) == []
    write(collector, b"\n")
    report(collector, (1, 10, "other"))
    assert names_from(collector, 4, [], []) == [(0, "other")]


def test_what_waits_is_bounded(collector: ReportedNameCollector) -> None:
    """The oldest goes first."""
    for start in range(0, MAX_WAITING + 1000, 1000):
        report(collector, *((1, tid, "n") for tid in range(start, start + 1000)))
        assert names_from(collector, 1, [], []) == []
    assert names_from(collector, 2, [thread(5, 0), thread(MAX_WAITING + 5, 1)], []) == [(1, "n")]


def test_the_systems_name_is_read_again() -> None:
    """Soon after a thread was met, for it gets its own name later than it begins; and then seldom."""
    ready, go = threading.Event(), threading.Event()
    ids: list[int] = []

    def rename() -> None:
        ids.append(threading.get_native_id())
        Path(f"/proc/self/task/{ids[0]}/comm").write_text("its own")
        ready.set()
        go.wait(30)
        Path(f"/proc/self/task/{ids[0]}/comm").write_text("another")
        ready.set()
        last.wait(30)

    last = threading.Event()
    renamed = threading.Thread(target=rename)
    renamed.start()
    try:
        assert ready.wait(30)
        ready.clear()
        collector = SystemNameCollector()
        watched = thread(ids[0], 7, os.getpid(), "parent's")
        assert list(collector.poll(0, [watched], [])) == []
        (event,) = collector.poll(FIRST_READ_NS, [], [])
        assert (event.lane, event.name, event.by) == (7, "its own", NameSource.SYSTEM)
        go.set()
        assert ready.wait(30)
        assert list(collector.poll(FIRST_READ_NS + 1, [], [])) == []
        (event,) = collector.poll(FIRST_READ_NS + MAX_INTERVAL_NS, [], [])
        assert event.name == "another"
    finally:
        go.set()
        last.set()
        renamed.join()
    wait_until(lambda: not Path(f"/proc/self/task/{ids[0]}").exists())
    assert list(collector.poll(10 * MAX_INTERVAL_NS, [], [])) == []
    assert list(collector.poll(20 * MAX_INTERVAL_NS, [], [watched])) == []


def test_few_names_are_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others have their turn next."""
    read: list[int] = []

    def name(pid: int, tid: int) -> str:
        read.append(tid)
        return "new"

    monkeypatch.setattr(names, "thread_name", name)
    collector = SystemNameCollector()
    assert list(collector.poll(0, [thread(tid, tid, name="old") for tid in range(50)], [])) == []
    turns = [len(list(collector.poll(FIRST_READ_NS + each, [], []))) for each in range(3)]
    assert turns == [20, 20, 10]
    assert sorted(read) == list(range(50))
