import os
from collections.abc import Iterator

import msgspec
import psutil
import pytest

from tests.cli.command import all_gone, await_that, descendants
from tests.launcher.runs import fetching, timeline_of
from tests.protocol.header import HEADER
from tests.tui.runs.driving import BUDGET_NS, drive
from threadviz.analysis import verdict
from threadviz.protocol.events import Closed, Outcome
from threadviz.tui.runs import Group, Run, Sitting
from threadviz.tui.runs.session import MAX_GROUPS

MODES = ("blocking", "threads", "processes")
QUICK = [fetching(mode, seconds=0.05) for mode in MODES]
ENDLESS = [fetching(mode, seconds=600.0) for mode in MODES]


@pytest.fixture
def sitting() -> Iterator[Sitting]:
    """A sitting, of which nothing is left in the end."""
    sitting = Sitting()
    yield sitting
    others = descendants(os.getpid())
    sitting.close()
    assert all_gone(others)


def current(sitting: Sitting) -> Group:
    """The group that is looked at, which there is."""
    assert sitting.current is not None
    return sitting.current


def under_way(sitting: Sitting, runs: int = 1) -> Group:
    """The group that is looked at, as soon as it has so many runs, and the last of them has begun its workload."""
    drive(sitting, lambda: len(current(sitting).runs) == runs)
    drive(sitting, lambda: current(sitting).runs[-1].timeline.begin is not None)
    return current(sitting)


def observers() -> list[psutil.Process]:
    """The observers that are at work now: children of ours, for a child of theirs looks like one at first."""
    found = []
    for process in psutil.Process().children():
        try:
            if "threadviz.observer" in process.cmdline():
                found.append(process)
        except psutil.Error:
            continue
    return found


def over() -> Run:
    """A run that is over."""
    return Run.of(timeline_of([HEADER, Closed(0, Outcome.FINISHED)]))


def test_there_is_nothing_before_the_first_run(sitting: Sitting) -> None:
    """And nothing to stop or to take."""
    assert (sitting.groups, sitting.current, sitting.running) == ((), None, None)
    sitting.stop()
    assert not sitting.drain(BUDGET_NS)


def test_a_run_that_is_started_is_looked_at(sitting: Sitting) -> None:
    """From its first moment on to its end."""
    sitting.start(QUICK[1])
    group = current(sitting)
    assert group.title == "fetch, threads"
    assert not group.comparison and not group.over
    assert sitting.running is group.runs[0]
    drive(sitting, lambda: group.over)
    assert sitting.running is None
    assert list(group.timelines) == ["threads"] and group.not_run == []
    assert sitting.groups == (group,)


def test_a_comparison_runs_one_mode_after_the_other(sitting: Sitting) -> None:
    """Never are there two observers at once, and in the end all modes can be compared."""
    sitting.compare(QUICK)
    group = current(sitting)
    assert group.title == "fetch: blocking, threads, processes"
    assert group.comparison

    def is_over() -> bool:
        assert len(observers()) <= 1
        assert sum(not run.over for run in group.runs) <= 1
        assert [run.mode for run in group.runs] == list(MODES)[: len(group.runs)]
        return group.over

    drive(sitting, is_over)
    assert list(group.timelines) == list(MODES)
    assert (group.waiting, group.not_run) == ((), [])
    assert len(verdict(group.timelines)) == 3
    assert current(sitting) is group


def test_what_comes_after_a_run_that_was_stopped_is_not_run(sitting: Sitting) -> None:
    """It is known which modes those are, for the verdict."""
    sitting.compare([QUICK[0], *ENDLESS[1:]])
    group = under_way(sitting, runs=2)
    assert group.waiting == (ENDLESS[2],)
    sitting.stop()
    drive(sitting, lambda: group.over)
    assert [run.mode for run in group.runs] == ["blocking", "threads"]
    assert group.not_run == ["processes"]
    assert group.comparison and group.title == "fetch: blocking, threads, processes"
    texts = [each.text for each in verdict(group.timelines, group.not_run)]
    assert texts[1].startswith("threads: interrupted")
    assert texts[2] == "processes: did not run"
    assert group.requests == [QUICK[0], *ENDLESS[1:]]


def test_what_comes_after_a_run_that_broke_is_not_run(sitting: Sitting) -> None:
    """Of a run that broke before it began nothing was measured either."""
    sitting.compare(ENDLESS)
    await_that(observers)[0].kill()
    group = current(sitting)
    drive(sitting, lambda: group.over)
    assert group.runs[0].trouble == "the run is broken: the observer died (killed by SIGKILL)"
    assert len(group.runs) == 1
    assert group.not_run[-2:] == ["threads", "processes"]
    assert len(group.timelines) + len(group.not_run) == 3


