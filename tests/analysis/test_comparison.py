import pytest
from msgspec.structs import replace

from tests.analysis.runs import LOOP, TWO_THREADS, Job, Setting, run
from tests.protocol.header import HEADER
from threadviz.analysis import Finding, comparison, labelled, same_work, verdict
from threadviz.protocol.events import Outcome, State, StreamClosed
from threadviz.timeline import Timeline

IO, RUNNING, GIL, READY = State.IO, State.RUNNING, State.GIL, State.READY


def blocking(state: State = IO) -> Timeline:
    """Return a run of two plain calls, 400 ms in all."""
    return run(400, [Job(LOOP, 0, {state: 200}), Job(LOOP, 200, {state: 200})])


def pair(states: dict[State, int], total: int, start: int = 0, of: Setting = TWO_THREADS) -> Timeline:
    """Return a run of two equal calls on two workers."""
    return run(total, [Job(1, start, states), Job(2, start, states)], of=of)


def in_turn(states: dict[State, int], total: int) -> Timeline:
    """Return a run of two equal calls on one worker."""
    return run(total, [Job(1, 0, states), Job(1, sum(states.values()), states)], of=Setting(workers=1))


@pytest.mark.parametrize(
    ("other", "speedup", "text"),
    [
        (
            pair({IO: 200}, 200),
            2.0,
            "2.0x faster: the waits overlapped, 2.0 at a time",
        ),
        (pair({RUNNING: 200}, 200), 2.0, "2.0x faster: 2.0 CPUs computed at once"),
        (
            pair({RUNNING: 120, IO: 80}, 200),
            2.0,
            "2.0x faster: 1.2 CPUs computed at once, and 0.8 tasks waited at a time",
        ),
        (
            in_turn({IO: 100}, 200),
            2.0,
            "2.0x faster: the tasks took less time themselves (200 ms in all, and 400 ms in the baseline)",
        ),
        (
            in_turn({RUNNING: 190}, 380),
            400 / 380,
            "1.1x faster: the cause is not visible here (noise?)",
        ),
        (
            pair({RUNNING: 160, GIL: 160}, 320),
            1.25,
            "1.2x faster: the cause is not visible here (noise?)",
        ),
        (
            pair({RUNNING: 200, GIL: 200}, 400),
            1.0,
            "no faster (1.0x): the tasks waited for the GIL for 50 % of their time",
        ),
        (
            pair({RUNNING: 200, READY: 200}, 400),
            1.0,
            (
                "no faster (1.0x): the tasks waited for a CPU core for 50 % of their time, and"
                " other programs used the cores"
            ),
        ),
        (
            pair({RUNNING: 200, READY: 200}, 400, of=Setting(cores=1)),
            1.0,
            "no faster (1.0x): the tasks waited for a CPU core for 50 % of their time",
        ),
        (
            pair({RUNNING: 200, GIL: 300}, 500),
            0.8,
            "1.2x slower: the tasks waited for the GIL for 60 % of their time",
        ),
        (
            pair({RUNNING: 10}, 400, start=100),
            1.0,
            "no faster (1.0x): 390 ms passed before the first task started and after the last one ended",
        ),
        (in_turn({IO: 200}, 400), 1.0, "no faster (1.0x): the tasks did not overlap"),
        (
            run(400, [Job(1, 0, {RUNNING: 300}), Job(2, 0, {RUNNING: 300})]),
            1.0,
            "no faster (1.0x): 100 ms passed before the first task started and after the last one ended",
        ),
        (
            pair({RUNNING: 390}, 400),
            1.0,
            (
                "no faster (1.0x): the tasks took more CPU time themselves (780 ms in all, and 0"
                " ms in the baseline)"
            ),
        ),
        (
            pair({IO: 400}, 400),
            1.0,
            (
                "no faster (1.0x): the tasks took more time themselves (800 ms in all, and 400 ms"
                " in the baseline)"
            ),
        ),
        (
            run(400, [Job(1, 0, {IO: 390}), Job(2, 0, {IO: 40})]),
            1.0,
            "no faster (1.0x): the cause is not visible here (noise?)",
        ),
        (
            run(200, [Job(1, 0, {IO: 200}, error="no"), Job(2, 0, {IO: 200})]),
            2.0,
            "2.0x faster: the waits overlapped, 2.0 at a time; 1 of 2 tasks failed",
        ),
        (
            pair({IO: 200}, 200, of=Setting(closed=StreamClosed(0, Outcome.INTERRUPTED))),
            None,
            "interrupted after 200 ms, so not compared",
        ),
        (
            pair({IO: 200}, 200, of=Setting(closed=None)),
            None,
            "broken after 200 ms, so not compared",
        ),
        (
            pair({IO: 200}, 200, of=Setting(closed=StreamClosed(0, Outcome.BROKEN))),
            None,
            "broken after 200 ms, so not compared",
        ),
    ],
)
def test_words_follow_from_figures(other: Timeline, speedup: float | None, text: str) -> None:
    """Each result that a mode can have compared with plain calls."""
    base, against = verdict({"blocking": blocking(), "other": other})
    assert base.text == "blocking: 400 ms (the baseline)"
    assert (base.speedup, base.total_ns) == (1.0, 400_000_000)
    assert (against.mode, against.speedup, against.text) == ("other", speedup, f"other: {text}")


