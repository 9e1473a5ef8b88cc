from collections.abc import Sequence

import pytest
from textual import events
from textual.pilot import Pilot

from tests.timeline.programs import process, program, thread
from tests.timeline.streams import timeline
from tests.tui.recorded import NS_PER_MS
from tests.tui.render.observed_runs import Told
from tests.tui.view.observed_runs import FRAME, Watched, looked_at
from tests.tui.widgets.widget_app import WidgetApp
from threadviz.protocol.events import (
    Event,
    LaneStarted,
    ObserverTick,
    Present,
    RunStarted,
    Span,
    Spans,
    State,
    TaskStarted,
    TaskSubmitted,
)
from threadviz.tui.view.view import View
from threadviz.tui.widgets.lanes import LanesView


class Lanes(WidgetApp):
    """Shows lanes, and remembers whose details were asked for."""

    def __init__(self, view: View, *, ascii_only: bool = True) -> None:
        self.lanes = LanesView(view)
        super().__init__(self.lanes, ascii_only=ascii_only)
        self.view = view
        self.opened = 0

    def on_lanes_view_opened(self) -> None:
        """Details were asked for."""
        self.opened += 1

    async def frame(self, pilot: Pilot[None], elapsed: int = FRAME) -> list[str]:
        """Go on until all of the next frame is drawn, and return its lines."""
        self.view.advance(elapsed)
        self.lanes.refresh_view()
        while not self.lanes.whole:
            self.lanes.refresh_view()
        await pilot.pause()
        return [self.lanes.render_line(y).text.rstrip() for y in range(self.lanes.size.height)]


def screen_text(app: WidgetApp) -> list[str]:
    """Return the lines on the screen, from Textual's compositor."""
    return [
        "".join(segment.text for segment in strip).rstrip()
        for strip in app.screen._compositor.render_strips()
    ]


async def test_lanes_at_80_columns() -> None:
    """Each row has a name, the main state, cells and shares."""
    app = Lanes(looked_at(Watched("primes-threads")))
    async with app.run_test(size=(80, 7)) as pilot:
        lines = await app.frame(pilot)
    assert [line.split()[:2] for line in lines[::2]] == [
        ["event", "loop"],
        *(["thread", f"{n}"] for n in (1, 2, 3)),
    ]
    assert "gil, 54 %" in lines[2]
    assert lines[2].endswith(" 31 %  65 %")
    assert set(lines[1::2]) == {""}
    assert all(len(line) <= 79 for line in lines)