def test_what_comes_after_a_run_that_can_not_be_started_is_not_run(
    sitting: Sitting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sitting goes on."""
    with monkeypatch.context() as broken:
        broken.setattr("tempfile.tempdir", "/dev/null")
        sitting.compare(QUICK)
    group = current(sitting)
    drive(sitting, lambda: group.over)
    assert "can't be started" in group.runs[0].trouble
    assert group.not_run == list(MODES)
    sitting.start(QUICK[1])
    drive(sitting, lambda: current(sitting).over)
    assert current(sitting).runs[0].trouble == ""


def test_starting_stops_what_goes_on(sitting: Sitting) -> None:
    """The run before stays at hand, interrupted, and the new one begins when nothing is left of it."""
    sitting.start(ENDLESS[1])
    first = under_way(sitting)
    sitting.start(QUICK[0])
    assert sitting.starting and current(sitting) is first

    def is_over() -> bool:
        assert len(observers()) <= 1
        return current(sitting) is not first and current(sitting).over

    drive(sitting, is_over)
    assert not sitting.starting
    assert sitting.groups == (first, current(sitting))
    closed = first.runs[0].timeline.closed
    assert closed is not None and closed.outcome is Outcome.INTERRUPTED
    assert current(sitting).runs[0].mode == "blocking"


def test_only_the_last_of_several_starts_counts(sitting: Sitting) -> None:
    """Where all come before the run that goes on is over."""
    sitting.start(ENDLESS[1])
    under_way(sitting)
    for request in QUICK:
        sitting.start(request)
    drive(sitting, lambda: len(sitting.groups) == 2 and current(sitting).over)
    assert current(sitting).runs[0].mode == "processes"


def test_a_start_can_be_called_off(sitting: Sitting) -> None:
    """By a stop, before it has become one."""
    sitting.start(ENDLESS[1])
    group = under_way(sitting)
    sitting.start(QUICK[0])
    sitting.stop()
    drive(sitting, lambda: sitting.running is None)
    assert not sitting.drain(BUDGET_NS)
    assert sitting.groups == (group,) and not observers()


def test_going_back_does_not_disturb_what_goes_on(sitting: Sitting) -> None:
    """A comparison goes on to its end while an earlier run is looked at."""
    sitting.start(QUICK[1])
    first = current(sitting)
    drive(sitting, lambda: first.over)
    sitting.compare(QUICK[:2])
    sitting.go_to(0)
    assert current(sitting) is first
    drive(sitting, lambda: sitting.groups[1].over)
    assert list(sitting.groups[1].timelines) == ["blocking", "threads"]
    assert current(sitting) is first
    with pytest.raises(IndexError):
        sitting.go_to(2)


def test_earlier_runs_can_be_looked_at_together(sitting: Sitting) -> None:
    """Two of the same mode are told apart."""
    for _ in range(2):
        sitting.start(QUICK[1])
        drive(sitting, lambda: current(sitting).over)
    runs = [group.runs[0] for group in sitting.groups]
    sitting.add(runs)
    assert current(sitting).runs == tuple(runs)
    assert current(sitting).over and current(sitting).comparison
    assert current(sitting).title == "fetch: threads, threads"
    assert current(sitting).requests == [QUICK[1]] * 2
    assert list(current(sitting).timelines) == ["threads", "threads (2)"]


def test_runs_of_different_workloads_are_named_whole(sitting: Sitting) -> None:
    """Where they are looked at together; what was not run here can't be asked for again."""
    other = Run.of(timeline_of([msgspec.structs.replace(HEADER, workload="primes")]))
    sitting.add([over(), other])
    assert current(sitting).title == "fetch, threads; primes, threads"
    assert current(sitting).requests == []


def test_the_oldest_go_first(sitting: Sitting) -> None:
    """But what goes on is kept."""
    sitting.start(ENDLESS[1])
    going_on = current(sitting)
    for _ in range(MAX_GROUPS + 3):
        sitting.add([over()])
        assert sitting.groups[-1] is current(sitting)
    assert len(sitting.groups) == MAX_GROUPS
    assert sitting.groups[0] is going_on
    sitting.stop()
    drive(sitting, lambda: going_on.over)
    sitting.add([over()])
    assert going_on not in sitting.groups
    assert len(sitting.groups) == MAX_GROUPS


def test_closing_ends_all_at_once(sitting: Sitting) -> None:
    """What waits does not start, and what was measured stays."""
    sitting.compare(ENDLESS)
    group = under_way(sitting)
    others = descendants(os.getpid())
    sitting.close()
    sitting.close()
    assert group.over and group.not_run == ["threads", "processes"]
    assert list(group.timelines) == ["blocking"]
    assert all_gone(others)
    assert not sitting.drain(BUDGET_NS)
