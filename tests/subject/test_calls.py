"""What the subject says of its calls: through a real named pipe, as the observer reads it."""

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from threadviz.events import AnyEvent, Finished, Started, Submitted
from threadviz.subject.calls import submitting
from threadviz.subject.saying import TEXT_LIMIT
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
    assert isinstance(submitted, Submitted) and submitted.name == "answer"
    assert isinstance(started, Started) and started.pid == os.getpid()
    assert isinstance(finished, Finished) and finished.result == "42"
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
    assert isinstance(finished, Finished) and finished.error == told


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
    assert [event.name for event in said(descriptor) if isinstance(event, Submitted)] == ["first"]
