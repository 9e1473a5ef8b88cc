import csv
from io import StringIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.report.golden import PROGRAMS, RUNS, recorded
from tests.timeline.programs import process, program, thread
from tests.timeline.streams import Run, interleavings, runs, timeline
from threadviz.exports.csv_tables import SEGMENT_COLUMNS, TASK_COLUMNS, escaped, segment_table, task_table
from threadviz.protocol.events import (
    LaneStarted,
    ObserverTick,
    RunStarted,
    Span,
    Spans,
    State,
    TaskFinished,
    TaskStarted,
    TaskSubmitted,
    WaitTarget,
)
from threadviz.text import printable
from threadviz.timeline import STATES, Timeline

Row = dict[str, str]


def read(text: str, columns: tuple[str, ...]) -> list[Row]:
    """The rows of a table, as any reader of CSV gets them."""
    head, *rows = csv.reader(StringIO(text, newline=""), strict=True)
    assert tuple(head) == columns
    assert text.count("\r\n") == len(rows) + 1
    return [dict(zip(columns, row, strict=True)) for row in rows]


def segments(of: Timeline) -> list[Row]:
    """The rows of stretches."""
    return read("".join(segment_table(of)), SEGMENT_COLUMNS)


def tasks(of: Timeline) -> list[Row]:
    """The rows of tasks."""
    return read("".join(task_table(of)), TASK_COLUMNS)


def cell(number: int | None) -> str:
    """A number, or none, as a cell has it."""
    return "" if number is None else str(number)


def comes_back(of: Timeline) -> None:
    """What is read from the tables is what the timeline says."""
    zero = of.begin or 0
    read_back = [
        (row["lane"], int(row["start_ns"]), int(row["end_ns"]), row["state"], row["known"], row["call"])
        for row in segments(of)
    ]
    assert read_back == [
        (str(lane.number), each.start - zero, each.end - zero, each.state, each.known, each.call)
        for lane in of.lanes
        for each in lane.segments()
    ]
    for row in segments(of):
        assert int(row["end_ns"]) - int(row["start_ns"]) == int(row["duration_ns"])
        lane = next(lane for lane in of.lanes if str(lane.number) == row["lane"])
        assert (row["lane_name"], row["role"]) == (lane.name, lane.role)
        on = of.task_on(lane, int(row["start_ns"]) + zero)
        assert row["task"] == cell(None if on is None else on.number)
        assert bool(row["loop_blocked_ns"]) == (lane is of.loop)
    for row, task in zip(tasks(of), of.tasks, strict=True):
        assert (row["task"], row["name"]) == (str(task.number), task.name)
        assert row["lane"] == cell(None if task.lane is None else task.lane.number)
        for column, t in (
            ("submitted_ns", task.submitted),
            ("started_ns", task.started),
            ("finished_ns", task.finished),
        ):
            assert row[column] == cell(None if t is None else t - zero)
        assert (row["result"], row["error"]) == (task.result or "", task.error or "")
        states = {state: int(row[f"{state}_ns"]) for state in STATES}
        assert {state: each for state, each in states.items() if each} == of.task_states(task)
        assert sum(states.values()) == int(row["elapsed_ns"]) == task.elapsed(of.now)


@given(run=runs(), data=st.data())
def test_any_run_comes_back(run: Run, data: st.DataObject) -> None:
    """Every stretch and every task, to the ns."""
    of = timeline()
    of.extend(data.draw(interleavings(run.seen, run.said)))
    comes_back(of)


@pytest.mark.parametrize("name", [*RUNS, "fetch-processes", *PROGRAMS])
def test_recorded_runs_come_back(name: str) -> None:
    """The same, of real ones."""
    comes_back(recorded(name))


def test_what_the_loop_could_not_answer_in_adds_up() -> None:
    """To what the totals say, until the end of the workload."""
    of = recorded("fetch-blocking")
    assert of.end is not None and of.begin is not None
    until = of.end - of.begin
    blocked = sum(int(row["loop_blocked_ns"]) for row in segments(of) if int(row["end_ns"]) <= until)
    rest = [row for row in segments(of) if int(row["start_ns"]) < until < int(row["end_ns"])]
    assert 0 <= of.totals().loop_blocked_ns - blocked <= sum(int(row["duration_ns"]) for row in rest)


def test_how_far_tasks_came() -> None:
    """In words, and as times as far as there are any."""
    of = timeline(
        LaneStarted(0, 0, pid=1, tid=1, name="", process="subject"),
        RunStarted(10, 1, 1),
        *(TaskSubmitted(20, number, f"task {number}") for number in range(4)),
        *(TaskStarted(30, number, 1, 1) for number in range(3)),
        TaskFinished(40, 0, result="fine"),
        TaskFinished(50, 1, error="refused"),
        ObserverTick(60, 1, 0, 0),
    )
    columns = ("submitted_ns", "started_ns", "finished_ns", "queued_ns", "elapsed_ns", "stage")
    assert [tuple(row[column] for column in columns) for row in tasks(of)] == [
        ("10", "20", "30", "10", "10", "done"),
        ("10", "20", "40", "10", "20", "failed"),
        ("10", "20", "", "10", "30", "not finished"),
        ("10", "", "", "40", "0", "not started"),
    ]


@pytest.mark.parametrize("start", [*"=+-@'", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_no_cell_is_a_formula(start: str) -> None:
    """What a spreadsheet would work out gets an apostrophe before it; so does an apostrophe, to be told apart."""
    nasty = f'{start}HYPERLINK("http://x","y")'
    of = timeline(
        LaneStarted(0, 0, pid=1, tid=1, name=nasty, process=nasty),
        TaskSubmitted(0, 0, nasty),
        TaskStarted(0, 0, 1, 1),
        Spans(0, 0, (Span(5, State.IO, call=nasty),)),
        TaskFinished(2, 0, error=nasty),
        ObserverTick(9, 1, 0, 0),
    )
    (task,) = tasks(of)
    assert task["name"] == task["error"] == f"'{nasty}"
    first = segments(of)[0]
    assert first["call"] == first["thread_name"] == first["process"] == f"'{nasty}"


@given(st.text())
def test_text_can_be_told_from_what_was_made_of_it(text: str) -> None:
    """Whoever takes the one apostrophe away has it back, as it is printed; and no cell begins with a sign."""
    made = escaped(text)
    assert made.removeprefix("'") == printable(text)
    assert made.isprintable() and not made.startswith(("=", "+", "-", "@"))


def test_a_long_name_is_not_in_every_row_as_a_whole() -> None:
    """A recording from outside may have a thread of a very long name and very many segments."""
    of = timeline(
        LaneStarted(0, 0, pid=1, tid=1, name="n" * 100_000, process="subject"),
        ObserverTick(9, 1, 0, 0),
    )
    (row,) = segments(of)
    assert row["thread_name"] == "n" * 200 + "..."


def test_where_a_thread_waited_is_in_its_row() -> None:
    """And what its process is called, in all of its rows."""
    wait = Span(20, State.IO, call="recvfrom")
    of = program(
        process(100, "=x"),
        thread(0, 100),
        Spans(0, 0, (wait, Span(20, State.RUNNING))),
        WaitTarget(15, 0, "@y"),
    )
    assert [(row["place"], row["process_name"], row["role"]) for row in segments(of)] == [
        ("'@y", "'=x", "thread"),
        ("", "'=x", "thread"),
    ]