@pytest.mark.parametrize(("size", "tall"), [((80, 7), 1), ((120, 11), 2), ((200, 15), 3)])
async def test_lanes_use_the_height(size: tuple[int, int], tall: int) -> None:
    """Up to three lines each, with the task's name on the second."""
    view = looked_at(Watched("primes-threads"))
    app = Lanes(view)
    async with app.run_test(size=size) as pilot:
        view.set_cursor(view.length // 2)
        lines = await app.frame(pilot)
    assert [y for y, line in enumerate(lines) if "thread 1" in line] == [tall + 1]
    assert not any(lines[tall :: tall + 1])
    assert tall == 1 or "100000000000031" in lines[tall + 2]


async def test_screen_shows_the_drawn_lines() -> None:
    """With a scroll bar and without one."""
    for height in (3, 7):
        app = Lanes(looked_at(Watched("primes-threads")))
        async with app.run_test(size=(80, height)) as pilot:
            lines = await app.frame(pilot)
            assert [line[:79].rstrip() for line in screen_text(app)] == lines


async def test_growing_run() -> None:
    """State and system call, and cells up to now."""
    watched = Watched("fetch-threads", 0.6)
    app = Lanes(looked_at(watched))
    async with app.run_test(size=(100, 12)) as pilot:
        before = await app.frame(pilot)
        watched.tell(0.8)
        after = await app.frame(pilot, 10 * FRAME)
    assert any("io recvfrom" in line or "io poll" in line for line in before)
    assert [line[:40].split()[0] for line in before if line] == [
        line[:40].split()[0] for line in after if line
    ]
    assert sum(line.count(".") for line in after) > sum(line.count(".") for line in before)


async def test_many_rows_are_updated_in_two_frames() -> None:
    """Then all rows are as in a fresh view."""
    watched = Watched("fetch-threads", 0.4)
    app = Lanes(looked_at(*[watched] * 4))
    async with app.run_test(size=(100, 40)) as pilot:
        await app.frame(pilot)
        for share in (0.45, 0.5, 0.55, 0.6):
            watched.tell(share)
            app.view.advance(FRAME)
            app.lanes.refresh_view()
        assert not app.lanes.whole
        app.lanes.refresh_view()
        assert app.lanes.whole
        lines = [app.lanes.render_line(y) for y in range(40)]
        app.lanes._reset()
        assert [line.rstrip() for line in await app.frame(pilot, 0)] == [line.text.rstrip() for line in lines]


async def test_frame_without_changes_draws_nothing() -> None:
    """Nothing is repainted."""
    app = Lanes(looked_at(Watched("fetch-threads")))
    async with app.run_test(size=(80, 24)) as pilot:
        await app.frame(pilot)
        app.lanes.refresh_view()
        assert not app.lanes._repaint_required
        app.view.set_cursor(50 * NS_PER_MS)
        app.lanes.refresh_view()
        assert app.lanes._repaint_required


async def test_cursor_crosses_all_lanes() -> None:
    """Beside each lane is its state at the cursor, and since when."""
    view = looked_at(Watched("primes-threads"))
    app = Lanes(view)
    async with app.run_test(size=(120, 7)) as pilot:
        await app.frame(pilot)
        view.set_cursor(100 * NS_PER_MS)
        lines = await app.frame(pilot)
        column = app.lanes.columns.left + view.viewport.cell(view.cursor or 0)
    assert {line[column] for line in lines[::2]} == {"|"}
    assert all(" since " in line for line in lines[::2])


async def test_mouse_moves_the_cursor() -> None:
    """Over the cells; beside them, or without the mouse, there is no cursor."""
    view = looked_at(Watched("primes-threads"))
    app = Lanes(view)
    async with app.run_test(size=(80, 10)) as pilot:
        await app.frame(pilot)
        left = app.lanes.columns.left
        await pilot.hover(app.lanes, offset=(2, 2))
        assert view.cursor is None
        await pilot.hover(app.lanes, offset=(left + 5, 2))
        assert view.cursor == view.viewport.time(5)
        app.lanes.on_leave()
        assert view.cursor is None


async def test_cursor_moved_by_key_stays() -> None:
    """Even after the mouse has left."""
    view = looked_at(Watched("primes-threads"))
    app = Lanes(view)
    async with app.run_test(size=(80, 10)) as pilot:
        await app.frame(pilot)
        await pilot.hover(app.lanes, offset=(app.lanes.columns.left + 5, 2))
        view.move_cursor(1)
        app.lanes.on_leave()
        assert view.cursor == view.viewport.time(6)


async def test_cursor_returns_when_the_mouse_leaves() -> None:
    """To where a key or a click has put it."""
    view = looked_at(Watched("primes-threads"))
    app = Lanes(view)
    async with app.run_test(size=(80, 10)) as pilot:
        await app.frame(pilot)
        left = app.lanes.columns.left
        view.set_cursor(view.viewport.time(20))
        for beside in (False, True):
            await pilot.hover(app.lanes, offset=(left + 5, 2))
            await pilot.hover(app.lanes, offset=(left + 6, 2))
            assert view.cursor == view.viewport.time(6)
            if beside:
                await pilot.hover(app.lanes, offset=(2, 2))
            else:
                app.lanes.on_leave()
            assert view.cursor == view.viewport.time(20)
        await pilot.click(app.lanes, offset=(left + 8, 2))
        await pilot.hover(app.lanes, offset=(left + 9, 2))
        assert view.cursor == view.viewport.time(9)
        app.lanes.on_leave()
        assert view.cursor == view.viewport.time(8)


async def test_click_selects_and_double_click_opens_a_lane() -> None:
    """The selected lane is marked at its name."""
    view = looked_at(Watched("primes-threads"))
    app = Lanes(view)
    async with app.run_test(size=(80, 7)) as pilot:
        await app.frame(pilot)
        await pilot.click(app.lanes, offset=(3, 2))
        lines = await app.frame(pilot)
        assert [line for line in lines if line.startswith(">")] == [lines[2]]
        assert app.opened == 0
        await pilot.click(app.lanes, offset=(3, 4), times=2)
        assert app.opened == 1
        assert view.selected_row is not None and view.selected_row.lane is not None
        assert view.selected_row.lane.name == "thread 2"


async def test_selected_lane_is_scrolled_to() -> None:
    """Wherever it is."""
    view = looked_at(Watched("primes-threads"))
    app = Lanes(view)
    async with app.run_test(size=(80, 2)) as pilot:
        first = await app.frame(pilot)
        assert first[0].startswith(" event loop")
        view.move_selection(-1)
        lines = await app.frame(pilot)
        lines = await app.frame(pilot)
        assert lines[1].startswith(">thread 3")
        view.select_row(view.rows[0])
        await app.frame(pilot)
        assert (await app.frame(pilot))[0].startswith(">event loop")


async def test_selected_lane_stays_visible_with_less_room() -> None:
    """As when a panel opens; the user may scroll away from it."""
    view = looked_at(Watched("primes-threads"))
    app = Lanes(view)
    async with app.run_test(size=(80, 7)) as pilot:
        view.move_selection(-1)
        await app.frame(pilot)
        await pilot.resize_terminal(80, 2)
        await app.frame(pilot)
        assert any(line.startswith(">thread 3") for line in await app.frame(pilot))
        app.lanes.scroll_to(y=0, animate=False)
        await app.frame(pilot)
        assert (await app.frame(pilot))[0].startswith(" event loop")


async def test_ctrl_wheel_zooms() -> None:
    """The time below the mouse stays where it is."""
    view = looked_at(Watched("primes-threads"))
    app = Lanes(view)
    async with app.run_test(size=(80, 10)) as pilot:
        await app.frame(pilot)
        before = view.viewport.cell_ns
        at = view.viewport.time(20)
        spot = (app.lanes.columns.left + 20, 2)
        await pilot._post_mouse_events([events.MouseScrollUp], app.lanes, spot, control=True)
        assert view.viewport.cell_ns == before // 2
        assert view.viewport.cell(at) == 20
        await pilot._post_mouse_events([events.MouseScrollDown], app.lanes, spot, control=True)
        assert view.viewport.cell_ns == before // 2 * 2


async def test_wheel_pans() -> None:
    """Sideways or with shift; it stops at the begin."""
    view = looked_at(Watched("primes-threads"))
    app = Lanes(view)
    async with app.run_test(size=(80, 10)) as pilot:
        await app.frame(pilot)
        view.zoom(2, 0)
        await app.frame(pilot)
        spot = (app.lanes.columns.left + 20, 2)
        await pilot._post_mouse_events([events.MouseScrollDown], app.lanes, spot, shift=True)
        first = view.viewport.left
        assert first > 0
        await pilot._post_mouse_events([events.MouseScrollRight], app.lanes, spot)
        assert view.viewport.left == 2 * first
        for event in (events.MouseScrollLeft, events.MouseScrollLeft, events.MouseScrollLeft):
            await pilot._post_mouse_events([event], app.lanes, spot)
        assert view.viewport.left == 0
        await pilot._post_mouse_events([events.MouseScrollUp], app.lanes, spot, shift=True)
        assert view.viewport.left == 0


async def test_compared_runs_have_headings() -> None:
    """What ran, and how long it took."""
    app = Lanes(looked_at(Watched("fetch-blocking"), Watched("fetch-threads")))
    async with app.run_test(size=(100, 12)) as pilot:
        lines = await app.frame(pilot)
    headings = [line for line in lines if "fetch, " in line]
    assert [line.split(":")[0].strip() for line in headings] == ["fetch, blocking", "fetch, threads"]
    assert all(line.endswith(" ms") for line in headings)


async def test_runs_of_the_same_mode_are_numbered() -> None:
    """With the numbers of the panels."""
    app = Lanes(looked_at(Watched("fetch-threads"), Watched("fetch-threads")))
    async with app.run_test(size=(100, 30)) as pilot:
        lines = await app.frame(pilot)
    headings = [line for line in lines if "fetch, threads" in line]
    assert ["(2)" in line for line in headings] == [False, True]


async def test_frozen_picture_is_updated_by_late_reports() -> None:
    """Reports about the time before are drawn as if they had been known at once."""
    before: Sequence[Event] = (
        LaneStarted(0, 0, 1, 1, "main", "subject"),
        RunStarted(0, 1, 1),
        LaneStarted(0, 1, 1, 2, "worker", "subject"),
        TaskSubmitted(0, 0, "task"),
        TaskStarted(0, 0, 1, 2),
        Spans(1, 0, (Span(900 * NS_PER_MS, State.IO, call="recvfrom"),), Present(State.IO, "recvfrom")),
        ObserverTick(1000 * NS_PER_MS, 1, 0, 0),
    )
    after: Sequence[Event] = (
        Spans(1, 900 * NS_PER_MS, (Span(150 * NS_PER_MS, State.RUNNING),), Present(State.RUNNING)),
        ObserverTick(1100 * NS_PER_MS, 2, 0, 0),
    )
    run = Told(timeline(*before))
    view = View([run])
    app = Lanes(view)
    async with app.run_test(size=(100, 3)) as pilot:
        view.toggle_freeze()
        assert "io recvfrom" in (await app.frame(pilot))[2]
        run.timeline.extend(after)
        lines = await app.frame(pilot)
    afresh = Lanes(view)
    async with afresh.run_test(size=(100, 3)) as pilot:
        assert await afresh.frame(pilot) == lines
    assert "running" in lines[2] and lines[2].endswith(" 10 %  90 %")


async def test_zoomed_view_equals_a_fresh_one() -> None:
    """Nothing is left of the picture before."""
    view = looked_at(Watched("primes-threads"))
    app = Lanes(view, ascii_only=False)
    async with app.run_test(size=(100, 20)) as pilot:
        await app.frame(pilot)
        for move in (3, -1, 2, -4):
            view.zoom(move)
            lines = await app.frame(pilot)
            app.lanes._reset()
            assert await app.frame(pilot) == lines


async def test_theme_changes_the_colours_at_once() -> None:
    """The cells stay the same."""
    app = Lanes(looked_at(Watched("primes-threads")), ascii_only=False)
    async with app.run_test(size=(100, 20)) as pilot:
        before = await app.frame(pilot)
        styles = {segment.style for segment in app.lanes.render_line(5)}
        app.theme = "textual-light"
        await pilot.pause()
        assert await app.frame(pilot) == before
        assert not styles & {segment.style for segment in app.lanes.render_line(5)}


@pytest.mark.parametrize("size", [(20, 5), (40, 3), (1, 1), (300, 100)])
async def test_any_size(size: tuple[int, int]) -> None:
    """There is a picture, as wide as the terminal."""
    app = Lanes(looked_at(Watched("primes-threads")))
    async with app.run_test(size=size) as pilot:
        await app.frame(pilot)
        assert all(app.lanes.render_line(y).cell_length >= size[0] - 1 for y in range(size[1]))


async def test_lane_of_the_event_loop_is_pinned() -> None:
    """It can be selected while the others scroll below it."""
    app = Lanes(looked_at(Watched("fetch-threads")))
    async with app.run_test(size=(80, 4)) as pilot:
        lines = await app.frame(pilot)
        names = [row.lane.name for row in app.view.rows if row.lane is not None]
        assert len(names) > len(lines) and names[0] in lines[0] and names[1] in lines[1]
        app.view.move_selection(-1)
        lines = await app.frame(pilot)
        assert names[0] in lines[0] and names[-1] in lines[-1]
        assert screen_text(app)[0].startswith(lines[0])
        await pilot.click(LanesView, offset=(2, 0))
        assert app.view.is_selected(app.view.rows[0])
        await pilot.click(LanesView, offset=(2, 1))
        assert app.view.is_selected(app.view.rows[len(names) - 3])
        app.view.select_row(app.view.rows[1])
        lines = await app.frame(pilot)
        assert names[0] in lines[0] and names[1] in lines[1]


async def test_double_click_folds_a_group() -> None:
    """Another one unfolds it; a single click selects the heading."""
    observed = program(
        thread(0, 100),
        thread(1, 101),
        thread(2, 200, 200),
        process(100, "serve.py"),
        ObserverTick(10**9, 1, 0, 0),
    )
    app = Lanes(View([Told(observed, over=True)]))
    async with app.run_test(size=(80, 12)) as pilot:
        await app.frame(pilot)
        lines = await app.frame(pilot)
        assert lines[0].startswith(" - serve.py 100  2 threads")
        await pilot.click(LanesView, offset=(2, 0), times=2)
        folded = await app.frame(pilot)
        assert folded[0].startswith(">+ serve.py 100  2 threads") and app.opened == 0
        assert len([row for row in app.view.rows if row.lane is not None]) == 1
        await pilot.click(LanesView, offset=(2, 0), times=2)
        assert (await app.frame(pilot))[1:] == lines[1:]
