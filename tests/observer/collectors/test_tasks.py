import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.observer.sampling import Looking, started
from threadviz.observer.collectors.tasks import (
    FinishedWords,
    Retelling,
    StartedWords,
    SubmittedWords,
    TaskCollector,
    Words,
)
from threadviz.observer.io import RunClock
from threadviz.observer.observation import header
from threadviz.protocol import task_pipe
from threadviz.protocol.codec import READ_SIZE
from threadviz.protocol.events import Event, TaskFinished, TaskStarted, TaskSubmitted, UnreportedTasks
from threadviz.protocol.requests import AttachRequest
from threadviz.timeline import Timeline

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes of this kind")

TIMES = st.integers(0, 50)
NAMES = st.sampled_from("abcde")


def started_words(task: str, t: int) -> StartedWords:
    """A task starts, in one of two threads."""
    return StartedWords(task, t, 1, 1 + t % 2)


some_words = st.one_of(
    st.builds(SubmittedWords, NAMES, TIMES, st.integers(1, 2), st.sampled_from(["f", "g"])),
    st.builds(started_words, NAMES, TIMES),
    st.builds(
        lambda task, t, error, since: FinishedWords(
            task, t, error, None if since is None else started_words(task, since)
        ),
        NAMES,
        TIMES,
        st.none() | st.just("ValueError"),
        st.none() | TIMES,
    ),
)


def folded(events: list[Event]) -> Timeline:
    """The timeline of these."""
    timeline = Timeline()
    timeline.apply(header(AttachRequest(pid=1)))
    timeline.extend(events)
    return timeline


def retold(words: list[Words], most: int = 1000) -> list[Event]:
    """What comes of these words."""
    retelling = Retelling(lambda t: t, most)
    return [event for each in words for event in retelling.retell(each)]


@given(st.lists(some_words))
def test_whatever_is_said_a_timeline_can_take(words: list[Words]) -> None:
    """Also where words are missing, come twice, or at times that can't be."""
    events = retold(words)
    timeline = folded(events)
    assert [task.number for task in timeline.tasks] == list(range(len(timeline.tasks)))
    for task in timeline.tasks:
        times = [t for t in (task.submitted, task.started, task.finished) if t is not None]
        assert times == sorted(times)
        assert task.finished is None or task.error is not None or task.started is not None


@given(st.lists(some_words), st.integers(1, 2))
def test_what_a_process_leaves_is_over(words: list[Words], pid: int) -> None:
    """Each task that it has submitted and that is open; no other."""
    retelling = Retelling(lambda t: t)
    events = [event for each in words for event in retelling.retell(each)]
    before = {task.number for task in folded(events).tasks if task.finished is not None}
    over = list(retelling.gone({pid: 60}))
    after = folded([*events, *over])
    assert {event.task for event in over}.isdisjoint(before)
    assert all(event.error == "its process has ended" and event.t == 60 for event in over)
    assert list(retelling.gone({pid: 70})) == []
    assert len(before) + len(over) == len(after.finished_tasks())


@given(st.lists(some_words), st.integers(0, 3))
def test_no_more_are_told_than_may_be(words: list[Words], most: int) -> None:
    """The first; the others are counted."""
    retelling = Retelling(lambda t: t, most)
    events = [event for each in words for event in retelling.retell(each)]
    submitted = [event for event in events if isinstance(event, TaskSubmitted)]
    assert len(submitted) <= most
    assert not retelling.beyond or len(submitted) == most
    folded(events)


def test_tasks_are_named_by_function_and_number() -> None:
    """Each function's are counted by themselves."""
    words: list[Words] = [
        SubmittedWords(str(n), n, 1, name) for n, name in enumerate(["fetch", "parse", "fetch"])
    ]
    assert [event.name for event in retold(words) if isinstance(event, TaskSubmitted)] == [
        "fetch 1",
        "parse 1",
        "fetch 2",
    ]


def test_a_start_that_was_not_heard_is_told_with_the_end() -> None:
    """With where and when it was."""
    words: list[Words] = [
        SubmittedWords("a", 1, 7, "f"),
        FinishedWords("a", 9, None, StartedWords("a", 5, 7, 8)),
    ]
    assert retold(words) == [
        TaskSubmitted(1, 0, "f 1"),
        TaskStarted(5, 0, 7, 8),
        TaskFinished(9, 0, result=""),
    ]


@pytest.fixture
def said(tmp_path: Path) -> Iterator[TaskCollector]:
    """Tells what is said through a pipe."""
    with closing(TaskCollector(tmp_path / "tasks", RunClock())) as said:
        yield said


def say(said: TaskCollector, line: bytes) -> None:
    """Write into the pipe, as anybody could who knows where it is."""
    pipe = os.open(said.path, os.O_WRONLY)
    os.write(pipe, line)
    os.close(pipe)


def news(said: TaskCollector) -> list[Event]:
    """What there is to tell."""
    return list(said.news(10**9, [], []))


def test_what_is_no_word_of_ours_is_passed_over(said: TaskCollector) -> None:
    """Whoever writes it."""
    say(said, b'nonsense\n\xff\xfe\n{"said":"submitted"}\n[]\n')
    say(said, 3 * READ_SIZE * b"x")
    assert news(said) == []
    say(said, b"\n")
    task_pipe.say(str(said.path), {"said": "submitted", "task": "a", "t": 0, "pid": 1, "name": "f"})
    assert [type(event) for event in news(said)] == [TaskSubmitted]


def test_no_time_lies_in_the_future(said: TaskCollector) -> None:
    """Whatever a program says."""
    task_pipe.say(str(said.path), {"said": "submitted", "task": "a", "t": 2**62, "pid": 1, "name": "f"})
    (submitted,) = news(said)
    assert isinstance(submitted, TaskSubmitted) and submitted.t < 10**15


def test_what_was_not_told_is_counted(said: TaskCollector) -> None:
    """Each time that it has become more."""
    notes = Path(f"{said.path}{task_pipe.UNTOLD}")
    notes.write_bytes(b"..")
    assert news(said) == [UnreportedTasks(10**9, 2, "the observer fell behind")]
    assert news(said) == []
    notes.write_bytes(b"...")
    assert news(said) == [UnreportedTasks(10**9, 3, "the observer fell behind")]


DIES = """
import json, os, sys, threading
from concurrent.futures import ThreadPoolExecutor
from threadviz import observed, task_pipe
task_pipe.watch(sys.argv[1])
pool = observed(ThreadPoolExecutor(1))
pool.submit(int).result()
begun = threading.Event()
pool.submit(lambda: (begun.set(), threading.Event().wait()))
pool.submit(len, "a")
begun.wait()
print(json.dumps(os.getpid()), flush=True)
sys.stdin.read()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks as on Linux")
def test_tasks_of_a_process_that_is_killed_are_over(tmp_path: Path) -> None:
    """Those that ran then, and those that waited; what was done was done."""
    path = tmp_path / "tasks"
    said = TaskCollector(path, clock := RunClock())
    with (
        started(DIES, str(path)) as (process, _),
        closing(Looking(process.pid, lambda probe: said)) as looking,
    ):
        looking.until(lambda: Counter(map(type, looking.events))[TaskSubmitted] == 3)
        process.kill()
        process.wait()
        looking.until(lambda: Counter(map(type, looking.events))[TaskFinished] == 3)
    assert clock() > 0
    timeline = folded(looking.events)
    errors = [task.error for task in timeline.tasks]
    assert errors == [None, "its process has ended", "its process has ended"]
    assert [task.started is None for task in timeline.tasks] == [False, False, True]
