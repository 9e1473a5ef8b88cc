import os
import signal
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from tests.cli.command import all_gone, await_that, descendants, role
from tests.launcher.runs import fetching, timeline_of
from tests.protocol.header import HEADER
from tests.tui.runs.driver import BUDGET_NS, drain_until, observe_with
from threadviz.protocol.codec import StreamError
from threadviz.protocol.events import Outcome, StreamClosed
from threadviz.recordings.reader import load
from threadviz.recordings.writer import SaveError
from threadviz.timeline import Timeline
from threadviz.tui.runs import Run

ENDLESS = fetching(seconds=600.0)


def under_way() -> Run:
    """Return a run of which a task has started, and which would go on for long."""
    run = Run.start(ENDLESS)
    drain_until(run, lambda: any(task.started is not None for task in run.timeline.tasks))
    return run


def test_a_run_is_read_to_its_end() -> None:
    """All of its tasks are there in the end, there is no trouble, and no more events come."""
    run = Run.start(fetching())
    assert (run.title, run.over, run.timeline.begun, run.stopped) == ("fetch, threads", False, False, False)
    drain_until(run, lambda: run.timeline.begun)
    drain_until(run, lambda: run.over)
    assert run.timeline.closed is not None
    assert run.timeline.closed.outcome is Outcome.FINISHED
    assert [task.error for task in run.timeline.finished_tasks()] == [None] * 3
    assert run.trouble == ""
    assert not run.drain(BUDGET_NS)


def test_nothing_is_left_of_a_run_that_is_over() -> None:
    """Neither a process nor a thread."""
    before = threading.active_count()
    run = Run.start(fetching(seconds=0.0))
    others = await_that(lambda: descendants(os.getpid()))
    drain_until(run, lambda: run.over)
    assert threading.active_count() == before
    assert all_gone(others)


def test_a_run_that_is_stopped_keeps_what_was_measured() -> None:
    """It goes on until its last event has come, and there is no trouble."""
    run = under_way()
    run.stop()
    run.stop()
    assert run.stopped and not run.over
    drain_until(run, lambda: run.over)
    assert run.stopped
    assert run.timeline.closed is not None
    assert run.timeline.closed.outcome is Outcome.INTERRUPTED
    assert run.trouble == ""
    assert run.timeline.begin is not None


def _just_begun() -> Run:
    return Run.start(ENDLESS)


def _stopped() -> Run:
    run = under_way()
    run.stop()
    return run


def _whole() -> Run:
    run = Run.start(fetching(seconds=0.0))
    drain_until(run, lambda: run.over)
    return run


def _unread() -> Run:
    run = Run.start(fetching(seconds=0.0))
    await_that(lambda: not descendants(os.getpid()) or None)
    return run


@pytest.mark.parametrize("make", [_just_begun, under_way, _stopped, _whole, _unread])
def test_a_run_can_be_closed_at_any_time(make: Callable[[], Run]) -> None:
    """Just begun, in the middle, stopping, over, or unread: nothing of it is left. It may be closed twice."""
    before = threading.active_count()
    run = make()
    others = descendants(os.getpid())
    run.close()
    assert run.over
    assert threading.active_count() == before
    assert all_gone(others)
    run.close()
    run.stop()
    assert not run.drain(BUDGET_NS)


def test_a_run_that_cannot_be_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is over at once, and has its title."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    run = Run.start(fetching())
    assert run.over and not run.timeline.begun
    assert run.trouble == "the run can't be started (No such file or directory)"
    assert run.title == "fetch, threads"


def test_the_observer_dies() -> None:
    """The run is over, with what was measured until then."""
    run = under_way()
    observer = role(os.getpid(), "observer")
    assert observer is not None
    observer.send_signal(signal.SIGKILL)
    drain_until(run, lambda: run.over)
    assert run.trouble == "the run is broken: the observer died (killed by SIGKILL)"
    assert run.timeline.begin is not None
    assert run.timeline.closed is not None


