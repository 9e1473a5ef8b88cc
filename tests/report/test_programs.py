import re

import pytest
from msgspec.structs import replace

from tests.report.golden import recorded
from tests.timeline.programs import BEGIN, EPOLL, PROGRAM, named, process, program, thread
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
    ProbeInfo,
    RunEnded,
    Span,
    Spans,
    StackSampling,
    State,
    StreamClosed,
    TargetKind,
    TaskFinished,
    TaskStarted,
    TaskSubmitted,
)
from threadviz.report.console import ReportConsole
from threadviz.report.lane_chart import MAX_LANES
from threadviz.report.text import comparison_report, run_report
from threadviz.text import seconds
from threadviz.timeline import Timeline

PAPER = ReportConsole(100, plain=True)
MS = 1_000_000


def report(*events: Event, ms: int = 100, most_gone: int = 1000, **header: object) -> str:
    """The report on a program that was watched for so many ms."""
    first = replace(PROGRAM, **header)
    closed = StreamClosed(ms * MS, Outcome.FINISHED, status=0)
    seen = program(
        process(100, "serve.py"), *events, RunEnded(ms * MS), closed, header=first, most_gone=most_gone
    )
    return run_report(seen, PAPER)


def section(text: str, title: str) -> list[str]:
    """The lines of a section, up to the next empty one."""
    lines = text.split("\n")
    start = lines.index(title) + 1
    return lines[start : lines.index("", start)]


def rows(text: str) -> dict[str, str]:
    """The totals: what comes after the name of each."""
    found = (re.fullmatch(r"(\S+(?: \S+)*)  +(\S.*)", line) for line in section(text, "Totals"))
    return {match[1]: match[2] for match in found if match}


@pytest.mark.parametrize(
    ("events", "heading"),
    [
        ([thread(0, 100)], "serve.py, exec: 1 thread seen"),
        (
            [thread(0, 100), thread(1, 101), thread(2, 200, pid=200)],
            "serve.py, exec: 3 threads seen in 2 processes",
        ),
        ([StreamClosed(0, Outcome.FINISHED, status=3)], "serve.py, exec: 0 threads seen, exit status 3"),
        (
            [StreamClosed(0, Outcome.FINISHED, status=-15)],
            "serve.py, exec: 0 threads seen, killed by SIGTERM",
        ),
    ],
)
def test_the_heading_says_how_much_there_was_and_how_it_ended(events: list[Event], heading: str) -> None:
    """No tasks, and no workers."""
    *before, last = events
    ended = [*before, RunEnded(1), last] if isinstance(last, StreamClosed) else [*events, RunEnded(1)]
    timeline = program(process(100, "serve.py"), *ended)
    assert run_report(timeline, PAPER).startswith(f"{heading}\n")


def test_the_python_is_that_of_the_first_process() -> None:
    """Whatever runs threadviz."""
    other = replace(process(100, "x"), python="3.14.1", gil=False)
    assert "\nPython 3.14.1 without the GIL, 2 cores" in report(other)
    assert "\nPython 3.12.0, 2 cores" in report(replace(other, python="3.12.0", gil=None))
    assert "\nno known CPython, 2 cores" in report(replace(other, python="", gil=None))


def test_what_py_spy_took_is_told() -> None:
    """Beside what the observer took itself."""
    tick = ObserverTick(100 * MS, 50, 0, MS)
    text = " ".join(report(tick, StackSampling(100 * MS, 4, 1, 2 * MS), ms=100).split())
    assert "1.0 % of a core; py-spy: 4 dumps (1 failed), 2.0 % of a core Lanes" in text
    assert "and no more: it is gone\n" in report(StackSampling(0, 1, 1, 0, "it is gone"))


def test_there_are_no_tasks_where_none_were_said() -> None:
    """But where an executor is observed there are."""
    assert "Tasks" not in report(thread(0, 100))
    assert "\nTasks, in the order in which they finished\n" in report(
        thread(0, 100), TaskSubmitted(0, 0, "x")
    )


def test_threads_stand_below_their_process() -> None:
    """Where there are several."""
    two = [thread(0, 100), thread(1, 101), named(1, "worker")]
    assert section(report(*two), "Lanes")[3].startswith("worker ")
    lines = section(report(*two, process(200, "x"), thread(2, 200, pid=200)), "Lanes")[2:]
    assert [line[:10].rstrip() for line in lines] == ["serve.py", "  worker", "x"]


def test_a_program_with_too_many_threads_shows_those_that_did_most() -> None:
    """And its first, and the event loops, in their places; what is left out is counted."""
    events: list[Event] = [thread(0, 100), thread(1, 101), Spans(1, 0, (EPOLL,))]
    for number in range(2, 100):
        busy = Span(number * MS if number % 2 else 0, State.RUNNING)
        events += [thread(number, 100 + number), Spans(number, 0, (busy,)), named(number, f"t{number}")]
    text = report(*events)
    names = [line.split()[0] for line in section(text, "Lanes")[2:-1]]
    assert names == ["serve.py", "thread", *(f"t{number}" for number in range(41, 100, 2))]
    assert len(names) == MAX_LANES
    assert "\n(68 threads left out here; --json has all lanes)\n" in text


def test_threads_that_were_folded_away_are_counted() -> None:
    """They have no lanes, and are in the totals."""
    events: list[Event] = [thread(0, 100)]
    for number in range(1, 6):
        spans = Spans(number, 0, (Span(10 * MS, State.RUNNING),))
        events += [thread(number, 100 + number), spans, LaneEnded(10 * MS, number)]
    text = report(*events, most_gone=2)
    assert text.startswith("serve.py, exec: 6 threads seen, ")
    assert "\n(3 threads more came and went: they are in the totals)\n" in text
    assert rows(text)["cores used"].startswith("0.50 ")


