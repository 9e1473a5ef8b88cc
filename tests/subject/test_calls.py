"""What the subject reports of its calls: through a real named pipe, as the observer reads it."""

import os
import pickle
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadviz.observer.messages import (
    AnyMessage,
    MessagePipe,
    ReportedFinish,
    ReportedStart,
    ReportedSubmission,
)
from threadviz.protocol.task_pipe import LINE_LIMIT
from threadviz.subject.calls import TEXT_LIMIT, submitted
from threadviz.workloads import Call, WorkloadError


@pytest.fixture
def pipe(tmp_path: Path) -> Iterator[MessagePipe]:
    """The pipe as the observer has it."""
    pipe = MessagePipe(tmp_path / "events")
    yield pipe
    pipe.close()


def run(pipe: MessagePipe, *calls: Call, sends: bool = False) -> list[AnyMessage]:
    """Make calls as a mode does, and return what was reported."""
    for call in submitted(calls, str(pipe.path), sends=sends):
        call()
    return pipe.read()


def finish(messages: list[AnyMessage]) -> ReportedFinish:
    """Return the last message, which is that a task is over."""
    assert isinstance(messages[-1], ReportedFinish)
    return messages[-1]


def answer() -> str:
    """Return a result."""
    return "42"


def fail(error: Exception) -> str:
    """Raise what is given."""
    raise error


def test_a_call_reports_when_it_was_submitted_started_and_finished(pipe: MessagePipe) -> None:
    """In this order, with where it ran and what came of it."""
    submission, start, finished = run(pipe, Call("answer", answer))
    assert isinstance(submission, ReportedSubmission) and submission.name == "answer"
    assert isinstance(start, ReportedStart) and start.pid == os.getpid()
    assert isinstance(finished, ReportedFinish) and finished.result == "42"
    assert submission.t <= start.t <= finished.t
    assert submission.task == start.task == finished.task


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (WorkloadError("connection refused"), "connection refused"),
        (KeyError("missing"), "KeyError: 'missing'"),
        (ValueError("x" * 10_000), "ValueError: " + "x" * (TEXT_LIMIT - len("ValueError: ...")) + "..."),
    ],
)
def test_a_call_that_raises_is_a_task_that_failed(pipe: MessagePipe, error: Exception, shown: str) -> None:
    """The mode goes on; the error is reported, cut where it is long."""
    assert finish(run(pipe, Call("fails", fail, (error,)))).error == shown


def deeper(error: BaseException) -> str:
    """Raise what is given, a frame further down."""
    raise error


def test_the_traceback_of_a_user_function_is_reported(pipe: MessagePipe) -> None:
    """From its function on; threadviz's own frames are left out."""
    finished = finish(run(pipe, Call("fails", deeper, (KeyError("x"),), own=True)))
    assert finished.error == "KeyError: 'x'"
    head, frame, source, last = finished.traceback.split("\n")
    assert (head, last) == ("Traceback (most recent call last):", "KeyError: 'x'")
    assert frame.endswith("in deeper") and source == "    raise error"


class UnprintableError(Exception):
    """An error that can't be converted to text."""

    def __str__(self) -> str:
        raise RuntimeError


@pytest.mark.parametrize(
    ("error", "shown"),
    [
        (SystemExit(3), "SystemExit: 3"),
        (SystemExit(), "SystemExit"),
        (KeyboardInterrupt(), "KeyboardInterrupt"),
        (UnprintableError(), "UnprintableError"),
    ],
)
def test_whatever_is_raised(pipe: MessagePipe, error: BaseException, shown: str) -> None:
    """The task has failed, and the others go on."""
    assert finish(run(pipe, Call("fails", deeper, (error,), own=True))).error == shown


@given(st.lists(st.text(), max_size=4), st.text(), st.booleans())
def test_a_traceback_is_reported_as_far_as_it_fits(
    tmp_path_factory: pytest.TempPathFactory, notes: list[str], text: str, long: bool
) -> None:
    """Whatever is in it, the line is never longer than a pipe takes whole; its end is what is kept."""
    pipe = MessagePipe(tmp_path_factory.mktemp("calls") / "events")
    error = ValueError(text * 1000 if long else text)
    error.__notes__ = notes
    try:
        (call,) = submitted([Call("fails", deeper, (error,), own=True)], str(pipe.path))
        call()
        lines = os.read(pipe.descriptor, 2**16).splitlines(keepends=True)
        os.write(pipe.descriptor, lines[-1])
        finished = finish(pipe.read())
    finally:
        pipe.close()
    assert max(map(len, lines)) < LINE_LIMIT
    assert finished.error is not None and finished.error.startswith("ValueError")
    if not long and not notes:
        assert finished.traceback.startswith("Traceback (most")


def test_a_result_of_a_user_function_is_reported_as_its_repr(pipe: MessagePipe) -> None:
    """Otherwise a text could be taken for something else."""
    messages = run(pipe, Call("text", answer, own=True), Call("none", print, own=True))
    results = [message.result for message in messages if isinstance(message, ReportedFinish)]
    assert results == ["'42'", "None"]


def test_what_is_sent_arrives_and_is_dropped(pipe: MessagePipe) -> None:
    """It is pickled and unpickled, as between processes."""
    (call,) = submitted([Call("sent", Arriving, own=True)], str(pipe.path), sends=True)
    pickled = call()
    assert pickled is not None
    before = Arriving.arrived
    assert pickle.loads(pickle.dumps(pickled)) is None
    assert Arriving.arrived == before + 1


class Arriving:
    """Counts how often one was unpickled."""

    arrived = 0

    def __setstate__(self, state: object) -> None:
        type(self).arrived += 1

    def __getstate__(self) -> str:
        return "something"


def test_what_can_not_be_sent_is_a_task_that_failed(pipe: MessagePipe) -> None:
    """A sentence says so; no code of the user has failed."""
    finished = finish(run(pipe, Call("lock", threading.Lock, own=True), sends=True))
    assert finished.traceback == ""
    assert finished.error is not None and finished.error.startswith(
        "what it returned can't be pickled (TypeError"
    )


def test_a_line_is_never_longer_than_a_pipe_takes_whole(pipe: MessagePipe) -> None:
    """Not even in characters that JSON has to escape: PIPE_BUF is 4096 bytes on Linux (pipe(7))."""
    (call,) = submitted([Call("\x01" * 1000, fail, (ValueError("\x02" * 1000),))], str(pipe.path))
    call()
    lines = os.read(pipe.descriptor, 2**16).splitlines(keepends=True)
    assert len(lines) == 3 and max(map(len, lines)) < LINE_LIMIT


def test_a_call_is_submitted_when_the_mode_takes_it(pipe: MessagePipe) -> None:
    """Not before."""
    calls = submitted([Call("first", answer), Call("second", answer)], str(pipe.path))
    next(calls)
    (submission,) = pipe.read()
    assert isinstance(submission, ReportedSubmission) and submission.name == "first"