def test_the_observer_dies_before_the_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There is nothing but the trouble."""
    observe_with("sys.exit(3)\n", tmp_path, monkeypatch)
    run = Run.start(fetching())
    drain_until(run, lambda: run.over)
    assert not run.timeline.begun
    assert run.trouble == "the run is broken: the observer died (exit status 3)"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("out.write(b'what?\\n')", "line 1 is no event"),
        ("out.write(encode(HEADER) * 2)", "a second header"),
        ("out.write(encode(HEADER) + encode(LaneEnded(0, 7)))", "lane 7"),
    ],
)
def test_an_invalid_stream_ends_the_run(
    text: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if the observer would go on for long."""
    observe_with(f"{text}\nout.flush()\ntime.sleep(600)\n", tmp_path, monkeypatch)
    run = Run.start(fetching())
    others = await_that(lambda: descendants(os.getpid()))
    drain_until(run, lambda: run.over)
    assert run.trouble.startswith("the run was ended because its observer reported something impossible: ")
    assert why in run.trouble
    assert all_gone(others)


def test_draining_stops_when_its_time_is_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other events are taken the next times, until all of them are there."""
    script = (
        "out.write(encode(HEADER))\nfor t in range(5000): out.write(encode(TaskSubmitted(t, t, 'task')))\n"
    )
    observe_with(script + "out.write(encode(StreamClosed(5000, Outcome.FINISHED)))\n", tmp_path, monkeypatch)
    run = Run.start(fetching())
    await_that(lambda: not descendants(os.getpid()) or None)
    some = []
    while run.drain(0):
        some.append(len(run.timeline.tasks))
    assert len(some) > 10
    assert some == sorted(some)
    assert run.over and len(run.timeline.tasks) == 5000
    assert run.trouble == ""


def test_a_run_can_be_saved_as_a_recording(tmp_path: Path) -> None:
    """So far while it goes on, and completely when it is over; it overwrites a file only on request."""
    run = Run.start(fetching())
    drain_until(run, lambda: any(task.started is not None for task in run.timeline.tasks))
    run.save(tmp_path / "some.jsonl")
    some = load(tmp_path / "some.jsonl")
    assert some.dropped == "" and some.timeline.closed is None
    drain_until(run, lambda: run.over)
    name = run.file_name(datetime(2031, 2, 3, 4, 5, 6))
    assert name == "threadviz-fetch-threads-20310203-040506.jsonl.gz"
    run.save(tmp_path / name)
    whole = load(tmp_path / name)
    assert (whole.dropped, whole.timeline.totals()) == ("", run.timeline.totals())
    with pytest.raises(FileExistsError):
        run.save(tmp_path / name)
    run.save(tmp_path / "some.jsonl", over=True)
    assert load(tmp_path / "some.jsonl").timeline.closed is not None


def test_a_run_of_another_session_is_not_saved(tmp_path: Path) -> None:
    """Nor one that could not be started; the error says why."""
    for run in (Run.of(timeline_of([HEADER])), Run(fetching())):
        with pytest.raises(SaveError, match="it was not run in this session"):
            run.save(tmp_path / "run.jsonl")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_run_goes_on_if_it_cannot_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To its end, without trouble; only saving it reports the error."""
    full = Path("/dev/full").open("wb")  # noqa: SIM115 - it is closed with what keeps it
    with monkeypatch.context() as broken:
        broken.setattr("tempfile.TemporaryFile", lambda prefix: full)
        run = Run.start(fetching(seconds=0.0))
    drain_until(run, lambda: run.over)
    assert run.trouble == "" and run.timeline.closed is not None
    assert len(run.timeline.finished_tasks()) == 3
    with pytest.raises(SaveError, match="No space left on device"):
        run.save(tmp_path / "run.jsonl")


def test_a_run_can_be_made_of_a_timeline() -> None:
    """Such as a recording; its trouble can be given."""
    timeline = timeline_of([HEADER, StreamClosed(5, Outcome.FINISHED)])
    run = Run.of(timeline, "it was cut off")
    assert run.over and run.timeline.begun and run.timeline is timeline
    assert (run.title, run.trouble, run.request) == ("fetch, threads", "it was cut off", None)
    with pytest.raises(StreamError, match="empty"):
        Run.of(Timeline())
