import os
from collections.abc import Iterator

import msgspec
import psutil
import pytest

from tests.cli.command import all_gone, await_that, descendants
from tests.launcher.runs import fetching, timeline_of
from tests.protocol.header import HEADER
from tests.tui.runs.driver import BUDGET_NS, drain_until
from threadviz.analysis import labelled, verdict
from threadviz.protocol.events import Outcome, StreamClosed
from threadviz.timeline import Timeline
from threadviz.tui.runs import Run, RunGroup, Session
from threadviz.tui.runs.session import MAX_GROUPS

MODES = ("blocking", "threads", "processes")
QUICK = [fetching(mode, seconds=0.05) for mode in MODES]
ENDLESS = [fetching(mode, seconds=600.0) for mode in MODES]


@pytest.fixture
def session() -> Iterator[Session]:
    """Yield a session, of which nothing is left in the end."""
    session = Session()
    yield session
    others = descendants(os.getpid())
    session.close()
    assert all_gone(others)


def measured(group: RunGroup) -> dict[str, Timeline]:
    """Return the timelines of the measured runs, as the findings take them."""
    return labelled(run.timeline for run in group.runs if run.timeline.begin is not None)


def under_way(session: Session, runs: int = 1) -> RunGroup:
    """Return the current group as soon as it has so many runs, and the last one has begun its workload."""
    drain_until(session, lambda: len(session.current.runs) == runs)
    drain_until(session, lambda: session.current.runs[-1].timeline.begin is not None)
    return session.current


def observers() -> list[psutil.Process]:
    """Return the running observers: only our own children, since a child of an observer looks like one at first."""
    found = []
    for process in psutil.Process().children():
        try:
            if "threadviz.observer" in process.cmdline():
                found.append(process)
        except psutil.Error:
            continue
    return found


def over() -> Run:
    """Return a run that is over."""
    return Run.of(timeline_of([HEADER, StreamClosed(0, Outcome.FINISHED)]))


def test_there_is_nothing_before_the_first_run(session: Session) -> None:
    """And nothing to stop or to drain."""
    assert (session.groups, session.current.runs, session.running) == ((), (), None)
    session.stop()
    assert not session.drain(BUDGET_NS)


def test_a_run_that_is_started_is_current(session: Session) -> None:
    """From its start to its end."""
    session.start(QUICK[1])
    group = session.current
    assert group.title == "fetch, threads"
    assert not group.comparison and not group.over
    assert session.running is group.runs[0]
    drain_until(session, lambda: group.over)
    assert session.running is None
    assert list(measured(group)) == ["threads"] and group.not_run == []
    assert session.groups == (group,)


def test_a_comparison_runs_one_mode_after_the_other(session: Session) -> None:
    """There are never two observers at once, and in the end all modes can be compared."""
    session.start(*QUICK)
    group = session.current
    assert group.title == "fetch: blocking, threads, processes"
    assert group.comparison

    def is_over() -> bool:
        assert len(observers()) <= 1
        assert sum(not run.over for run in group.runs) <= 1
        assert [run.mode for run in group.runs] == list(MODES)[: len(group.runs)]
        return group.over

    drain_until(session, is_over)
    assert list(measured(group)) == list(MODES)
    assert (group.waiting, group.not_run) == ((), [])
    assert len(verdict(measured(group))) == 3
    assert session.current is group


def test_what_comes_after_a_run_that_was_stopped_is_not_run(session: Session) -> None:
    """It is known which modes those are, for the verdict."""
    session.start(*[QUICK[0], *ENDLESS[1:]])
    group = under_way(session, runs=2)
    assert group.waiting == (ENDLESS[2],)
    session.stop()
    drain_until(session, lambda: group.over)
    assert [run.mode for run in group.runs] == ["blocking", "threads"]
    assert group.not_run == ["processes"]
    assert group.comparison and group.title == "fetch: blocking, threads, processes"
    texts = [each.text for each in verdict(measured(group), group.not_run)]
    assert texts[1].startswith("threads: interrupted")
    assert texts[2] == "processes: did not run"
    assert group.requests == [QUICK[0], *ENDLESS[1:]]


def test_what_comes_after_a_run_that_broke_is_not_run(session: Session) -> None:
    """Of a run that broke before it began nothing was measured either."""
    session.start(*ENDLESS)
    await_that(observers)[0].kill()
    group = session.current
    drain_until(session, lambda: group.over)
    assert group.runs[0].trouble == "the run is broken: the observer died (killed by SIGKILL)"
    assert len(group.runs) == 1
    assert group.not_run[-2:] == ["threads", "processes"]
    assert len(measured(group)) + len(group.not_run) == 3


