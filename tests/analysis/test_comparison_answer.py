import pytest
from msgspec.structs import replace

from tests.analysis.runs import LOOP, Job, Setting, run
from threadviz.analysis import answer, labelled, verdict
from threadviz.protocol.events import State
from threadviz.timeline import Timeline

IO, RUNNING, GIL, READY = State.IO, State.RUNNING, State.GIL, State.READY

PLAIN = [Job(LOOP, 0, {IO: 200}), Job(LOOP, 200, {IO: 200})]


def two(states: dict[State, int], error: str | None = None) -> list[Job]:
    """Two calls alike on two workers."""
    return [Job(1, 0, states, error=error), Job(2, 0, states)]


def timeline(mode: str, jobs: list[Job]) -> Timeline:
    """A run under that mode, as long as its jobs take."""
    made = run(max(job.end for job in jobs), jobs, of=Setting())
    made._header = replace(made.header, mode=mode)
    return made


def answered(**jobs: list[Job]) -> str:
    """What is answered of such runs, by their modes."""
    timelines = labelled(timeline(mode, each) for mode, each in jobs.items())
    return answer(timelines, verdict(timelines))


@pytest.mark.parametrize(
    ("threads", "processes", "said"),
    [
        (
            two({RUNNING: 200, GIL: 200}),
            two({RUNNING: 200}),
            (
                "Processes are faster: 2.0x. Threads don't help: 1.0x, the tasks waited for the"
                " GIL for 50 % of their time."
            ),
        ),
        (
            two({IO: 100}),
            two({IO: 400}),
            (
                "Threads are faster: 4.0x. Processes don't help: 1.0x, the tasks took more time"
                " themselves (800 ms in all, and 400 ms in the baseline)."
            ),
        ),
        (two({IO: 200}), two({IO: 190}), "Threads and processes are both faster: 2.0x and 2.1x."),
        (two({IO: 200}), two({IO: 100}), "Processes are fastest: 4.0x; threads 2.0x."),
        (two({IO: 100}), two({IO: 300}), "Threads are fastest: 4.0x; processes 1.3x."),
        (
            two({RUNNING: 200, GIL: 200}),
            two({RUNNING: 250, IO: 200}),
            (
                "Threads don't help: 1.0x, the tasks waited for the GIL for 50 % of their time."
                " Processes don't help: 0.9x, the tasks took more CPU time themselves (500 ms in"
                " all, and 0 ms in the baseline)."
            ),
        ),
        (
            two({RUNNING: 160, GIL: 160}),
            two({IO: 100}),
            "Processes are faster: 4.0x. Threads don't help: 1.2x, but nothing overlapped.",
        ),
        (
            two({RUNNING: 200, READY: 200}),
            two({RUNNING: 200, READY: 200}),
            (
                "Which is faster is not clear, because other programs used the cores: threads"
                " 1.0x, processes 1.0x."
            ),
        ),
        (
            two({RUNNING: 200, GIL: 200}),
            two({RUNNING: 200, READY: 200}),
            (
                "Threads don't help: 1.0x, the tasks waited for the GIL for 50 % of their time."
                " Whether processes help is not clear, because other programs used the cores:"
                " 1.0x."
            ),
        ),
        (
            two({RUNNING: 200, READY: 80, GIL: 120}),
            two({RUNNING: 200, READY: 200}),
            (
                "Threads don't help: 1.0x, the tasks waited for the GIL for 30 % of their time."
                " Whether processes help is not clear, because other programs used the cores:"
                " 1.0x."
            ),
        ),
        (
            two({RUNNING: 200, READY: 200}),
            two({RUNNING: 200}),
            "Processes are faster: 2.0x. Threads don't help: 1.0x, while other programs used the cores.",
        ),
        (
            two({IO: 100}, error="no"),
            two({IO: 100}),
            (
                "Which is faster is not clear, because not as many tasks failed in each run: 0"
                " under blocking, 1 under threads, 0 under processes."
            ),
        ),
    ],
)
def test_the_answer_follows_from_the_figures(threads: list[Job], processes: list[Job], said: str) -> None:
    """Which of them pays, and by how much."""
    assert answered(blocking=PLAIN, threads=threads, processes=processes) == said


def test_one_pool_alone() -> None:
    """Of the other one nothing is said."""
    assert answered(blocking=PLAIN, threads=two({IO: 200})) == "Threads are faster: 2.0x."
    assert answered(processes=two({RUNNING: 100, GIL: 300}), blocking=PLAIN) == (
        "Processes don't help: 1.0x, the tasks waited for the GIL for 75 % of their time."
    )


def test_a_mode_that_shows_no_obstacle_has_no_reason() -> None:
    """None is made up."""
    assert answered(blocking=PLAIN, threads=[Job(1, 0, {IO: 200}), Job(1, 200, {IO: 200})]) == (
        "Threads don't help: 1.0x, the tasks did not overlap."
    )
    assert answered(blocking=PLAIN, threads=[Job(1, 0, {IO: 200}), Job(2, 170, {IO: 200})]) == (
        "Threads don't help: 1.1x."
    )


def test_all_tasks_failed() -> None:
    """How fast something fails says nothing."""
    failing = [[replace_error(job) for job in jobs] for jobs in (PLAIN, two({IO: 100}))]
    said = answered(blocking=failing[0], threads=failing[1])
    assert said == "Which is faster is not clear, because all tasks failed."


def replace_error(job: Job) -> Job:
    """The same job, gone wrong."""
    return Job(job.lane, job.start, job.states, error="no")


def test_what_is_no_comparison_of_pools_with_plain_calls() -> None:
    """No answer is given to a question that was not asked."""
    assert answered(threads=two({IO: 200}), processes=two({IO: 200})) == ""
    assert answered(blocking=PLAIN) == ""
    assert answered(blocking=PLAIN, fibers=two({IO: 200})) == ""
    assert answer({}, []) == ""
    twice = labelled([timeline("blocking", PLAIN), *(timeline("threads", two({IO: 200})) for _ in range(2))])
    assert answer(twice, verdict(twice)) == ""


def test_runs_of_different_work_have_no_answer() -> None:
    """None is measured by another."""
    assert answered(blocking=PLAIN, threads=[Job(1, 0, {IO: 200})]) == ""
