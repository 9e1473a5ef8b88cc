import re

import pytest
from rich.cells import cell_len

from tests.protocol.header import HEADER
from tests.report.golden import GOLDEN, WIDTHS, compared, recorded, reports
from threadviz.protocol.events import (
    Event,
    LaneStarted,
    RunEnded,
    RunStarted,
    TaskFinished,
    TaskStarted,
    TaskSubmitted,
)
from threadviz.report.console import ReportConsole
from threadviz.report.lane_chart import MAX_LANES
from threadviz.report.text import MAX_TASKS, comparison_report, run_report
from threadviz.timeline import Timeline

PLAIN = ReportConsole(80, plain=True)
TERMINAL = ReportConsole(80, plain=False)
HOSTILE = "a\x1b[31mb\x9b1mc\u202ed[bold]e\r\nf"

_COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def _colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.delenv("NO_COLOR", raising=False)


def many(lanes: int, tasks: int) -> Timeline:
    """A run in which so many threads have so many tasks between them, the last of which is not over."""
    events: list[Event] = [RunStarted(0, 1, 1)]
    events += [LaneStarted(0, lane, 1, lane + 1, "thread", "subject") for lane in range(lanes + 1)]
    for task in range(tasks):
        events.append(TaskSubmitted(0, task, f"task {task}"))
        events.append(TaskStarted(10 * task, task, 1, 2 + task % lanes))
    events += [TaskFinished(10 * task + 5, task, result="fine") for task in range(tasks - 1)]
    timeline = Timeline()
    timeline.extend([HEADER, *events, RunEnded(10 * tasks)])
    return timeline


@pytest.mark.parametrize("name", sorted(reports()))
def test_a_report_on_a_real_run_reads_as_it_did(name: str) -> None:
    """The golden texts are what the command printed of these recordings when somebody last looked."""
    assert reports()[name]() == (GOLDEN / name).read_text("ascii")


@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_is_wider_than_the_paper(width: int) -> None:
    """A report fits the terminal, whole: rich cuts nothing off."""
    for plain in (True, False):
        paper = ReportConsole(width, plain=plain)
        text = run_report(recorded("primes-threads"), paper)
        text += comparison_report(compared("fetch-blocking", "fetch-threads"), paper)
        assert max(len(line) for line in _COLOUR.sub("", text).split("\n")) <= width
        assert "…" not in text


@pytest.mark.usefixtures("_colours")
def test_a_terminal_gets_blocks_and_colours() -> None:
    """Running is green, and so is its word's character in the legend; a blocked loop is red."""
    green, red = "\x1b[32m", "\x1b[1;31m"
    assert f"{green}█" in run_report(recorded("primes-threads"), TERMINAL)
    assert f"{red}▚▚▚" in run_report(recorded("fetch-blocking"), TERMINAL)


@pytest.mark.usefixtures("_colours")
def test_only_a_blocked_loop_and_errors_are_red() -> None:
    """The lanes and figures of a run in which all went well have no red in them, nor have they in 16 colours."""
    for term in ("xterm-256color", "xterm-16color"):
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("TERM", term)
            patch.setenv("COLORTERM", "")
            report = run_report(recorded("primes-processes"), TERMINAL)
        text = "\n".join(
            line for line in report.splitlines() if "event loop" not in line and "blocked" not in line
        )
        codes = {code for found in _COLOUR.findall(text) for code in found[2:-1].split(";")}
        assert "32" in codes
        assert not codes & {"31", "91"}


def test_plain_paper_gets_ascii_and_no_escapes() -> None:
    """What is piped reads everywhere."""
    text = run_report(recorded("fetch-threads"), PLAIN)
    assert text.isascii()
    assert text.replace("\n", "").isprintable()