def test_what_comes_after_a_run_that_can_not_be_started_is_not_run(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sitting goes on."""
    with monkeypatch.context() as broken:
        broken.setattr("tempfile.tempdir", "/dev/null")
        session.start(*QUICK)
    group = session.current
    drain_until(session, lambda: group.over)
    assert "can't be started" in group.runs[0].trouble
    assert group.not_run == list(MODES)
    session.start(QUICK[1])
    drain_until(session, lambda: session.current.over)
    assert session.current.runs[0].trouble == ""


def test_starting_stops_what_goes_on(session: Session) -> None:
    """The run before stays at hand, interrupted, and the new one begins when nothing is left of it."""
    session.start(ENDLESS[1])
    first = under_way(session)
    session.start(QUICK[0])
    assert session.starting and session.current is first

    def is_over() -> bool:
        assert len(observers()) <= 1
        return session.current is not first and session.current.over

    drain_until(session, is_over)
    assert not session.starting
    assert session.groups == (first, session.current)
    closed = first.runs[0].timeline.closed
    assert closed is not None and closed.outcome is Outcome.INTERRUPTED
    assert session.current.runs[0].mode == "blocking"


def test_only_the_last_of_several_requests_is_started(session: Session) -> None:
    """If all are made before the running one is over."""
    session.start(ENDLESS[1])
    under_way(session)
    for request in QUICK:
        session.start(request)
    drain_until(session, lambda: len(session.groups) == 2 and session.current.over)
    assert session.current.runs[0].mode == "processes"


def test_a_waiting_request_can_be_cancelled(session: Session) -> None:
    """By a stop, before it is started."""
    session.start(ENDLESS[1])
    group = under_way(session)
    session.start(QUICK[0])
    session.stop()
    drain_until(session, lambda: session.running is None)
    assert not session.drain(BUDGET_NS)
    assert session.groups == (group,) and not observers()


def test_going_back_does_not_disturb_a_comparison(session: Session) -> None:
    """It goes on to its end while an earlier run is current."""
    session.start(QUICK[1])
    first = session.current
    drain_until(session, lambda: first.over)
    session.start(*QUICK[:2])
    session.current = session.groups[0]
    assert session.current is first
    drain_until(session, lambda: session.groups[1].over)
    assert list(measured(session.groups[1])) == ["blocking", "threads"]
    assert session.current is first


def test_earlier_runs_can_be_compared(session: Session) -> None:
    """Two of the same mode are numbered."""
    for _ in range(2):
        session.start(QUICK[1])
        drain_until(session, lambda: session.current.over)
    runs = [group.runs[0] for group in session.groups]
    session.add(runs)
    assert session.current.runs == tuple(runs)
    assert session.current.over and session.current.comparison
    assert session.current.title == "fetch: threads, threads"
    assert session.current.requests == [QUICK[1]] * 2
    assert list(measured(session.current)) == ["threads", "threads (2)"]


def test_the_title_of_different_workloads(session: Session) -> None:
    """Each has its workload and mode; there are no requests for runs of other sessions."""
    other = Run.of(timeline_of([msgspec.structs.replace(HEADER, workload="primes")]))
    session.add([over(), other])
    assert session.current.title == "fetch, threads; primes, threads"
    assert session.current.requests == []


def test_the_oldest_groups_are_dropped(session: Session) -> None:
    """But not the one that goes on."""
    session.start(ENDLESS[1])
    going_on = session.current
    for _ in range(MAX_GROUPS + 3):
        session.add([over()])
        assert session.groups[-1] is session.current
    assert len(session.groups) == MAX_GROUPS
    assert session.groups[0] is going_on
    session.stop()
    drain_until(session, lambda: going_on.over)
    session.add([over()])
    assert going_on not in session.groups
    assert len(session.groups) == MAX_GROUPS


def test_closing_ends_everything_at_once(session: Session) -> None:
    """What waits is not started, and what was measured stays."""
    session.start(*ENDLESS)
    group = under_way(session)
    others = descendants(os.getpid())
    session.close()
    session.close()
    assert group.over and group.not_run == ["threads", "processes"]
    assert list(measured(group)) == ["blocking"]
    assert all_gone(others)
    assert not session.drain(BUDGET_NS)
