import pytest
from msgspec.structs import replace

from tests.timeline.programs import BEGIN, PROGRAM, process, program, thread
from threadviz.analysis import Finding, findings
from threadviz.analysis.rules import RULES
from threadviz.presentation.summary import totals_rows
from threadviz.protocol.events import (
    FREE,
    OPEN,
    Event,
    Evidence,
    GilHeld,
    Hold,
    LaneEnded,
    ObserverTick,
    Outcome,
    RunEnded,
    Span,
    Spans,
    State,
    StreamClosed,
    TargetKind,
    TaskFinished,
    TaskStarted,
    TaskSubmitted,
    UnreportedTasks,
)
from threadviz.timeline import Timeline

MS = 1_000_000
WAIT = Span(100 * MS, State.IO, call="epoll_wait")


def whole(*events: Event, ms: int, status: int | None = 0, most_gone: int = 1000) -> Timeline:
    """Return a program that was watched for `ms`, to its end."""
    closed = StreamClosed(ms * MS, Outcome.FINISHED, status=status)
    tick = ObserverTick(ms * MS, ms // 2, 0, MS)
    return program(process(100, "serve.py"), *events, RunEnded(ms * MS), tick, closed, most_gone=most_gone)


def lane(number: int, *states: tuple[State, int], tid: int | None = None) -> list[Event]:
    """Return the events of a thread that is in these states for some ms each."""
    spans = tuple(Span(ms * MS, state) for state, ms in states)
    return [thread(number, 100 + number if tid is None else tid), Spans(number, 0, spans)]


def finding_of(timeline: Timeline, name: str) -> Finding | None:
    """Return the finding with this id, if there is one."""
    return next((finding for finding in findings(timeline) if finding.id == name), None)


RUN, READY, GIL, LOCK, IO = State.RUNNING, State.READY, State.GIL, State.LOCK, State.IO
CONTENDED = [*lane(0, (RUN, 500), (GIL, 500)), *lane(1, (GIL, 600), (RUN, 400))]
HELD = GilHeld(100, 0, 0, (Hold(400 * MS, 0), Hold(400 * MS, 1), Hold(100 * MS, FREE), Hold(100 * MS, OPEN)))
BLOCKED = [thread(0, 100), Spans(0, 0, (WAIT, Span(150 * MS, LOCK), WAIT, Span(650 * MS, State.SLEEP)))]
SERVE = replace(process(100, "serve.py"), cannot="who holds the GIL")
TWO_OF_TWO = [
    event
    for n, pid in ((0, 200), (2, 300))
    for event in (replace(SERVE, pid=pid), thread(n, pid, pid), thread(n + 1, pid + 1, pid))
]
CASES = [
    ("program_succeeded", whole(ms=1000, status=None), None, ""),
    ("program_succeeded", whole(ms=1000), None, ""),
    ("program_succeeded", whole(ms=1000, status=3), False, "The program ended after 1.00 s: exit status 3."),
    (
        "program_succeeded",
        whole(ms=1000, status=-9),
        False,
        "The program ended after 1.00 s: killed by SIGKILL.",
    ),
    ("gil_waited_for", whole(*lane(0, (LOCK, 1000)), ms=1000), None, ""),
    (
        "gil_waited_for",
        whole(*lane(0, (RUN, 1000)), ms=1000),
        False,
        (
            "The threads hardly waited for the GIL: for 0 % of the time that they ran or wanted"
            " to run (0 ms of 1.00 s)."
        ),
    ),
    (
        "gil_waited_for",
        whole(*CONTENDED, HELD, ms=1000),
        True,
        (
            "The threads waited for the GIL for 55 % of the time that they ran or wanted to run"
            " (1.10 s of 2.00 s), thread 101 longest, for 600 ms. The GIL was held for 89 % of"
            " the 900 ms for which that is known, and changed hands at least 1 time a second."
        ),
    ),
    (
        "gil_waited_for",
        whole(
            *CONTENDED,
            replace(HELD, holds=(*HELD.holds[:2], Hold(200 * MS, OPEN)), known=Evidence.INFERRED),
            ms=1000,
        ),
        True,
        (
            "The threads waited for the GIL for 55 % of the time that they ran or wanted to run"
            " (1.10 s of 2.00 s), thread 101 longest, for 600 ms. The GIL was held for at least"
            " 80 % of the time, and changed hands at least 1 time a second."
        ),
    ),
    ("cores_were_enough", whole(*lane(0, (LOCK, 1000)), ms=1000), None, ""),
    (
        "cores_were_enough",
        whole(*lane(0, (RUN, 990), (READY, 10)), ms=1000),
        True,
        (
            "The threads hardly waited for a CPU core: for 1.0 % of the time that they could run"
            " (10 ms of 1.00 s)."
        ),
    ),
    (
        "cores_were_enough",
        whole(*lane(0, (RUN, 500), (READY, 500)), ms=1000),
        False,
        (
            "The threads waited for a CPU core for 50 % of the time that they could run (500 ms"
            " of 1.00 s). Other programs used the cores: its own threads needed 1.0 of 2."
        ),
    ),
    (
        "cores_were_enough",
        whole(*[event for n in range(4) for event in lane(n, *[(RUN, 10), (READY, 10)] * 50)], ms=1000),
        False,
        (
            "The threads waited for a CPU core for 50 % of the time that they could run (2.00 s"
            " of 4.00 s). Its own threads needed 4.0 cores, and there are 2."
        ),
    ),
    (
        "cores_were_enough",
        whole(*lane(0, (LOCK, 900), (RUN, 60), (READY, 40)), ms=1000),
        True,
        (
            "The threads waited for a CPU core for 40 % of the time that they could run (40 ms of"
            " 100 ms), which is short."
        ),
    ),
    ("loops_could_answer", whole(*lane(0, (LOCK, 1000)), ms=1000), None, ""),
    (
        "loops_could_answer",
        whole(thread(0, 100), Spans(0, 0, (WAIT, Span(50 * MS, RUN), WAIT)), ms=250),
        True,
        (
            "The event loop in serve.py could always answer soon: it was busy for 50 ms in all"
            " (20 % of the time since it was recognised), 50 ms at most at once."
        ),
    ),
    (
        "loops_could_answer",
        whole(*BLOCKED, LaneEnded(1000 * MS, 0), ms=1000),
        False,
        (
            "The event loop in serve.py was frozen for 150 ms in all (15 % of the time since it"
            " was recognised), 150 ms at most at once."
        ),
    ),
    (
        "loops_could_answer",
        whole(*BLOCKED, thread(1, 101), Spans(1, 0, (WAIT,)), ms=1000),
        False,
        (
            "Of 2 event loops, the one in serve.py was held up longest: it was frozen for 800 ms"
            " in all (80 % of the time since it was recognised), 650 ms at most at once."
        ),
    ),
    ("who_waited_most", whole(*lane(0, (RUN, 1000)), ms=1000), None, ""),
    ("who_waited_most", whole(*lane(0, (RUN, 500), (IO, 500)), ms=1000), None, ""),
    (
        "who_waited_most",
        whole(*lane(0, (RUN, 100), (LOCK, 900)), *lane(1, (RUN, 500), (IO, 500)), ms=1000),
        True,
        "thread 101 waited most: for 500 ms of its 1.00 s, 500 ms of that for input or output.",
    ),
    (
        "who_waited_most",
        whole(thread(0, 100), Spans(0, 0, (WAIT,)), *lane(1, (LOCK, 100), (RUN, 10)), ms=110),
        True,
        "thread 101 waited most: for 100 ms of its 110 ms, 100 ms of that for a lock.",
    ),
    (
        "who_waited_most",
        whole(*lane(0, (RUN, 900), (IO, 100)), *lane(1, (LOCK, 1000)), ms=1000),
        True,
        "serve.py waited most: for 100 ms of its 1.00 s, 100 ms of that for input or output.",
    ),
    (
        "who_waited_most",
        whole(*[event for n in range(3) for event in lane(n, (LOCK, 1000 - n))], ms=1000),
        True,
        "thread 101 waited most: for 999 ms of its 1.00 s, 999 ms of that for a lock.",
    ),
    (
        "who_waited_most",
        whole(*lane(0, (RUN, 1000)), *lane(1, (RUN, 200), (LOCK, 500), (GIL, 300)), ms=1000),
        True,
        "thread 101 waited most: for 800 ms of its 1.00 s, 500 ms of that for a lock.",
    ),
    ("processes_told", whole(ms=1000), None, ""),
    ("processes_told", whole(SERVE, thread(0, 100), ms=1000), None, ""),
    (
        "processes_told",
        whole(SERVE, thread(0, 100), thread(1, 101), ms=1000),
        False,
        "Not everything can be seen of serve.py (process 100): who holds the GIL.",
    ),
    (
        "processes_told",
        whole(*TWO_OF_TWO, ms=1000),
        False,
        "Not everything can be seen of 2 of 3 processes: who holds the GIL.",
    ),
]


@pytest.mark.parametrize(("name", "timeline", "holds", "text"), CASES)
def test_each_finding_is_stated_as_it_came_out(
    name: str, timeline: Timeline, holds: bool | None, text: str
) -> None:
    """For claims that hold, claims that don't, and questions that do not arise."""
    assert finding_of(timeline, name) == (None if holds is None else Finding(name, holds, text))


def coming(threads: int, every_ms: int, each_ms: int, most_gone: int) -> Timeline:
    """Return a program whose threads come one after the other."""
    events: list[Event] = []
    for number in range(threads):
        start = number * every_ms * MS
        events.append(thread(number, 1000 + number, t=start))
        events.append(Spans(number, start, (Span(each_ms * MS, LOCK),)))
        events.append(LaneEnded(start + each_ms * MS, number))
    return whole(*events, ms=threads * every_ms, most_gone=most_gone)


@pytest.mark.parametrize("most_gone", [0, 50, 1000])
def test_threads_that_came_and_went_are_counted(most_gone: int) -> None:
    """Whether they have lanes or are archived."""
    text = "At least 200 threads came and went, 50 a second; on average one lived for 5.0 ms."
    assert finding_of(coming(200, 20, 5, most_gone), "threads_stayed") == Finding(
        "threads_stayed", holds=False, text=text
    )


def test_few_threads_and_those_that_stay_are_not_reported() -> None:
    """All threads of a program are gone when it has ended."""
    assert finding_of(coming(50, 20, 10, 1000), "threads_stayed") is None
    together = [event for n in range(150) for event in (*lane(n, (LOCK, 1000)), LaneEnded(1000 * MS, n))]
    assert finding_of(whole(*together, ms=1000), "threads_stayed") is None
    stay = [event for n in range(200, 215) for event in lane(n, (LOCK, 40))]
    come = [event for n in range(60) for event in (*lane(n, (LOCK, 40)), LaneEnded(40 * MS, n))]
    assert finding_of(whole(*come, *stay, ms=1000), "threads_stayed") is None


def test_less_than_one_thread_a_second_has_no_rate() -> None:
    """Threads that came and went early in a long run are counted all the same."""
    text = "At least 59 threads came and went; on average one lived for 40 ms."
    come = [event for n in range(60) for event in (*lane(n, (LOCK, 40)), LaneEnded(40 * MS, n))]
    found = finding_of(whole(*come, ms=200_000), "threads_stayed")
    assert found == Finding("threads_stayed", holds=False, text=text)


@pytest.mark.parametrize(
    ("holds", "known", "looks", "text"),
    [
        (
            (Hold(40 * MS, 0), Hold(960 * MS, OPEN)),
            Evidence.SAMPLED,
            500,
            "known for no more than 40 ms of 1.00 s.",
        ),
        ((Hold(40 * MS, 0),), Evidence.INFERRED, 500, "known for no more than 40 ms of 1.00 s."),
        (
            (Hold(900 * MS, 0),),
            Evidence.SAMPLED,
            2,
            "held is not known: the observer took no more than 2 samples.",
        ),
        (
            (Hold(900 * MS, 0),),
            Evidence.SAMPLED,
            1,
            "held is not known: the observer took no more than 1 sample.",
        ),
        (
            (Hold(900 * MS, 0),),
            Evidence.SAMPLED,
            500,
            " The GIL was held for 100 % of the 900 ms for which that is known, and was not seen to change hands.",
        ),
    ],
)
def test_no_figures_of_the_gil_if_hardly_anything_is_known(
    holds: tuple[Hold, ...], known: Evidence, looks: int, text: str
) -> None:
    """The text says why; otherwise the time for which the holder is known."""
    timeline = program(
        process(100, "serve.py"), *CONTENDED, GilHeld(100, 0, 0, holds, known), RunEnded(1000 * MS)
    )
    timeline.apply(ObserverTick(1000 * MS, looks, 0, MS))
    found = finding_of(timeline, "gil_waited_for")
    assert found is not None and found.text.endswith(text)
    figures = {row.name: row for row in totals_rows(timeline)}
    if "is not known" in found.text:
        assert figures["GIL held"].figure == "-" and "GIL hand-offs" not in figures
        assert figures["GIL held"].about in found.text
    else:
        assert figures["GIL held"].figure == "100 %"


def test_one_thread_has_nobody_to_share_the_gil_with() -> None:
    """Then its holder is not watched; with two threads it was not seen."""
    for threads, why in ((1, "no other thread to share it with"), (2, "it was not seen")):
        timeline = whole(*[event for n in range(threads) for event in lane(n, (RUN, 1000))], ms=1000)
        assert {row.name: row.about for row in totals_rows(timeline)}["GIL held"] == why


def test_threads_too_short_lived_to_be_seen_are_reported() -> None:
    """Short-lived threads, and tasks in unseen threads, show that there may be, or were, others."""
    brief = [e for n in range(1, 8) for e in (thread(n, 100 + n, t=n * MS), LaneEnded((n + 3) * MS, n))]
    assert finding_of(whole(*brief, ms=1000), "threads_stayed") == Finding(
        "threads_stayed",
        holds=False,
        text=(
            "Threads came and went too fast to be counted: 7 of 7 observed threads lived for less than 4.0 ms"
            " (2 samples), and others may have ended unseen."
        ),
    )
    assert finding_of(whole(*brief[:8], ms=1000), "threads_stayed") is None
    unseen = [TaskSubmitted(0, 0, "x"), TaskStarted(1, 0, 100, 999), TaskFinished(2, 0, "fine")]
    assert finding_of(whole(*lane(0, (RUN, 990)), *unseen, ms=1000), "threads_stayed") == Finding(
        "threads_stayed",
        holds=False,
        text=("Threads came and went too fast to be counted: 1 task ran in threads that were never seen."),
    )


def test_what_is_known_of_a_process_later_counts() -> None:
    """What could not be seen at first is not reported."""
    first = replace(process(100, "serve.py"), python="", cannot="it was not found in memory")
    assert finding_of(whole(first, process(100, "serve.py"), ms=1000), "processes_told") is None


def test_without_a_gil_there_is_no_finding_about_it() -> None:
    """On a free-threaded Python."""
    free = replace(process(100, "serve.py"), gil=False)
    assert finding_of(whole(free, *lane(0, (RUN, 1000)), ms=1000), "gil_waited_for") is None


def test_programs_have_rules_of_their_own() -> None:
    """What their threads are for is not known, nor whether the tasks are all of their work."""
    tasks: list[Event] = [
        TaskSubmitted(0, 0, "x"),
        TaskStarted(0, 0, 100, 101),
        TaskFinished(10 * MS, 0, "fine"),
    ]
    ids = {finding.id for finding in findings(whole(*CONTENDED, *tasks, ms=1000))}
    assert ids <= {rule.id for rule in RULES if TargetKind.PROGRAM in rule.targets}
    assert {"all_tasks_succeeded", "workers_kept_busy", "gil_in_the_way"} <= ids


def test_tasks_that_run_in_the_main_thread_have_no_workers() -> None:
    """As with an executor that runs calls itself."""
    tasks: list[Event] = [
        TaskSubmitted(0, 0, "x"),
        TaskStarted(0, 0, 100, 100),
        TaskFinished(10 * MS, 0, "fine"),
    ]
    ids = {finding.id for finding in findings(whole(*lane(0, (RUN, 1000)), *tasks, ms=1000))}
    assert "all_tasks_succeeded" in ids and "workers_kept_busy" not in ids


def test_unreported_tasks_are_counted() -> None:
    """With the reason."""
    found = finding_of(
        whole(*lane(0, (RUN, 20)), UnreportedTasks(10 * MS, 3, "the observer fell behind"), ms=20),
        "observation_sufficed",
    )
    assert found is not None and not found.holds
    assert "3 tasks of executors were not reported, or only in part: the observer fell behind" in found.text


def test_a_program_that_fails_is_no_broken_run() -> None:
    """One whose recording is cut off is."""
    cut = Timeline()
    cut.extend([PROGRAM, BEGIN, ObserverTick(1000 * MS, 1, 0, 0)])
    finding = finding_of(cut, "run_finished")
    assert finding is not None and finding.text.startswith("The recording of the run is cut off after 1.00 s")
    assert finding_of(whole(ms=1000, status=1), "run_finished") is None
