import pytest

from tests.analysis.runs import LOOP, MS, TWO_THREADS, Job, Setting, run
from threadviz.analysis import Finding, findings
from threadviz.analysis.rules import RULES
from threadviz.protocol.events import (
    Outcome,
    ProcessDied,
    State,
    StreamClosed,
    TargetKind,
    TaskFinished,
    TaskSubmitted,
)
from threadviz.timeline import Timeline

IO, RUNNING, GIL, READY, SLEEP, UNKNOWN = (
    State.IO,
    State.RUNNING,
    State.GIL,
    State.READY,
    State.SLEEP,
    State.UNKNOWN,
)


def finding_of(timeline: Timeline, name: str) -> Finding | None:
    """Return the finding with this id; None if the run does not raise its question."""
    of_that_id = [finding for finding in findings(timeline) if finding.id == name]
    assert len(of_that_id) <= 1
    return of_that_id[0] if of_that_id else None


def plain(total: int = 300) -> Timeline:
    """Return a run of two calls in the event loop's own thread, 300 ms in all."""
    return run(total, [Job(LOOP, 0, {IO: 100}), Job(LOOP, 100, {IO: 200})])


def overlapping(total: int = 210, workers: int = 2) -> Timeline:
    """Return a run of two calls on two workers; the one submitted second finishes first."""
    jobs = [Job(1, 0, {IO: 200}, "slow"), Job(2, 0, {IO: 100}, "quick")]
    return run(total, jobs, of=Setting(workers=workers))


def computing(states: dict[State, int], total: int, of: Setting = TWO_THREADS) -> Timeline:
    """Return a run of two CPU-bound calls on two workers."""
    return run(total, [Job(1, 0, states), Job(2, 0, states)], of=of)