def test_blocking_is_the_baseline_wherever_it_stands() -> None:
    """Verdicts are in the order given, and relative to plain calls."""
    verdicts = verdict({"threads": pair({IO: 200}, 200), "blocking": blocking()})
    assert [(one.mode, one.speedup) for one in verdicts] == [("threads", 2.0), ("blocking", 1.0)]


def test_without_blocking_the_first_is_the_baseline() -> None:
    """Some mode has to be the baseline."""
    verdicts = verdict({"threads": pair({IO: 200}, 200), "processes": pair({IO: 100}, 100)})
    assert [(one.mode, one.speedup) for one in verdicts] == [("threads", 1.0), ("processes", 2.0)]


def test_a_baseline_that_did_not_finish_is_no_measure() -> None:
    """Without a usable baseline there is no speed-up."""
    cut = run(100, [Job(LOOP, 0, {IO: 60}), Job(LOOP, 60, {IO: 40})], of=Setting(closed=None))
    base, threads = verdict({"blocking": cut, "threads": pair({IO: 200}, 200)})
    assert (base.speedup, threads.speedup) == (None, None)
    assert threads.text == "threads: 200 ms; not compared, because blocking was broken"


def test_runs_of_different_work_are_not_compared() -> None:
    """Each gets a verdict of its own."""
    one = run(100, [Job(LOOP, 0, {IO: 100})])
    first, second = verdict({"blocking": one, "threads": pair({IO: 200}, 200)})
    assert (first.speedup, second.speedup) == (None, None)
    assert first.text == (
        f"blocking: 100 ms for 1 task of {one.header.workload};"
        " not compared, because the runs did not do the same work"
    )
    assert (second.total_ns, comparison({"blocking": one, "threads": pair({IO: 200}, 200)})) == (
        200_000_000,
        {"blocking": [], "threads": []},
    )
    assert not same_work([one, pair({IO: 200}, 200)])


def test_runs_of_one_mode_are_numbered() -> None:
    """Even if a mode's name looks like a number."""
    runs = [timeline_of(mode) for mode in ("threads", "threads (2)", "threads", "blocking", "threads")]
    labels = labelled(runs)
    assert [*labels] == ["threads", "threads (2)", "threads (3)", "blocking", "threads (4)"]
    assert [*labels.values()] == runs


def timeline_of(mode: str) -> Timeline:
    """Return a run of that mode that has only a header."""
    timeline = Timeline()
    timeline.apply(replace(HEADER, mode=mode))
    return timeline


def test_no_runs_no_verdicts() -> None:
    """Nor findings."""
    assert verdict({}) == []
    assert comparison({}) == {}


def test_no_single_task_got_faster() -> None:
    """Each task is compared with itself in the baseline."""
    threads = run(210, [Job(1, 0, {IO: 195}), Job(2, 0, {IO: 205})])
    assert comparison({"blocking": blocking(), "threads": threads}) == {
        "blocking": [],
        "threads": [
            Finding(
                "no_task_got_faster",
                True,
                "Under threads, no task got clearly faster (by 10 % or more); the closest was task 0, 195 ms"
                " and 200 ms under blocking.",
            )
        ],
    }


def test_tasks_that_got_faster_are_counted() -> None:
    """The claim is checked, and does not hold."""
    threads = run(210, [Job(1, 0, {IO: 195}), Job(2, 0, {IO: 100})])
    assert comparison({"blocking": blocking(), "threads": threads})["threads"] == [
        Finding(
            "no_task_got_faster",
            False,
            "Under threads, 1 of 2 tasks got clearly faster (by 10 % or more), most of all task 1, 100 ms"
            " and 200 ms under blocking.",
        )
    ]


def test_tasks_that_failed_are_not_compared() -> None:
    """A task that failed early was not fast."""
    threads = run(210, [Job(1, 0, {IO: 5}, error="no"), Job(2, 0, {IO: 5}, error="no")])
    assert comparison({"blocking": blocking(), "threads": threads})["threads"] == []


def test_parts_of_runs_are_not_compared() -> None:
    """A task of a run that did not finish says nothing about the mode."""
    cut = run(210, [Job(1, 0, {IO: 195}), Job(2, 0, {IO: 205})], of=Setting(closed=None))
    assert comparison({"blocking": blocking(), "threads": cut})["threads"] == []


def test_modes_that_did_not_run_are_named() -> None:
    """They have neither a total nor a speed-up."""
    threads = verdict({"blocking": blocking()}, ["threads"])[1]
    assert (threads.text, threads.total_ns, threads.speedup) == ("threads: did not run", None, None)


def test_less_cpu_time_is_the_reason_if_nothing_overlapped() -> None:
    """As if the machine were a faster one."""
    work = {RUNNING: 150, GIL: 150}
    _, threads = verdict({"blocking": blocking(RUNNING), "threads": pair(work, 300)})
    assert threads.text == (
        "threads: 1.3x faster: the tasks took less CPU time themselves (300 ms in all, and 400 ms in the"
        " baseline)"
    )


def test_workers_that_were_the_limit_are_named() -> None:
    """If tasks that only wait had to wait for their turn as well."""
    jobs = [Job(1 + number % 2, number // 2 * 100, {IO: 100}) for number in range(4)]
    plain = [Job(LOOP, number * 100, {IO: 100}) for number in range(4)]
    _, threads = verdict({"blocking": run(400, plain), "threads": run(200, jobs)})
    assert threads.text.endswith(
        "the waits overlapped, 2.0 at a time; the 2 workers were the limit (--workers)"
    )
