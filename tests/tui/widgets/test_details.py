import pytest

from tests.analysis.runs import Job, Setting
from tests.analysis.runs import run as made
from tests.protocol.header import HEADER
from tests.tui.recorded import NS_PER_MS, Growing, run
from tests.tui.widgets.widget_app import freeze_at, joined, redraw, show_widget, visible_lines
from threadviz.protocol.events import LaneEnded, LaneStarted, ObserverTick, RunStarted, Span, Spans, State
from threadviz.timeline import Timeline
from threadviz.tui.runs import Run
from threadviz.tui.view.rows import Row
from threadviz.tui.view.view import View
from threadviz.tui.widgets.details import DetailsPanel


def view_with_selected(one: Run, name: str) -> View:
    """Return a view in which the lane with this name is selected."""
    view = View([one])
    (lane,) = (lane for lane in one.timeline.lanes if lane.name == name)
    view.select_row(Row(one, lane))
    return view


async def test_without_a_lane() -> None:
    """A sentence says how to select one."""
    panel = DetailsPanel(View([run("fetch-threads")]))
    async with show_widget(panel):
        assert visible_lines(panel)[0] == "No lane is selected: up and down select one, and so does a click."


@pytest.mark.parametrize("columns", [80, 120, 200])
async def test_lane_states_waits_and_tasks(columns: int) -> None:
    """The panel describes the thread, its states with shares, its longest waits and its tasks."""
    one = run("fetch-threads")
    view = view_with_selected(one, "thread 2")
    panel = DetailsPanel(view)
    async with show_widget(panel, columns=columns, rows=40):
        lines = visible_lines(panel)
    text = joined(lines)
    assert "thread 2 a worker, which tasks run in" in text
    assert "thread, pid 2482, tid 2495, named python" in text
    assert "States, of its 176 ms" in text and "so far" not in text
    states = [line.split()[:5] for line in lines if line.split()[2:3] == ["ms"]]
    assert ["io", "147", "ms", "83", "%"] in states
    assert ["running", "1.0", "ms", "0.6", "%"] in states
    assert "Longest waits" in text
    assert "146 ms io poll from 28 ms two.example" in text
    assert "164 ms two.example 20000 bytes" in text


async def test_state_bars() -> None:
    """Their lengths are proportional to the shares, also in ASCII."""
    states = {State.IO: 60, State.RUNNING: 30, State.GIL: 10}
    panel = DetailsPanel(view_with_selected(Run.of(made(100, [Job(1, 0, states)])), "thread 1"))
    async with show_widget(panel, ascii_only=True):
        lines = visible_lines(panel)
    assert all(line.isascii() for line in lines)
    lengths = {line.split()[0]: line.count("#") for line in lines if "#" in line}
    assert lengths == {"io": 24, "running": 12, "gil": 4}


async def test_activity_at_the_cursor() -> None:
    """State, call, begin and evidence; without a cursor, those at the playhead."""
    one = run("fetch-threads")
    view = view_with_selected(one, "thread 2")
    panel = DetailsPanel(view)
    async with show_widget(panel, rows=40) as pilot:
        assert "At the end, 176 ms:" in joined(visible_lines(panel))
        view.set_cursor(90 * NS_PER_MS)
        text = joined(await redraw(panel, pilot))
        assert "At the cursor, 90 ms: io poll since 28 ms, until 175 ms, sampled; task two.example" in text


async def test_activity_at_the_end_of_a_shorter_run() -> None:
    """At a cursor after its end, the lane is not there."""
    view = View([run("fetch-blocking"), run("fetch-threads")])
    view.select_row(view.rows[-1])
    panel = DetailsPanel(view)
    async with show_widget(panel, rows=40) as pilot:
        assert "At the end, 176 ms: idle since" in joined(visible_lines(panel))
        view.set_cursor(300 * NS_PER_MS)
        assert "At the cursor, 300 ms: not there" in joined(await redraw(panel, pilot))


async def test_ended_lane() -> None:
    """Its time is final although the run goes on, and a missing name is left out."""
    ended = Timeline()
    ended.extend([HEADER, LaneStarted(0, 0, 1, 7, "", "subject"), RunStarted(0, 1, 7)])
    ended.extend([Spans(0, 0, (Span(50 * NS_PER_MS, State.IO),)), LaneEnded(50 * NS_PER_MS, 0)])
    ended.apply(ObserverTick(100 * NS_PER_MS, 50, 0, 0))
    one = Growing.of(ended)
    view = View([one])
    view.select_row(Row(one, ended.lanes[0]))
    panel = DetailsPanel(view)
    async with show_widget(panel, rows=40) as pilot:
        text = joined(visible_lines(panel))
        assert "Now, at 100 ms: had ended" in text
        assert "States, of its 50 ms" in text and "so far" not in text
        assert "tid 7" in text and "named" not in text
        view.set_cursor(40 * NS_PER_MS)
        assert "had ended" not in joined(await redraw(panel, pilot))


async def test_past_shows_nothing_later() -> None:
    """States, waits and tasks are those until then, and open ones have no end."""
    one = run("fetch-threads")
    view = freeze_at(view_with_selected(one, "thread 2"), 100)
    panel = DetailsPanel(view)
    async with show_widget(panel, rows=40) as pilot:
        text = joined(visible_lines(panel))
        assert "States, of its 100 ms so far" in text
        assert "Now, at 100 ms: io poll since 28 ms, so far, sampled" in text
        assert "72 ms io poll from 28 ms two.example" in text
        assert "two.example not finished" in text
        view.follow()
        assert "146 ms io poll from 28 ms" in joined(await redraw(panel, pilot))
        freeze_at(view, 100)
        assert "72 ms io poll from 28 ms" in joined(await redraw(panel, pilot))


async def test_blocked_event_loop() -> None:
    """The panel shows the total and the longest time."""
    one = run("fetch-blocking")
    panel = DetailsPanel(view_with_selected(one, "event loop"))
    async with show_widget(panel, rows=40):
        text = joined(visible_lines(panel))
    assert "It could not answer for 338 ms in all, 338 ms at a stretch." in text


async def test_last_of_many_tasks() -> None:
    """The panel shows the last tasks and the number of all."""
    jobs = [Job(1, number, {State.RUNNING: 1}, name=f"task-{number}") for number in range(500)]
    panel = DetailsPanel(view_with_selected(Run.of(made(500, jobs, of=Setting(workers=1))), "thread 1"))
    async with show_widget(panel, rows=60):
        lines = visible_lines(panel)
    first = lines.index("500 tasks, the last of them below")
    assert [line.split()[2] for line in lines[first + 1 :] if line] == [
        f"task-{488 + number}" for number in range(12)
    ]


async def test_longest_waits_are_searched_in_steps() -> None:
    """Until the search is complete, the panel shows how far it is."""
    jobs = [Job(1, number * 2, {State.RUNNING: 1, State.IO: 1}) for number in range(3000)]
    panel = DetailsPanel(
        view_with_selected(Run.of(made(6100, [*jobs, Job(1, 6000, {State.SLEEP: 90})])), "thread 1")
    )
    async with show_widget(panel, rows=60) as pilot:
        assert "Longest waits, as far as " in joined(visible_lines(panel))
        for _ in range(10):
            await redraw(panel, pilot)
        text = joined(visible_lines(panel))
        assert "as far as" not in text
        assert "Longest waits 90 ms sleep from 6.00 s" in text