CASES: list[tuple[str, Timeline, bool | None, str]] = [
    (
        "total_is_sum",
        plain(),
        True,
        (
            "The total, 300 ms, is about the sum of 2 tasks, 300 ms: they ran one after the"
            " other, and nothing else took long."
        ),
    ),
    (
        "total_is_sum",
        plain(450),
        False,
        "The total, 450 ms, is not the sum of 2 tasks, 300 ms: it is 150 ms more.",
    ),
    ("total_is_sum", overlapping(), None, ""),
    (
        "total_is_slowest",
        overlapping(),
        True,
        "The total, 210 ms, is a little over the slowest task, 200 ms: by 10 ms (5.0 %).",
    ),
    (
        "total_is_slowest",
        overlapping(300),
        False,
        "The total, 300 ms, is well over the slowest task, 200 ms: by 100 ms (50 %).",
    ),
    ("total_is_slowest", overlapping(workers=1), None, ""),
    ("total_is_slowest", plain(), None, ""),
    (
        "workers_kept_busy",
        run(310, [Job(1, 0, {IO: 100}), Job(2, 0, {IO: 300}), Job(1, 100, {IO: 200})]),
        True,
        (
            "3 tasks shared 2 workers: on average, a worker had a task for 97 % of the run's 310"
            " ms. The 2 workers were the limit: 1 task waited for a turn, and more workers"
            " (--workers) would overlap more of the waiting."
        ),
    ),
    (
        "workers_kept_busy",
        run(
            310, [Job(1, 0, {State.LOCK: 100}), Job(2, 0, {State.LOCK: 300}), Job(1, 100, {State.LOCK: 200})]
        ),
        True,
        "3 tasks shared 2 workers: on average, a worker had a task for 97 % of the run's 310 ms.",
    ),
    (
        "workers_kept_busy",
        run(310, [Job(1, 0, {IO: 100}), Job(2, 0, {RUNNING: 300}), Job(1, 100, {IO: 200})]),
        True,
        "3 tasks shared 2 workers: on average, a worker had a task for 97 % of the run's 310 ms.",
    ),
    (
        "workers_kept_busy",
        run(400, [Job(1, 0, {IO: 100}), Job(2, 0, {IO: 300}), Job(1, 100, {IO: 200})]),
        False,
        "3 tasks shared 2 workers: on average, a worker had a task for only 75 % of the run's 400 ms.",
    ),
    ("workers_kept_busy", overlapping(), None, ""),
    (
        "threads_gain_nothing",
        computing({RUNNING: 100, GIL: 100}, 200),
        True,
        (
            "The tasks compute and hardly wait for anything (for 100 % of their time they ran, or"
            " waited to run): on average they used 1.00 of 2 cores. Threads gained nothing: only"
            " one thread at a time can hold the GIL."
        ),
    ),
    (
        "threads_gain_nothing",
        computing({RUNNING: 100, READY: 100}, 200),
        False,
        (
            "The tasks compute and hardly wait for anything (for 100 % of their time they ran, or"
            " waited to run): on average they used 1.00 of 2 cores. What threads gain could not"
            " be seen: other programs used the cores."
        ),
    ),
    (
        "threads_gain_nothing",
        computing({RUNNING: 190, GIL: 10}, 200, Setting(gil=False)),
        False,
        (
            "The tasks compute and hardly wait for anything (for 100 % of their time they ran, or"
            " waited to run): on average they used 1.90 of 2 cores. This Python has no GIL."
        ),
    ),
    (
        "threads_gain_nothing",
        computing({RUNNING: 190, SLEEP: 10}, 200),
        False,
        (
            "The tasks compute and hardly wait for anything (for 95 % of their time they ran, or"
            " waited to run): on average they used 1.90 of 2 cores. The function releases the"
            " GIL."
        ),
    ),
    ("threads_gain_nothing", computing({RUNNING: 100, IO: 100}, 200), None, ""),
    ("threads_gain_nothing", computing({RUNNING: 100}, 100, Setting(apart=True)), None, ""),
    ("threads_gain_nothing", computing({RUNNING: 100}, 100, Setting(workers=1)), None, ""),
    (
        "processes_gain",
        computing({RUNNING: 190, READY: 10}, 200, Setting(apart=True)),
        True,
        (
            "The tasks compute and hardly wait for anything (for 100 % of their time they ran, or"
            " waited to run): on average they used 1.90 of 2 cores."
        ),
    ),
    (
        "processes_gain",
        computing({RUNNING: 100, READY: 100}, 200, Setting(apart=True, cores=1)),
        False,
        (
            "The tasks compute and hardly wait for anything (for 100 % of their time they ran, or"
            " waited to run): on average they used 1.00 of 1 core."
        ),
    ),
    (
        "processes_gain",
        computing({RUNNING: 100, READY: 100}, 200, Setting(apart=True)),
        False,
        (
            "The tasks compute and hardly wait for anything (for 100 % of their time they ran, or"
            " waited to run): on average they used 1.00 of 2 cores. What processes gain could not"
            " be seen: other programs used the cores."
        ),
    ),
    ("processes_gain", computing({IO: 100}, 100, Setting(apart=True)), None, ""),
    (
        "gil_in_the_way",
        computing({RUNNING: 100, GIL: 100}, 200),
        True,
        "The tasks waited for the GIL for 50 % of their time (200 ms of 400 ms).",
    ),
    (
        "gil_in_the_way",
        computing({RUNNING: 99, GIL: 1}, 100, Setting(apart=True)),
        False,
        "The tasks hardly waited for the GIL: for 1.0 % of their time (2.0 ms of 200 ms).",
    ),
    ("gil_in_the_way", computing({RUNNING: 100}, 100, Setting(gil=False)), None, ""),
    ("gil_in_the_way", computing({RUNNING: 100}, 100, Setting(tells=(RUNNING, State.WAITING))), None, ""),
    ("gil_in_the_way", plain(), None, ""),
    (
        "cores_sufficed",
        computing({RUNNING: 100}, 100),
        True,
        "The tasks hardly waited for a CPU core: for 0 % of their time (0 ms of 200 ms).",
    ),
    (
        "cores_sufficed",
        computing({RUNNING: 150, READY: 50}, 200, Setting(cores=1)),
        False,
        (
            "The tasks waited for a CPU core for 25 % of their time (100 ms of 400 ms). The run's"
            " own threads needed 2.0 cores, and there is 1."
        ),
    ),
    (
        "cores_sufficed",
        computing({RUNNING: 150, READY: 50}, 200),
        False,
        (
            "The tasks waited for a CPU core for 25 % of their time (100 ms of 400 ms). Other"
            " programs used the cores: the run's own threads needed 2.0 of 2."
        ),
    ),
    (
        "cores_sufficed",
        run(1000, [Job(lane, 0, {READY: 100, IO: 200}) for lane in (1, 2, 3, 4)]),
        False,
        (
            "The tasks waited for a CPU core for 33 % of their time (400 ms of 1.20 s). The run's"
            " own threads needed 4.0 cores, and there are 2."
        ),
    ),
    ("cores_sufficed", computing({RUNNING: 100}, 100, Setting(tells=(RUNNING, State.WAITING))), None, ""),
    ("order_of_results", plain(), True, "Tasks finished in the order of submission."),
    (
        "order_of_results",
        overlapping(),
        True,
        (
            "Tasks finished out of order: 1 of 2 were overtaken by a later one; quick (submitted"
            " as number 2) finished before slow (number 1)."
        ),
    ),
    (
        "order_of_results",
        run(200, [Job(1, 0, {IO: 100}), Job(2, 0, {IO: 200})]),
        False,
        "Tasks finished in the order of submission: none overtook an earlier one.",
    ),
    ("order_of_results", run(100, [Job(1, 0, {IO: 100})]), None, ""),
    (
        "loop_could_answer",
        plain(),
        False,
        (
            "The event loop was frozen for 300 ms in all (100 % of the run), 300 ms at most at"
            " once: the tasks ran in its thread."
        ),
    ),
    (
        "loop_could_answer",
        run(2, [Job(LOOP, 0, {RUNNING: 2})]),
        True,
        "The event loop could always answer soon: it was busy for 2.0 ms in all, 2.0 ms at most at once.",
    ),
    (
        "loop_could_answer",
        overlapping(),
        True,
        (
            "The event loop could always answer soon: it was busy for 0 ms in all (0 % of the"
            " run), 0 ms at most at once."
        ),
    ),
    (
        "loop_could_answer",
        run(210, [Job(1, 0, {State.WAITING: 200})], of=Setting(tells=(State.RUNNING, State.WAITING))),
        None,
        "",
    ),
    ("all_tasks_succeeded", plain(), True, "All 2 tasks succeeded."),
    ("all_tasks_succeeded", run(100, [Job(1, 0, {IO: 100})]), True, "The one task succeeded."),
    (
        "all_tasks_succeeded",
        run(
            500,
            [
                Job(1, 0, {IO: 10}, "a", "HTTP 404"),
                Job(1, 10, {IO: 10}, "b", "timed out."),
                Job(1, 20, {IO: 10}, "c", "timed out."),
                Job(1, 30, {IO: 10}, "d", "reset"),
                Job(1, 40, {IO: 10}, "e", "refused"),
                Job(1, 50, {IO: 10}, "f", over=False),
            ],
        ),
        False,
        (
            "5 of 6 tasks failed: timed out (2 tasks), HTTP 404 (a), reset (d), and in 1 other"
            " way; 1 of 6 tasks did not finish."
        ),
    ),
    ("all_tasks_succeeded", run(100, []), None, ""),
    ("observation_sufficed", plain(), None, ""),
    (
        "observation_sufficed",
        run(1000, [Job(1, 0, {IO: 900, UNKNOWN: 100})], of=Setting(rounds_per_s=100.0, missed=7)),
        False,
        (
            "The observer fell short: 5.0 % of the lanes' time is unknown (over 1.0 %); it"
            " sampled 100 times a second, not 500."
        ),
    ),
    (
        "observation_sufficed",
        run(4000, [Job(1, 0, {IO: 3918, UNKNOWN: 82})]),
        False,
        "The observer fell short: a little over 1.0 % of the lanes' time is unknown.",
    ),
    (
        "observation_sufficed",
        run(1000, [Job(1, 0, {IO: 900})], of=Setting(rounds_per_s=100.0, missed=7)),
        True,
        (
            "The observer lowered its sampling rate to stay within its budget: it sampled 100"
            " times a second, not 500."
        ),
    ),
    (
        "observation_sufficed",
        run(1000, [Job(1, 0, {IO: 900})], of=Setting(rounds_per_s=400.0, missed=100)),
        False,
        "The observer fell short: it missed 20 % of its samples (over 10 %).",
    ),
    ("observation_sufficed", run(10, [Job(1, 0, {IO: 9})], of=Setting(rounds_per_s=100.0)), None, ""),
    ("run_finished", plain(), None, ""),
    (
        "run_finished",
        run(100, [], of=Setting(closed=StreamClosed(0, Outcome.INTERRUPTED, "it was interrupted"))),
        False,
        "The run was interrupted after 100 ms: its figures are up to that point.",
    ),
    (
        "run_finished",
        run(
            100,
            [],
            ProcessDied(50 * MS, "worker", 7, "killed by SIGKILL"),
            ended="BrokenProcessPool: a worker died.",
            of=Setting(closed=StreamClosed(0, Outcome.BROKEN, "BrokenProcessPool: a worker died.")),
        ),
        False,
        (
            "The run broke after 100 ms: worker process 7 died (killed by SIGKILL); its figures"
            " are up to that point."
        ),
    ),
    (
        "run_finished",
        run(
            100,
            [],
            ProcessDied(50 * MS, "subject", 7, "killed by SIGKILL"),
            of=Setting(closed=StreamClosed(0, Outcome.BROKEN, "the subject died (killed by SIGKILL)")),
        ),
        False,
        (
            "The run broke after 100 ms: the subject died (killed by SIGKILL); its figures are up"
            " to that point."
        ),
    ),
    (
        "run_finished",
        run(100, [], ProcessDied(50 * MS, "site", 7, "killed by SIGKILL")),
        False,
        "The run reached its end, but is broken: the site died (killed by SIGKILL).",
    ),
    (
        "run_finished",
        run(100, [], of=Setting(closed=StreamClosed(0, Outcome.BROKEN, "the observer failed: no."))),
        False,
        "The run broke after 100 ms: the observer failed: no; its figures are up to that point.",
    ),
    (
        "run_finished",
        run(100, [], ended="BrokenProcessPool: a worker died."),
        False,
        (
            "The run broke after 100 ms: the mode failed: BrokenProcessPool: a worker died; its"
            " figures are up to that point."
        ),
    ),
    (
        "run_finished",
        run(100, [], of=Setting(closed=None)),
        False,
        "The recording of the run is cut off after 100 ms: its figures are up to that point.",
    ),
]


