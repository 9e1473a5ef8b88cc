"""Runs of a process that is attached to."""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from tests.cli.command import all_gone, descendants
from tests.launcher.runs import fetching
from tests.observer.target_programs import Target, needs_allowing, target
from tests.tui.runs.driver import drain_until
from threadviz.protocol.requests import AttachRequest
from threadviz.recordings.reader import load
from threadviz.recordings.writer import RecordingFile
from threadviz.tui.runs import Run, RunGroup, Session

pytestmark = needs_allowing


@pytest.fixture
def subject() -> Iterator[Target]:
    """Yield a process to attach to."""
    with target() as process:
        yield process


def under_way(request: AttachRequest, record: RecordingFile | None = None) -> Run:
    """Attach to a process, and return the run after its first tick."""
    run = Run.start(request, record)
    drain_until(run, lambda: run.timeline.tick is not None)
    return run


def test_its_name_is_known_from_the_header(subject: Target) -> None:
    """Before that it is the pid. The name of its file has no character of a path."""
    run = Run.start(AttachRequest(pid=subject.pid))
    assert run.title == f"process {subject.pid}, attach"
    drain_until(run, lambda: run.timeline.begun)
    assert run.title.endswith(" -c, attach")
    assert not run.is_workload and not RunGroup([run]).is_workload
    name = run.file_name(datetime(2031, 2, 3, 4, 5, 6))
    assert name.startswith("threadviz-python") and name.endswith("-c-attach-20310203-040506.jsonl.gz")
    run.close()
    assert subject.answers()


def test_to_stop_is_to_detach(subject: Target) -> None:
    """What was measured stays, there is no trouble, and the process goes on."""
    run = under_way(AttachRequest(pid=subject.pid))
    run.stop()
    drain_until(run, lambda: run.over)
    assert run.trouble == "" and run.timeline.closed is not None
    assert len(run.timeline.lanes) == 3
    assert subject.answers()


def test_the_end_of_the_process_is_the_end_of_the_run(subject: Target) -> None:
    """Another run of it reports that it is gone."""
    run = under_way(AttachRequest(pid=subject.pid))
    assert RunGroup([run]).requests == [run.request]
    subject.end()
    drain_until(run, lambda: run.over)
    assert run.trouble == ""
    again = Run.start(AttachRequest(pid=subject.pid))
    drain_until(again, lambda: again.over)
    assert again.trouble.startswith(
        f"the run is broken: it can't be watched: there is no process {subject.pid}"
    )


def test_its_recording_is_complete_at_its_end(subject: Target, tmp_path: Path) -> None:
    """Even if the app is closed, which waits for its last events. It can be saved as well."""
    path = tmp_path / "run.jsonl"
    run = under_way(AttachRequest(pid=subject.pid), RecordingFile(path))
    run.finish()
    assert run.over
    assert load(path).timeline.closed is not None
    run.save(tmp_path / "saved.jsonl")
    assert (tmp_path / "saved.jsonl").read_bytes() == path.read_bytes()
    run.finish()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
def test_a_run_goes_on_if_its_recording_fails(subject: Target, tmp_path: Path) -> None:
    """Its trouble says so, and it can still be saved elsewhere."""
    run = under_way(AttachRequest(pid=subject.pid), RecordingFile(Path("/dev/full")))
    drain_until(run, lambda: bool(run.trouble))
    assert run.trouble.startswith("the recording is incomplete: it can't be written any further")
    assert not run.over
    run.finish()
    run.save(tmp_path / "saved.jsonl")
    assert load(tmp_path / "saved.jsonl").timeline.closed is not None


def test_a_run_that_can_not_be_started_leaves_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would be in the way of the next run."""
    path = tmp_path / "run.jsonl"
    record = RecordingFile(path)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    run = Run.start(AttachRequest(pid=os.getpid()), record)
    assert run.over and run.trouble.startswith("the run can't be started")
    assert not path.exists()


def test_a_session_can_begin_with_it(subject: Target) -> None:
    """A run that is started after it detaches from it first."""
    session = Session()
    run = Run.start(AttachRequest(pid=subject.pid))
    session.follow(run)
    assert session.running is run
    drain_until(session, lambda: run.timeline.tick is not None)
    session.start(fetching(seconds=600.0))
    drain_until(session, lambda: session.running not in (run, None))
    assert run.over and run.trouble == ""
    others = descendants(os.getpid())
    session.close()
    subject.end()
    assert all_gone([each for each in others if each.pid != subject.pid])
