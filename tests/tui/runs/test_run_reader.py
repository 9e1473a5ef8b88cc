import threading
from pathlib import Path

import pytest

from tests.launcher.runs import fetching
from tests.mock_server.running import wait_until
from tests.tui.runs.driver import observe_with
from threadviz.launcher import LaunchedRun
from threadviz.protocol.events import TaskSubmitted
from threadviz.tui.runs import run as module
from threadviz.tui.runs.run import Reader

MANY = """
out.write(encode(HEADER))
for t in range(20000): out.write(encode(TaskSubmitted(t, t, 'task')))
out.write(encode(StreamClosed(20000, Outcome.FINISHED)))
"""


@pytest.fixture
def held_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Reader:
    """Return a reader of more events than may wait, none of which is taken."""
    monkeypatch.setattr(module, "MAX_WAITING", 100)
    observe_with(MANY, tmp_path, monkeypatch)
    reader = Reader(LaunchedRun(fetching()))
    wait_until(lambda: reader.events.qsize() == 100)
    return reader


def test_reading_waits_for_room(held_up: Reader) -> None:
    """No more events wait than may, and none is lost."""
    taken, most = [], 0
    while held_up.is_alive() or held_up.events.qsize():
        if waiting := held_up.events.qsize():
            most = max(most, waiting)
            taken.append(held_up.events.get())
    assert most == 100
    assert len(taken) == 20002
    assert [each.task for each in taken if isinstance(each, TaskSubmitted)] == list(range(20000))
    assert held_up.error is None


def test_a_waiting_reader_can_be_closed(held_up: Reader) -> None:
    """Its thread ends."""
    held_up.close()
    assert not held_up.is_alive()
    assert not [thread for thread in threading.enumerate() if thread.name == "reader"]