@pytest.mark.parametrize(("name", "timeline", "holds", "text"), CASES)
def test_each_finding_is_stated_as_it_came_out(
    name: str, timeline: Timeline, holds: bool | None, text: str
) -> None:
    """For claims that hold, claims that don't, and questions that do not arise."""
    finding = finding_of(timeline, name)
    assert finding == (None if holds is None else Finding(name, holds, text))


def test_every_finding_is_tested_both_ways() -> None:
    """The cases above leave out no rule and none of its outcomes."""
    for id_ in (rule.id for rule in RULES if TargetKind.WORKLOAD in rule.targets):
        outcomes = {holds for name, _, holds, _ in CASES if name == id_}
        assert {False, None if id_ == "run_finished" else True} <= outcomes


def test_plain_calls_can_come_in_another_order() -> None:
    """The claim about plain calls is checked, not taken for granted."""
    finding = finding_of(
        run(300, [Job(LOOP, 200, {IO: 100}, "a"), Job(LOOP, 0, {IO: 200}, "b")]), "order_of_results"
    )
    assert finding is not None
    assert not finding.holds
    assert "b (submitted as number 2) finished before a (number 1)" in finding.text


def test_a_total_below_the_sum_is_reported_as_less() -> None:
    """Tasks that overlapped in the loop's thread (as with a nested loop) add up to more than the total."""
    finding = finding_of(run(150, [Job(LOOP, 0, {IO: 100}), Job(1, 0, {IO: 150})]), "total_is_sum")
    assert finding is not None
    assert finding.text == "The total, 150 ms, is not the sum of 2 tasks, 250 ms: it is 100 ms less."


