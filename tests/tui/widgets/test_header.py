from collections.abc import Sequence

import msgspec
import pytest
from textual.content import Content

from tests.analysis.runs import Job, Setting
from tests.analysis.runs import run as made
from tests.protocol.header import HEADER
from tests.tui.recorded import run, timeline
from tests.tui.widgets.widget_app import freeze_at, joined, redraw, show_widget, visible_lines
from threadviz.protocol.events import ObserverTick, Outcome, ProbeInfo, RunStarted, State, StreamClosed
from threadviz.timeline import Timeline
from threadviz.tui.runs import Run
from threadviz.tui.view import View
from threadviz.tui.widgets.header import RunHeader

CANNOT = "what a thread waits for, nor stretches below the 10 ms in which CPU times are counted"


def portable() -> Timeline:
    """A run of a second that the portable probe watched."""
    result = Timeline()
    probe = ProbeInfo("portable", (State.RUNNING, State.IDLE, State.WAITING, State.UNKNOWN), CANNOT, 50.0)
    result.extend([msgspec.structs.replace(HEADER, probe=probe, gil=False), RunStarted(0, 1, 1)])
    result.apply(ObserverTick(1_000_000_000, rounds=40, missed=3, cpu_ns=20_000_000))
    return result


async def test_at_80_columns_two_lines_say_it_all() -> None:
    """What runs, on what, and who watches, at what rate and cost."""
    heading = RunHeader(View([run("fetch-threads")]))
    async with show_widget(heading):
        first, second = visible_lines(heading)
    for words in ("fetch", "threads", "4 tasks", "4 workers", "Python 3.11.7", "GIL", "FINISHED"):
        assert words in first
    for words in ("2 cores", "probe linux", "437/600 Hz", "31 missed", "3.9 % of a core"):
        assert words in second


async def test_a_wide_one_says_it_in_full() -> None:
    """Where there is room nothing is shortened."""
    heading = RunHeader(View([run("fetch-threads")]))
    async with show_widget(heading, columns=200):
        first, second = visible_lines(heading)
    assert "Python 3.11.7 with the GIL" in first
    assert "2 cores, Linux x86_64" in second
    assert "sampled 437 times a second, 600 requested" in second


async def test_what_the_probe_cannot_tell_can_be_found_at_any_width() -> None:
    """At 80 columns in brief, at 200 the whole, and the whole as a tooltip always."""
    heading = RunHeader(View([Run.of(portable())]))
    async with show_widget(heading):
        first, second = visible_lines(heading)
        assert "no GIL" in first or "without the GIL" in first
        assert "tells only running from waiting · 40/50 Hz" in second and second.endswith(" · …")
        assert isinstance(heading.tooltip, Content)
        assert heading.tooltip.plain == f"The probe can't tell {CANNOT}."
    heading = RunHeader(View([Run.of(portable())]))
    async with show_widget(heading, columns=200):
        assert f"can't tell {CANNOT}" in visible_lines(heading)[1]


@pytest.mark.parametrize(
    ("closed", "badge"),
    [
        (StreamClosed(0, Outcome.FINISHED), "FINISHED"),
        (StreamClosed(0, Outcome.INTERRUPTED), "INTERRUPTED"),
        (StreamClosed(0, Outcome.BROKEN, "the subject died"), "BROKEN"),
        (None, "BROKEN"),
    ],
)
async def test_the_badge_says_how_the_run_came_out(closed: StreamClosed | None, badge: str) -> None:
    """As soon as it is over."""
    ended = made(100, [Job(1, 0, {State.IO: 80})], of=Setting(closed=closed))
    heading = RunHeader(View([Run.of(ended)]))
    async with show_widget(heading):
        assert visible_lines(heading)[0].endswith(f" {badge}")


