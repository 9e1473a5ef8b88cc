import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from threadviz.observer.collectors.reports import MAX_WAITING, WAITING_NS, ReportCollector
from threadviz.observer.io import RunClock
from threadviz.observer.probes.accounting import ThreadAccounting
from threadviz.observer.probes.base import Changes, ObservedProcess, ObservedThread, ProcessKind
from threadviz.protocol.events import NameSource, ThreadNamed
from threadviz.protocol.task_pipe import encode


def thread(tid: int, lane: int, pid: int = 1, name: str = "") -> ObservedThread:
    """A thread that is watched."""
    return ObservedThread(
        ObservedProcess(pid, ProcessKind.SUBJECT), tid, name, 0, ThreadAccounting(0), lane=lane
    )


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[ReportCollector]:
    """The collector, with its pipe."""
    collector = ReportCollector(tmp_path / "reports", RunClock())
    yield collector
    collector.close()


def report(collector: ReportCollector, *names: tuple[int, int, str]) -> None:
    """Report names of threads, as a program does: process id, thread id, name."""
    messages = [{"type": "name", "pid": pid, "tid": tid, "name": name} for pid, tid, name in names]
    write(collector, b"".join(map(encode, messages)))


def write(collector: ReportCollector, data: bytes) -> None:
    """Write into its pipe, as anybody could."""
    descriptor = os.open(collector.path, os.O_WRONLY | os.O_NONBLOCK)
    os.write(descriptor, data)
    os.close(descriptor)


def names_from(
    collector: ReportCollector, now: int, new: list[ObservedThread], gone: list[ObservedThread]
) -> list[tuple[int, str]]:
    """Return the lanes and names of its events."""
    events = [event for event in collector.poll(now, Changes(new, gone)) if isinstance(event, ThreadNamed)]
    assert all(event.t == now and event.by is NameSource.PROGRAM for event in events)
    return [(event.lane, event.name) for event in events]


def test_a_name_may_come_before_its_lane_and_after_it(collector: ReportCollector) -> None:
    """Either waits for the other."""
    report(collector, (1, 10, "early"))
    assert names_from(collector, 1, [], []) == []
    assert names_from(collector, 2, [thread(10, 0), thread(11, 1)], []) == [(0, "early")]
    report(collector, (1, 11, "late"))
    assert names_from(collector, 3, [], []) == [(1, "late")]


def test_a_name_is_told_when_it_changes(collector: ReportCollector) -> None:
    """Of many at once, the last; the same again is no news."""
    report(collector, (1, 10, "one"), (1, 10, "two"))
    assert names_from(collector, 1, [thread(10, 0)], []) == [(0, "two")]
    report(collector, (1, 10, "two"))
    assert names_from(collector, 2, [], []) == []


def test_a_thread_that_is_gone_already_gets_its_name(collector: ReportCollector) -> None:
    """And who has its number next does not."""
    report(collector, (1, 10, "short"))
    gone = thread(10, 0)
    assert names_from(collector, 1, [gone], [gone]) == [(0, "short")]
    assert names_from(collector, 2, [thread(10, 1)], []) == []


def test_a_name_of_a_thread_that_nobody_has_seen_is_forgotten(collector: ReportCollector) -> None:
    """A while later its number may be another's."""
    report(collector, (1, 10, "unseen"))
    assert names_from(collector, 1, [], []) == []
    assert names_from(collector, 1 + WAITING_NS, [], []) == []
    assert names_from(collector, 2 + WAITING_NS, [thread(10, 0)], []) == []


def test_what_is_no_name_is_passed_over(collector: ReportCollector) -> None:
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


def test_a_line_may_come_in_two(collector: ReportCollector) -> None:
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


def test_what_waits_is_bounded(collector: ReportCollector) -> None:
    """The oldest goes first."""
    for start in range(0, MAX_WAITING + 1000, 1000):
        report(collector, *((1, tid, "n") for tid in range(start, start + 1000)))
        assert names_from(collector, 1, [], []) == []
    assert names_from(collector, 2, [thread(5, 0), thread(MAX_WAITING + 5, 1)], []) == [(1, "n")]