def test_tasks_that_never_started_can_fail() -> None:
    """A pool that breaks fails the tasks that it has not begun."""
    events = [TaskSubmitted(0, 9, "late"), TaskFinished(5 * MS, 9, error="the pool broke")]
    finding = finding_of(run(100, [Job(1, 0, {IO: 100})], *events), "all_tasks_succeeded")
    assert finding == Finding("all_tasks_succeeded", False, "1 of 2 tasks failed: the pool broke (late).")


@pytest.mark.parametrize(
    ("more", "closed"),
    [
        ((), StreamClosed(0, Outcome.INTERRUPTED)),
        ((), StreamClosed(0, Outcome.BROKEN)),
        ((), None),
        ((ProcessDied(5 * MS, "site", 7, "killed by SIGKILL"),), StreamClosed(0, Outcome.FINISHED)),
    ],
)
def test_part_of_a_run_is_not_taken_for_a_whole_one(
    more: tuple[ProcessDied, ...], closed: StreamClosed | None
) -> None:
    """Findings that need the total are left out; those on tasks and loop until then remain."""
    of = Setting(closed=closed)
    calls = [Job(LOOP, 0, {IO: 100}), Job(LOOP, 100, {IO: 200})]
    work = [Job(1, 0, {RUNNING: 100, GIL: 100}), Job(2, 0, {RUNNING: 100, GIL: 100})]
    ids = {each.id for jobs in (calls, work) for each in findings(run(300, jobs, *more, of=of))}
    assert ids == {
        "run_finished",
        "gil_in_the_way",
        "cores_sufficed",
        "loop_could_answer",
        "all_tasks_succeeded",
    }


def test_workers_that_never_came_are_not_counted() -> None:
    """A pool starts workers as it needs them: the average is over those that started."""
    jobs = [Job(1, 100 * each, {IO: 100}) for each in range(4)]
    finding = finding_of(run(400, jobs, of=Setting(workers=3)), "workers_kept_busy")
    assert finding is not None
    assert finding.text.startswith("4 tasks shared 1 worker: on average, a worker had a task for 100 %")


def test_a_run_that_did_not_begin_has_one_finding() -> None:
    """A stream that ends right after its header was cut off."""
    whole = run(100, [])
    cut = Timeline()
    cut.apply(whole.header)
    assert [finding.id for finding in findings(cut)] == ["run_finished"]
