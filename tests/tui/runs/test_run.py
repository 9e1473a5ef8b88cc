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
from tests.tui.runs.driving import BUDGET_NS, drive, observe_with
from threadviz.protocol.codec import StreamError
from threadviz.protocol.events import Outcome, StreamClosed
from threadviz.recordings.reader import load
from threadviz.recordings.writer import SaveError
from threadviz.run_follower import RunFollower
from threadviz.timeline import Timeline
from threadviz.tui.runs import Run

ENDLESS = fetching(seconds=600.0)


def under_way() -> Run:
    """A run of which a task has started, and which would go on for long."""
    run = Run.start(ENDLESS)
    drive(run, lambda: any(task.started is not None for task in run.timeline.tasks))
    return run


def test_a_run_is_read_to_its_end() -> None:
    """All of its tasks are there in the end, nothing went wrong, and no more comes."""
    run = Run.start(fetching())
    assert (run.title, run.over, run.begun, run.stopping) == ("fetch, threads", False, False, False)
    drive(run, lambda: run.begun)
    drive(run, lambda: run.over)
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
    drive(run, lambda: run.over)
    assert threading.active_count() == before
    assert all_gone(others)


def test_a_run_that_is_stopped_keeps_what_was_measured() -> None:
    """It is stopping until its last word has come, and that is no trouble."""
    run = under_way()
    run.stop()
    run.stop()
    assert run.stopping
    drive(run, lambda: run.over)
    assert run.stopped and not run.stopping
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
    drive(run, lambda: run.over)
    return run


def _unread() -> Run:
    run = Run.start(fetching(seconds=0.0))
    await_that(lambda: not descendants(os.getpid()) or None)
    return run


@pytest.mark.parametrize("make", [_just_begun, under_way, _stopped, _whole, _unread])
def test_a_run_can_be_closed_at_any_time(make: Callable[[], Run]) -> None:
    """Just begun, in the middle, stopping, over, or unread: at once nothing of it is left, and twice is no harm."""
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


def test_a_run_that_can_not_be_started_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is over from the first, and has its title."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    run = Run.start(fetching())
    assert run.over and not run.begun
    assert run.trouble == "the run can't be started (No such file or directory)"
    assert run.title == "fetch, threads"


def test_an_observer_that_dies_is_told() -> None:
    """The run is over, with what was measured until then."""
    run = under_way()
    observer = role(os.getpid(), "observer")
    assert observer is not None
    observer.send_signal(signal.SIGKILL)
    drive(run, lambda: run.over)
    assert run.trouble == "the run is broken: the observer died (killed by SIGKILL)"
    assert run.timeline.begin is not None
    assert run.timeline.closed is not None


def test_an_observer_that_dies_before_the_header_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is nothing then but the sentence."""
    observe_with("sys.exit(3)\n", tmp_path, monkeypatch)
    run = Run.start(fetching())
    drive(run, lambda: run.over)
    assert not run.begun
    assert run.trouble == "the run is broken: the observer died (exit status 3)"


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("out.write(b'what?\\n')", "line 1 is no event"),
        ("out.write(encode(HEADER) * 2)", "a second header"),
        ("out.write(encode(HEADER) + encode(LaneEnded(0, 7)))", "lane 7"),
    ],
)
def test_a_run_whose_observer_says_what_can_not_be_is_ended(
    said: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even if the observer would go on for long."""
    observe_with(f"{said}\nout.flush()\ntime.sleep(600)\n", tmp_path, monkeypatch)
    run = Run.start(fetching())
    others = await_that(lambda: descendants(os.getpid()))
    drive(run, lambda: run.over)
    assert run.trouble.startswith("the run was ended because its observer reported something impossible: ")
    assert why in run.trouble
    assert all_gone(others)


def test_no_more_is_taken_at_a_time_than_there_is_time_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The rest comes the next times, and in the end all of it is there."""
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
    """While it goes on as far as it has come, and whole when it is over; never over a file without being told."""
    run = Run.start(fetching())
    drive(run, lambda: any(task.started is not None for task in run.timeline.tasks))
    run.save(tmp_path / "some.jsonl")
    some = load(tmp_path / "some.jsonl")
    assert some.dropped == "" and some.timeline.closed is None
    drive(run, lambda: run.over)
    name = run.file_name(datetime(2031, 2, 3, 4, 5, 6))
    assert name == "threadviz-fetch-threads-20310203-040506.jsonl.gz"
    run.save(tmp_path / name)
    whole = load(tmp_path / name)
    assert (whole.dropped, whole.timeline.totals()) == ("", run.timeline.totals())
    with pytest.raises(FileExistsError):
        run.save(tmp_path / name)
    run.save(tmp_path / "some.jsonl", over=True)
    assert load(tmp_path / "some.jsonl").timeline.closed is not None


def test_what_was_not_run_in_this_sitting_is_not_saved(tmp_path: Path) -> None:
    """Nor what could not be started; a sentence says why."""
    for run in (Run.of(timeline_of([HEADER])), Run(fetching(), RunFollower(), None)):
        with pytest.raises(SaveError, match="it was not run in this sitting"):
            run.save(tmp_path / "run.jsonl")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_run_goes_on_where_it_can_not_be_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """To its end, without a word until somebody wants to save it."""
    full = Path("/dev/full").open("wb")  # noqa: SIM115 - it is closed with what keeps it
    with monkeypatch.context() as broken:
        broken.setattr("tempfile.TemporaryFile", lambda prefix: full)
        run = Run.start(fetching(seconds=0.0))
    drive(run, lambda: run.over)
    assert run.trouble == "" and run.timeline.closed is not None
    assert len(run.timeline.finished_tasks()) == 3
    with pytest.raises(SaveError, match="No space left on device"):
        run.save(tmp_path / "run.jsonl")


def test_a_run_that_is_over_can_be_looked_at() -> None:
    """Such as a recording; what went wrong with it can be said."""
    timeline = timeline_of([HEADER, StreamClosed(5, Outcome.FINISHED)])
    run = Run.of(timeline, "it was cut off")
    assert run.over and run.begun and run.timeline is timeline
    assert (run.title, run.trouble, run.request) == ("fetch, threads", "it was cut off", None)
    with pytest.raises(StreamError, match="empty"):
        Run.of(Timeline())