HOLDS = (Hold(50 * MS, 0), Hold(25 * MS, FREE), Hold(25 * MS, OPEN))


def test_the_gil_has_a_strip_above_the_lanes() -> None:
    """Held, free, and not seen; its figure is of what is known."""
    text = report(thread(0, 100), GilHeld(100, 0, 0, HOLDS))
    strip = section(text, "Lanes")[2]
    cells = strip[: -len("held 67 %")].removeprefix("GIL").strip()
    held, unseen = cells.count("#"), cells.count("?")
    assert strip.startswith("GIL") and strip.endswith("held 67 %")
    assert set(cells) == {"#", " ", "?"} and abs(held - 2 * unseen) <= 2
    assert rows(text)["GIL held"] == "67 %  of the time for which that is known; no cost by itself"
    assert "# held: a thread holds the GIL; blank: no thread does" in text


def test_where_the_holder_is_inferred_there_is_no_strip() -> None:
    """For it would be known only here and there; the figures are 'at least'."""
    text = report(thread(0, 100), GilHeld(100, 0, 0, HOLDS[::2], Evidence.INFERRED))
    assert not section(text, "Lanes")[2].startswith("GIL")
    assert section(text, "Lanes")[2].startswith("(no row for the GIL: ")
    assert "Who held the GIL" not in text
    assert rows(text)["GIL held"].startswith("50 %  of the time, at least: where it can be inferred")


def holders(*events: Event, probe: ProbeInfo = PROGRAM.probe) -> list[list[str]]:
    """The table of who held the GIL, without its head."""
    text = report(thread(0, 100), *events, probe=probe)
    lines = section(text, "Who held the GIL, as far as was seen")
    assert lines[0].split("  ")[0] == "lane"
    return [re.split("  +", line) for line in lines[1:]]


def test_who_held_the_gil_is_told_by_lane() -> None:
    """Of the time of which it is known, beside how long each waited for it itself, the longest first."""
    waits = Spans(1, 0, (Span(25 * MS, State.GIL), Span(75 * MS, State.RUNNING)))
    turns = (Hold(30 * MS, 1), Hold(10 * MS, 0), Hold(20 * MS, 1), Hold(40 * MS, OPEN))
    of = GilHeld(100, 0, 0, turns)
    assert holders(thread(1, 101), waits, of) == [
        ["thread 101", "83 %", "10", "25 %"],
        ["serve.py", "17 %", "10", "0 %"],
    ]
    blind = replace(PROGRAM.probe, tells=(State.RUNNING, State.WAITING))
    assert [row[-1] for row in holders(thread(1, 101), waits, of, probe=blind)] == ["-", "-"]


def test_those_that_held_it_longest_are_told() -> None:
    """The others are counted; and of several GILs it is said which."""
    many = [thread(n, 100 + n) for n in range(1, 11)]
    held = GilHeld(100, 0, 0, tuple(Hold(n * MS, n) for n in range(1, 11)))
    *rows, left_out = holders(*many, held)
    assert [row[0] for row in rows] == [f"thread {n}" for n in range(110, 102, -1)]
    assert left_out == ["(2 lanes left out here; --json has all lanes)"]
    other = GilHeld(200, 0, 0, (Hold(MS, 20),))
    *_, which = holders(
        *many[:1], thread(20, 200, pid=200), GilHeld(100, 0, 0, (Hold(MS, 0), Hold(MS, 1))), other
    )
    assert which == ["(That of process 100; --json has all GILs)"]


def test_threads_are_those_that_were_seen() -> None:
    """And tasks in others prove that there were more."""
    assert (
        rows(report(thread(0, 100)))["threads"]
        == "1  at least: those that lived for less than a sample may be missing"
    )
    assert (
        rows(report(thread(0, 100)))["processes"]
        == "1  at least: those that lived for less than a sample may be missing"
    )
    unseen = [TaskSubmitted(0, 0, "x"), TaskStarted(1, 0, 100, 999), TaskFinished(2, 0, "fine")]
    told = rows(report(thread(0, 100), *unseen))["threads"]
    assert told == "1  seen, and at least one more: 1 task ran in none of them"


def test_a_process_that_was_running_already_was_watched() -> None:
    """Its total is no program's."""
    text = report(thread(0, 100), watches=TargetKind.PROCESS, mode="attach")
    assert text.startswith("serve.py, attach: 1 thread seen, ")
    assert rows(text)["total"] == "100 ms  for this long it was watched"


def test_a_program_stands_beside_a_workload() -> None:
    """Each has the figures that there are of it."""
    runs = {"threads": recorded("fetch-threads"), "exec": recorded("exec-serve")}
    text = comparison_report(runs, PAPER)
    assert rows(text)["sum of the tasks"].split()[2] == "-"
    assert rows(text)["processes"].split()[:2] == ["-", "2"]


def test_two_runs_of_a_program_are_compared() -> None:
    """There is nothing to say of tasks, where there were none."""
    one = recorded("exec-serve")
    other = Timeline()
    other.extend(
        [
            PROGRAM,
            BEGIN,
            thread(0, 100),
            RunEnded(500 * MS),
            StreamClosed(500 * MS, Outcome.FINISHED, status=0),
        ]
    )
    text = comparison_report({"exec": one, "exec (2)": other}, PAPER)
    cpu = seconds(one.totals().cpu_ns)
    assert f"\n* exec (2): 1.8x faster (0 ms of CPU time, and {cpu} in the baseline)\n" in text
