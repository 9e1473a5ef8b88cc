"""What the subject says of its calls: through a real named pipe, as the observer reads it."""

import os
import pickle
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadviz.protocol.events import AnyEvent, TaskFinished, TaskStarted, TaskSubmitted
from threadviz.subject.calls import TEXT_LIMIT, submitting
from threadviz.workloads import Call, WorkloadError


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[tuple[Path, int]]:
    """A named pipe, open for reading."""
    path = tmp_path / "events"
    os.mkfifo(path)
    descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    yield path, descriptor
    os.close(descriptor)


def said(descriptor: int) -> list[AnyEvent]:
    """Return the events that were written."""
    lines = os.read(descriptor, 2**16).splitlines()
    return [msgspec.json.decode(line, type=AnyEvent) for line in lines]


def answer() -> str:
    """Return a result."""
    return "42"


def fail(error: Exception) -> str:
    """Raise what is given."""
    raise error


def test_a_call_says_when_it_was_submitted_entered_and_left(pipe: tuple[Path, int]) -> None:
    """In this order, with where it ran and what came of it."""
    path, descriptor = pipe
    (call,) = submitting([Call("answer", answer)], str(path))
    call()
    submitted, started, finished = said(descriptor)
    assert isinstance(submitted, TaskSubmitted) and submitted.name == "answer"
    assert isinstance(started, TaskStarted) and started.pid == os.getpid()
    assert isinstance(finished, TaskFinished) and finished.result == "42"
    assert submitted.t <= started.t <= finished.t


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (WorkloadError("connection refused"), "connection refused"),
        (KeyError("missing"), "KeyError: 'missing'"),
        (ValueError("x" * 10_000), "ValueError: " + "x" * (TEXT_LIMIT - len("ValueError: "))),
    ],
)
def test_a_call_that_raises_is_a_task_that_failed(
    pipe: tuple[Path, int], error: Exception, told: str
) -> None:
    """The mode goes on; what went wrong is said, in no more than fits."""
    path, descriptor = pipe
    (call,) = submitting([Call("fails", fail, (error,))], str(path))
    call()
    *_, finished = said(descriptor)
    assert isinstance(finished, TaskFinished) and finished.error == told


def deeper(error: BaseException) -> str:
    """Raise what is given, a frame further down."""
    raise error


def test_where_somebodys_own_code_failed_is_said(pipe: tuple[Path, int]) -> None:
    """The frames from its function on; of threadviz's own there is none."""
    path, descriptor = pipe
    (call,) = submitting([Call("fails", deeper, (KeyError("x"),), own=True)], str(path))
    call()
    *_, finished = said(descriptor)
    assert isinstance(finished, TaskFinished) and finished.error == "KeyError: 'x'"
    head, frame, source, last = finished.traceback.split("\n")
    assert (head, last) == ("Traceback (most recent call last):", "KeyError: 'x'")
    assert frame.endswith("in deeper") and source == "    raise error"


class UnspeakableError(Exception):
    """An error that can't be told."""

    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (SystemExit(3), "SystemExit: 3"),
        (SystemExit(), "SystemExit"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (UnspeakableError(), "UnspeakableError"),
    ],
)
def test_whatever_is_raised(pipe: tuple[Path, int], error: BaseException, told: str) -> None:
    """The task has failed, and the others go on."""
    path, descriptor = pipe
    (call,) = submitting([Call("fails", deeper, (error,), own=True)], str(path))
    call()
    *_, finished = said(descriptor)
    assert isinstance(finished, TaskFinished) and finished.error == told


@given(st.lists(st.text(), max_size=4), st.text(), st.booleans())
def test_a_traceback_is_said_as_far_as_it_fits(
    tmp_path_factory: pytest.TempPathFactory, notes: list[str], text: str, long: bool
) -> None:
    """Whatever is in it, the line is never longer than a pipe takes whole; its end is what is kept."""
    path = tmp_path_factory.mktemp("calls") / "events"
    os.mkfifo(path)
    descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
    error = ValueError(text * 1000 if long else text)
    error.__notes__ = notes
    try:
        (call,) = submitting([Call("fails", deeper, (error,), own=True)], str(path))
        call()
        lines = os.read(descriptor, 2**16).splitlines(keepends=True)
    finally:
        os.close(descriptor)
    assert max(map(len, lines)) < 4096
    finished = msgspec.json.decode(lines[-1], type=TaskFinished)
    assert finished.error is not None and finished.error.startswith("ValueError")
    if not long and not notes:
        assert finished.traceback.startswith("Traceback (most")


def test_a_result_of_somebodys_own_is_told_as_it_is_written(pipe: tuple[Path, int]) -> None:
    """Else a text could be taken for something else."""
    path, descriptor = pipe
    for call in submitting([Call("text", answer, own=True), Call("none", print, own=True)], str(path)):
        call()
    results = [event.result for event in said(descriptor) if isinstance(event, TaskFinished)]
    assert results == ["'42'", "None"]


def test_what_is_sent_arrives_and_is_let_go_of(pipe: tuple[Path, int]) -> None:
    """It is pickled and unpickled, as between processes."""
    path, _ = pipe
    (call,) = submitting([Call("sent", Arriving, own=True)], str(path), sends=True)
    parcel = call()
    assert parcel is not None
    before = Arriving.arrived
    assert pickle.loads(pickle.dumps(parcel)) is None
    assert Arriving.arrived == before + 1


class Arriving:
    """Counts how often one was unpickled."""

    arrived = 0

    def __setstate__(self, state: object) -> None:
        type(self).arrived += 1

    def __getstate__(self) -> str:
        return "something"


def test_what_can_not_be_sent_is_a_task_that_failed(pipe: tuple[Path, int]) -> None:
    """A sentence says so; there is no code of somebody's own in which it failed."""
    path, descriptor = pipe
    (call,) = submitting([Call("lock", threading.Lock, own=True)], str(path), sends=True)
    assert call() is None
    *_, finished = said(descriptor)
    assert isinstance(finished, TaskFinished) and finished.traceback == ""
    assert finished.error is not None and finished.error.startswith(
        "what it returned can't be pickled (TypeError"
    )


def test_what_is_said_is_never_longer_than_a_pipe_takes_whole(pipe: tuple[Path, int]) -> None:
    """Not even in characters that JSON has to escape: PIPE_BUF is 4096 bytes on Linux (pipe(7))."""
    path, descriptor = pipe
    (call,) = submitting([Call("\x01" * 1000, fail, (ValueError("\x02" * 1000),))], str(path))
    call()
    lines = os.read(descriptor, 2**16).splitlines(keepends=True)
    assert max(map(len, lines)) < 4096


def test_a_call_is_submitted_when_the_mode_takes_it(pipe: tuple[Path, int]) -> None:
    """Not before."""
    path, descriptor = pipe
    calls = submitting([Call("first", answer), Call("second", answer)], str(path))
    next(calls)
    assert [event.name for event in said(descriptor) if isinstance(event, TaskSubmitted)] == ["first"]
