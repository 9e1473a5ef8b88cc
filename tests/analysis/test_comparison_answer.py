import pytest
from msgspec.structs import replace

from tests.analysis.runs import LOOP, Job, Setting, run
from threadviz.analysis import answer, labelled, verdict
from threadviz.protocol.events import State
from threadviz.timeline import Timeline

IO, RUNNING, GIL, READY = State.IO, State.RUNNING, State.GIL, State.READY

PLAIN = [Job(LOOP, 0, {IO: 200}), Job(LOOP, 200, {IO: 200})]


def two(states: dict[State, int], error: str | None = None) -> list[Job]:
    """Return two equal calls on two workers."""
    return [Job(1, 0, states, error=error), Job(2, 0, states)]


def timeline(mode: str, jobs: list[Job]) -> Timeline:
    """Return a run in that mode, as long as its jobs take."""
    made = run(max(job.end for job in jobs), jobs, of=Setting())
    made._header = replace(made.header, mode=mode)
    return made


def answer_to(**jobs: list[Job]) -> str:
    """Return the answer to runs with these jobs, by mode."""
    timelines = labelled(timeline(mode, each) for mode, each in jobs.items())
    return answer(timelines, verdict(timelines))


@pytest.mark.parametrize(
    ("threads", "processes", "expected"),
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
def test_the_answer_follows_from_the_figures(threads: list[Job], processes: list[Job], expected: str) -> None:
    """Which pool is faster, and by how much."""
    assert answer_to(blocking=PLAIN, threads=threads, processes=processes) == expected


def test_one_pool_alone() -> None:
    """The other one is not mentioned."""
    assert answer_to(blocking=PLAIN, threads=two({IO: 200})) == "Threads are faster: 2.0x."
    assert answer_to(processes=two({RUNNING: 100, GIL: 300}), blocking=PLAIN) == (
        "Processes don't help: 1.0x, the tasks waited for the GIL for 75 % of their time."
    )


def test_a_mode_that_shows_no_obstacle_has_no_reason() -> None:
    """No reason is made up."""
    assert answer_to(blocking=PLAIN, threads=[Job(1, 0, {IO: 200}), Job(1, 200, {IO: 200})]) == (
        "Threads don't help: 1.0x, the tasks did not overlap."
    )
    assert answer_to(blocking=PLAIN, threads=[Job(1, 0, {IO: 200}), Job(2, 170, {IO: 200})]) == (
        "Threads don't help: 1.1x."
    )


def test_all_tasks_failed() -> None:
    """How fast tasks fail is no answer."""
    failing = [[failing_job(job) for job in jobs] for jobs in (PLAIN, two({IO: 100}))]
    text = answer_to(blocking=failing[0], threads=failing[1])
    assert text == "Which is faster is not clear, because all tasks failed."


def failing_job(job: Job) -> Job:
    """Return the same job, failing."""
    return Job(job.lane, job.start, job.states, error="no")


def test_other_comparisons_have_no_answer() -> None:
    """Only pools compared with plain calls have one."""
    assert answer_to(threads=two({IO: 200}), processes=two({IO: 200})) == ""
    assert answer_to(blocking=PLAIN) == ""
    assert answer_to(blocking=PLAIN, fibers=two({IO: 200})) == ""
    assert answer({}, []) == ""
    twice = labelled([timeline("blocking", PLAIN), *(timeline("threads", two({IO: 200})) for _ in range(2))])
    assert answer(twice, verdict(twice)) == ""


def test_runs_of_different_work_have_no_answer() -> None:
    """They are not compared."""
    assert answer_to(blocking=PLAIN, threads=[Job(1, 0, {IO: 200})]) == ""