@pytest.mark.parametrize("paper", [ReportConsole(300, plain=True), ReportConsole(300, plain=False)])
def test_text_from_outside_is_neither_control_nor_markup(paper: ReportConsole) -> None:
    """Names, results and errors show their control characters as escapes, and their brackets as they are."""
    timeline = Timeline()
    events: list[Event] = [TaskSubmitted(0, task, HOSTILE) for task in range(3)]
    events += [TaskStarted(1, 0, 1, 1), TaskFinished(5, 0, result=HOSTILE)]
    events += [TaskStarted(6, 1, 1, 1), TaskFinished(9, 1, error=HOSTILE)]
    lane = LaneStarted(0, 0, 1, 1, HOSTILE, "subject")
    timeline.extend([HEADER, lane, RunStarted(0, 1, 1), *events, RunEnded(10)])
    text = _COLOUR.sub("", run_report(timeline, paper))
    assert text.replace("\n", "").isprintable()
    assert text.count(r"a\x1b[31mb\x9b1mc\u202ed[bold]e\r\nf") >= 5


def test_many_lanes_and_tasks_are_capped_and_it_is_said() -> None:
    """256 lanes and 1,000 tasks give a page that can be read, and a word on what is left out."""
    text = run_report(many(256, 1000), PLAIN)
    assert len(text.split("\n")) < MAX_LANES + MAX_TASKS + 60
    assert f"({256 - (MAX_LANES - 1)} workers left out here; --json has all lanes)" in text
    assert f"({1000 - MAX_TASKS} tasks left out here; --json has all tasks)" in text
    assert re.search(r"^task 0 ", text, re.MULTILINE)
    assert re.search(r"^task 999 .* not finished$", text, re.MULTILINE)


def test_unfinished_tasks_come_last() -> None:
    """Those that finished stand first, in that order; then those that did not, marked so."""
    timeline = Timeline()
    timeline.extend([HEADER, LaneStarted(0, 0, 1, 1, "main", "subject"), RunStarted(0, 1, 1)])
    timeline.extend(TaskSubmitted(0, task, f"number {task}") for task in range(4))
    timeline.extend(TaskStarted(task, task, 1, 1) for task in range(3))
    timeline.extend([TaskFinished(8, 2, result="two"), TaskFinished(9, 0, error="zero"), RunEnded(10)])
    rows = re.findall(
        r"^number (\d) .*?(two|failed: zero|not finished|not started)$",
        run_report(timeline, PLAIN),
        re.MULTILINE,
    )
    assert rows == [("2", "two"), ("0", "failed: zero"), ("1", "not finished"), ("3", "not started")]


def test_a_run_of_which_nothing_came_can_be_printed() -> None:
    """A stream that ends at its header is a report without lanes and tasks."""
    timeline = Timeline()
    timeline.apply(HEADER)
    assert "fetch, threads" in run_report(timeline, PLAIN)


def test_a_comparison_is_relative_to_blocking() -> None:
    """Wherever it stands, blocking is what the others are measured by; without it, the first is."""
    with_it = comparison_report(compared("fetch-threads", "fetch-blocking"), PLAIN)
    assert "against blocking" in with_it
    without = comparison_report(compared("primes-threads", "primes-processes"), PLAIN)
    assert "against threads" in without


def test_a_very_short_run_is_told_without_rates() -> None:
    """A few looks make no rate, and its axis is in a unit that it is as long as."""
    text = run_report(many(2, 1000), PLAIN)
    assert "times a second" not in text
    assert re.search(r"of its life", text)
    assert re.search(r" \d us +running,", text)


def test_a_pool_that_started_fewer_workers_says_so() -> None:
    """Nobody need have asked for as many as there might have been."""
    assert "fetch, threads: 2 tasks, up to 2 workers: the pool started 1" in run_report(many(1, 2), PLAIN)


def test_wide_names_keep_columns_aligned() -> None:
    """A name is as wide as the terminal shows it."""
    timeline = Timeline()
    timeline.extend([HEADER, LaneStarted(0, 0, 1, 1, "main", "subject"), RunStarted(0, 1, 1)])
    for task, name in enumerate(("日本語の名前", "plain", "e\u0301te\u0301")):
        timeline.extend(
            [
                TaskSubmitted(0, task, name),
                TaskStarted(task, task, 1, 1),
                TaskFinished(task + 1, task, "fine"),
            ]
        )
    timeline.apply(RunEnded(10))
    rows = [line for line in run_report(timeline, PLAIN).split("\n") if line.endswith(" fine")]
    assert len(rows) == 3
    assert len({cell_len(row.split("event loop")[0]) for row in rows}) == 1
