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
from threadviz.tui.view.view import View
from threadviz.tui.widgets.header import RunHeader

CANNOT = "what a thread waits for, nor stretches below the 10 ms in which CPU times are counted"


def portable_timeline() -> Timeline:
    """Return a run of one second, observed by the portable probe."""
    result = Timeline()
    probe = ProbeInfo("portable", (State.RUNNING, State.IDLE, State.WAITING, State.UNKNOWN), CANNOT, 50.0)
    result.extend([msgspec.structs.replace(HEADER, probe=probe, gil=False), RunStarted(0, 1, 1)])
    result.apply(ObserverTick(1_000_000_000, rounds=40, missed=3, cpu_ns=20_000_000))
    return result


async def test_two_lines_at_80_columns() -> None:
    """Workload, machine, observer with its rate and cost."""
    heading = RunHeader(View([run("fetch-threads")]))
    async with show_widget(heading):
        first, second = visible_lines(heading)
    for words in ("fetch", "threads", "4 tasks", "4 workers", "Python 3.11.7", "GIL", "FINISHED"):
        assert words in first
    for words in ("2 cores", "probe linux", "437/600 Hz", "31 missed", "3.9 % of a core"):
        assert words in second


async def test_wide_header_is_not_shortened() -> None:
    """Every text is the longest alternative."""
    heading = RunHeader(View([run("fetch-threads")]))
    async with show_widget(heading, columns=200):
        first, second = visible_lines(heading)
    assert "Python 3.11.7 with the GIL" in first
    assert "2 cores, Linux x86_64" in second
    assert "sampled 437 times a second, 600 requested" in second


async def test_limits_of_the_probe_at_any_width() -> None:
    """In brief at 80 columns, in full at 200, and always in the tooltip."""
    heading = RunHeader(View([Run.of(portable_timeline())]))
    async with show_widget(heading):
        first, second = visible_lines(heading)
        assert "no GIL" in first or "without the GIL" in first
        assert "tells only running from waiting · 40/50 Hz" in second and second.endswith(" · …")
        assert isinstance(heading.tooltip, Content)
        assert heading.tooltip.plain == f"The probe can't tell {CANNOT}."
    heading = RunHeader(View([Run.of(portable_timeline())]))
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
async def test_badge_shows_the_outcome(closed: StreamClosed | None, badge: str) -> None:
    """As soon as the run is over."""
    ended = made(100, [Job(1, 0, {State.IO: 80})], of=Setting(closed=closed))
    heading = RunHeader(View([Run.of(ended)]))
    async with show_widget(heading):
        assert visible_lines(heading)[0].endswith(f" {badge}")


async def test_badge_shows_the_motion_of_the_playhead() -> None:
    """Live, frozen, or the speed of the replay."""
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


async def test_before_a_run_begins() -> None:
    """Without a run, and with one that has only a header."""
    heading = RunHeader(View())
    async with show_widget(heading):
        assert visible_lines(heading)[0].endswith("NOTHING YET")
    heading = RunHeader(View([run("fetch-threads", until_ms=0)]))
    async with show_widget(heading):
        assert visible_lines(heading)[0].endswith("starting ...")


async def test_header_of_a_comparison() -> None:
    """It names the modes instead of the workers, and the run of the observer's figures."""
    heading = RunHeader(View([run("fetch-blocking"), run("fetch-threads")]))
    async with show_widget(heading):
        first, second = visible_lines(heading)
    assert "blocking, threads" in first
    assert "workers" not in first
    assert "threads: 437/600 Hz" in second


async def test_trouble_is_shown_in_full() -> None:
    """In lines of its own."""
    trouble = "the observer died (killed by SIGKILL), and what came after that, if anything, was not seen by anybody"
    heading = RunHeader(View([Run.of(timeline("fetch-threads"), trouble)]))
    async with show_widget(heading):
        lines = visible_lines(heading)
    assert len(lines) == 4
    assert joined(lines[2:]) == f"{trouble}."


async def test_untrusted_names_are_escaped() -> None:
    """They are shown without markup or control characters."""
    hostile = Timeline()
    hostile.extend(
        [msgspec.structs.replace(HEADER, workload="[red]\x1b[31m", python="3\n4"), RunStarted(0, 1, 1)]
    )
    heading = RunHeader(View([Run.of(hostile)]))
    async with show_widget(heading, columns=120):
        first = visible_lines(heading)[0]
    assert r"[red]\x1b[31m" in first
    assert r"Python 3\n4" in first


async def test_frame_without_changes_computes_nothing() -> None:
    """Lines are computed only after the view has changed."""
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


async def test_ascii_header() -> None:
    """For terminals without UTF-8."""
    heading = RunHeader(View([Run.of(portable_timeline())]))
    async with show_widget(heading, ascii_only=True):
        assert all(line.isascii() for line in visible_lines(heading))


async def test_threads_and_exit_status_of_a_program() -> None:
    """The threads alive at the playhead, those seen until then, and the exit status."""
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
