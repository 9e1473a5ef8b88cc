import os
import threading
from pathlib import Path

import pytest

from tests.mock_server.running import wait_until
from threadviz.observer.collectors import thread_names as names
from threadviz.observer.collectors.thread_names import FIRST_READ_NS, MAX_INTERVAL_NS, SystemNameCollector
from threadviz.observer.probes.accounting import ThreadAccounting
from threadviz.observer.probes.base import Changes, ObservedProcess, ObservedThread, ProcessKind
from threadviz.protocol.events import NameSource


def thread(tid: int, lane: int, pid: int = 1, name: str = "") -> ObservedThread:
    """A thread that is watched."""
    return ObservedThread(
        ObservedProcess(pid, ProcessKind.SUBJECT), tid, name, 0, ThreadAccounting(0), lane=lane
    )


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
        assert list(collector.poll(0, Changes([watched]))) == []
        (event,) = collector.poll(FIRST_READ_NS, Changes())
        assert (event.lane, event.name, event.by) == (7, "its own", NameSource.SYSTEM)
        go.set()
        assert ready.wait(30)
        assert list(collector.poll(FIRST_READ_NS + 1, Changes())) == []
        (event,) = collector.poll(FIRST_READ_NS + MAX_INTERVAL_NS, Changes())
        assert event.name == "another"
    finally:
        go.set()
        last.set()
        renamed.join()
    wait_until(lambda: not Path(f"/proc/self/task/{ids[0]}").exists())
    assert list(collector.poll(10 * MAX_INTERVAL_NS, Changes())) == []
    assert list(collector.poll(20 * MAX_INTERVAL_NS, Changes(gone=[watched]))) == []


def test_few_names_are_read_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """The others have their turn next."""
    read: list[int] = []

    def name(pid: int, tid: int) -> str:
        read.append(tid)
        return "new"

    monkeypatch.setattr(names, "thread_name", name)
    collector = SystemNameCollector()
    assert list(collector.poll(0, Changes([thread(tid, tid, name="old") for tid in range(50)]))) == []
    turns = [len(list(collector.poll(FIRST_READ_NS + each, Changes()))) for each in range(3)]
    assert turns == [20, 20, 10]
    assert sorted(read) == list(range(50))
