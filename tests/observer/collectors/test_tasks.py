import os
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.observer.sampling import SampledProcess, started
from threadviz.observer.collectors.reports import ReportCollector
from threadviz.observer.collectors.tasks import ReportedTasks
from threadviz.observer.io import RunClock
from threadviz.observer.messages import ReportedFinish, ReportedStart, ReportedSubmission, TaskMessage
from threadviz.observer.observation import make_header
from threadviz.observer.probes.base import Changes
from threadviz.protocol import task_pipe
from threadviz.protocol.codec import READ_SIZE
from threadviz.protocol.events import Event, TaskFinished, TaskStarted, TaskSubmitted, UnreportedTasks
from threadviz.protocol.requests import AttachRequest
from threadviz.timeline import Timeline

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes of this kind")

TIMES = st.integers(0, 50)
NAMES = st.sampled_from("abcde")


def start_message(task: str, t: int) -> ReportedStart:
    """A task starts, in one of two threads."""
    return ReportedStart(task, t, 1, 1 + t % 2)


any_message = st.one_of(
    st.builds(ReportedSubmission, NAMES, TIMES, st.integers(1, 2), st.sampled_from(["f", "g"])),
    st.builds(start_message, NAMES, TIMES),
    st.builds(
        lambda task, t, error, since: ReportedFinish(
            task, t, error=error, started=None if since is None else start_message(task, since)
        ),
        NAMES,
        TIMES,
        st.none() | st.just("ValueError"),
        st.none() | TIMES,
    ),
)


def timeline_of(events: list[Event]) -> Timeline:
    """The timeline of these."""
    timeline = Timeline()
    timeline.apply(make_header(AttachRequest(pid=1)))
    timeline.extend(events)
    return timeline


def events_of(messages: list[TaskMessage], most: int = 1000) -> list[Event]:
    """What comes of these words."""
    reported = ReportedTasks(lambda t: t, most)
    return [event for each in messages for event in reported.events(each)]


@given(st.lists(any_message))
def test_a_timeline_takes_whatever_is_reported(messages: list[TaskMessage]) -> None:
    """Also where messages are missing, come twice, or have impossible times."""
    events = events_of(messages)
    timeline = timeline_of(events)
    assert [task.number for task in timeline.tasks] == list(range(len(timeline.tasks)))
    for task in timeline.tasks:
        times = [t for t in (task.submitted, task.started, task.finished) if t is not None]
        assert times == sorted(times)
        assert task.finished is None or task.error is not None or task.started is not None


@given(st.lists(any_message), st.integers(1, 2))
def test_tasks_of_an_ended_process_are_over(messages: list[TaskMessage], pid: int) -> None:
    """Each task that it has submitted and that is open; no other."""
    reported = ReportedTasks(lambda t: t)
    events = [event for each in messages for event in reported.events(each)]
    before = {task.number for task in timeline_of(events).tasks if task.finished is not None}
    finished = list(reported.processes_ended({pid: 60}))
    after = timeline_of([*events, *finished])
    assert {event.task for event in finished}.isdisjoint(before)
    assert all(event.error == "its process has ended" and event.t == 60 for event in finished)
    assert list(reported.processes_ended({pid: 70})) == []
    assert len(before) + len(finished) == len(after.finished_tasks())


@given(st.lists(any_message), st.integers(0, 3))
def test_the_number_of_tasks_is_limited(messages: list[TaskMessage], most: int) -> None:
    """The first; the others are counted."""
    reported = ReportedTasks(lambda t: t, most)
    events = [event for each in messages for event in reported.events(each)]
    submitted = [event for event in events if isinstance(event, TaskSubmitted)]
    assert len(submitted) <= most
    assert not reported.dropped or len(submitted) == most
    timeline_of(events)


def test_tasks_are_named_by_function_and_number() -> None:
    """Each function's are counted by themselves."""
    messages: list[TaskMessage] = [
        ReportedSubmission(str(n), n, 1, name) for n, name in enumerate(["fetch", "parse", "fetch"])
    ]
    assert [event.name for event in events_of(messages) if isinstance(event, TaskSubmitted)] == [
        "fetch 1",
        "parse 1",
        "fetch 2",
    ]


def test_a_lost_start_comes_with_the_end() -> None:
    """With where and when it was."""
    messages: list[TaskMessage] = [
        ReportedSubmission("a", 1, 7, "f"),
        ReportedFinish("a", 9, started=ReportedStart("a", 5, 7, 8)),
    ]
    assert events_of(messages) == [
        TaskSubmitted(1, 0, "f 1"),
        TaskStarted(5, 0, 7, 8),
        TaskFinished(9, 0, result=""),
    ]


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[ReportCollector]:
    """A collector with a pipe."""
    with closing(ReportCollector(tmp_path / "tasks", RunClock())) as collector:
        yield collector


def write(collector: ReportCollector, line: bytes) -> None:
    """Write into the pipe, as anybody could who knows where it is."""
    pipe = os.open(collector.path, os.O_WRONLY)
    os.write(pipe, line)
    os.close(pipe)


def events_from(collector: ReportCollector) -> list[Event]:
    """What there is to tell."""
    return list(collector.poll(10**9, Changes()))


def test_lines_that_are_no_messages_are_skipped(collector: ReportCollector) -> None:
    """Whoever writes them."""
    write(collector, b'nonsense\n\xff\xfe\n{"type":"submitted"}\n[]\n')
    write(collector, 3 * READ_SIZE * b"x")
    assert events_from(collector) == []
    write(collector, b"\n")
    task_pipe.send(str(collector.path), {"type": "submitted", "task": "a", "t": 0, "pid": 1, "name": "f"})
    assert [type(event) for event in events_from(collector)] == [TaskSubmitted]


def test_no_time_lies_in_the_future(collector: ReportCollector) -> None:
    """Whatever a program reports."""
    task_pipe.send(str(collector.path), {"type": "submitted", "task": "a", "t": 2**62, "pid": 1, "name": "f"})
    (submitted,) = events_from(collector)
    assert isinstance(submitted, TaskSubmitted) and submitted.t < 10**15


def test_unreported_tasks_are_counted(collector: ReportCollector) -> None:
    """Each time that it has become more."""
    notes = Path(f"{collector.path}{task_pipe.UNREPORTED_SUFFIX}")
    notes.write_bytes(b"..")
    assert events_from(collector) == [UnreportedTasks(10**9, 2, "the observer fell behind")]
    assert events_from(collector) == []
    notes.write_bytes(b"...")
    assert events_from(collector) == [UnreportedTasks(10**9, 3, "the observer fell behind")]


DIES = """
import json, os, sys, threading
from concurrent.futures import ThreadPoolExecutor
from threadviz import observed
from threadviz.protocol import task_pipe
task_pipe.add_pipe(sys.argv[1])
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
    collector = ReportCollector(path, clock := RunClock())
    with (
        started(DIES, str(path)) as (process, _),
        closing(SampledProcess(process.pid, lambda probe: collector)) as sampling,
    ):
        sampling.sample_until(lambda: Counter(map(type, sampling.events))[TaskSubmitted] == 3)
        process.kill()
        process.wait()
        sampling.sample_until(lambda: Counter(map(type, sampling.events))[TaskFinished] == 3)
    assert clock() > 0
    timeline = timeline_of(sampling.events)
    errors = [task.error for task in timeline.tasks]
    assert errors == [None, "its process has ended", "its process has ended"]
    assert [task.started is None for task in timeline.tasks] == [False, False, True]