async def test_the_badge_says_whether_it_is_the_present_that_is_shown() -> None:
    """Live, frozen, and replaying at which speed."""
    view = View([run("fetch-threads", until_ms=100)])
    heading = RunHeader(view)
    async with show_widget(heading) as pilot:
        assert visible_lines(heading)[0].endswith("LIVE")
        view.replay()
        view.playhead.change_speed(-1)
        assert (await redraw(heading, pilot))[0].endswith("REPLAY 0.5x 0 ms")
        freeze_at(view, 50)
        first, second = await redraw(heading, pilot)
        assert first.endswith("FROZEN at 25 ms") and " Python 3.11.7, GIL " in first
        assert (
            second == "2 cores, Linux x86_64 · probe linux"
        )  # of what else it did, only the latest is known
    heading = RunHeader(view)
    async with show_widget(heading, columns=120):
        assert visible_lines(heading)[0].endswith("FROZEN at 25 ms, the run goes on")


async def test_until_something_begins_it_says_so() -> None:
    """Without any run, and with one of which only the header came."""
    heading = RunHeader(View())
    async with show_widget(heading):
        assert visible_lines(heading)[0].endswith("NOTHING YET")
    heading = RunHeader(View([run("fetch-threads", until_ms=0)]))
    async with show_widget(heading):
        assert visible_lines(heading)[0].endswith("starting ...")


async def test_a_comparison_names_its_modes() -> None:
    """Instead of the workers, which belong to one of them; and it says whose the observer's figures are."""
    heading = RunHeader(View([run("fetch-blocking"), run("fetch-threads")]))
    async with show_widget(heading):
        first, second = visible_lines(heading)
    assert "blocking, threads" in first
    assert "workers" not in first
    assert "threads: 437/600 Hz" in second


async def test_trouble_is_told_in_a_sentence_of_its_own_lines() -> None:
    """However long it is, all of it stands there."""
    trouble = "the observer died (killed by SIGKILL), and what came after that, if anything, was not seen by anybody"
    heading = RunHeader(View([Run.of(timeline("fetch-threads"), trouble)]))
    async with show_widget(heading):
        lines = visible_lines(heading)
    assert len(lines) == 4
    assert joined(lines[2:]) == f"{trouble}."


async def test_names_from_outside_are_neither_markup_nor_control() -> None:
    """They stand there as they are, or escaped."""
    hostile = Timeline()
    hostile.extend(
        [msgspec.structs.replace(HEADER, workload="[red]\x1b[31m", python="3\n4"), RunStarted(0, 1, 1)]
    )
    heading = RunHeader(View([Run.of(hostile)]))
    async with show_widget(heading, columns=120):
        first = visible_lines(heading)[0]
    assert r"[red]\x1b[31m" in first
    assert r"Python 3\n4" in first


async def test_a_frame_in_which_nothing_changes_works_out_nothing() -> None:
    """Lines are made when the scene has changed, and only then."""
    made_at: list[int] = []

    class Counted(RunHeader):
        def lines(self, width: int) -> Sequence[Content]:  # type: ignore[override]
            made_at.append(width)
            return super().lines(width)

    view = View([run("fetch-threads")])
    heading = Counted(view)
    async with show_widget(heading) as pilot:
        made_at.clear()
        for _ in range(3):
            await redraw(heading, pilot)
        assert not made_at
        view.replay()
        await redraw(heading, pilot)
        assert made_at


async def test_in_ascii_there_is_nothing_else() -> None:
    """For terminals without UTF-8."""
    heading = RunHeader(View([Run.of(portable())]), plain=True)
    async with show_widget(heading):
        assert all(line.isascii() for line in visible_lines(heading))


async def test_a_program_s_threads_and_how_it_ended() -> None:
    """How many there are at the moment that is shown, of how many in all; at the end, its exit status."""
    view = View([run("exec-serve")])
    heading = RunHeader(view)
    async with show_widget(heading, columns=140) as pilot:
        first = visible_lines(heading)[0]
        for words in ("serve.py", "exec", "6 threads in 2 processes", "exit status 3"):
            assert words in first
        assert "task" not in first
        freeze_at(view, 50)
        first = (await redraw(heading, pilot))[0]
        assert "1 thread " in first and "seen" not in first
        freeze_at(view, view.length // 1_000_000 - 1)
        first = (await redraw(heading, pilot))[0]
        assert "6 seen" in first
