import asyncio

import pytest
from textual.pilot import Pilot

from tests.tui.recorded import app, run
from threadviz.tui.app import ThreadvizApp
from threadviz.tui.screens.main import MainScreen
from threadviz.tui.widgets.gil_lanes import GilLanes
from threadviz.tui.widgets.lanes import LanesView

SIZE = (140, 40)


async def settled(pilot: Pilot[None]) -> tuple[MainScreen, GilLanes]:
    """The main screen, and its ribbon, when all of them is there."""
    shown = pilot.app
    assert isinstance(shown, ThreadvizApp)
    main = shown.main
    async with asyncio.timeout(20):
        await pilot.pause()
        while not main.complete:
            main.show_frame(0)
            await pilot.pause()
    return main, main.query_one(GilLanes)


def text(line: GilLanes) -> str:
    """What stands on it."""
    return line.render_line(0).text


async def test_it_says_for_how_much_the_gil_was_held_and_by_whom() -> None:
    """Its signs stand beside the lanes that they are of."""
    async with app(run("exec-serve"), plain=True).run_test(size=SIZE) as pilot:
        main, line = await settled(pilot)
        (shown,) = main.view.gil_rows.shown
        held = shown.gil_timeline.shares(0, main.view.length).held_share
        assert held is not None
        assert text(line).startswith(f" GIL {100 * held:.0f} %")
        assert "hand-offs" in text(line)
        lanes = main.query_one(LanesView)
        beside = {lanes.render_line(y).text[1] for y in range(lanes.size.height)} - {" "}
        columns = lanes.columns
        on_it = {*text(line)[columns.left : columns.right]} - {" ", "?"}
        assert on_it and on_it <= beside


async def test_at_the_cursor_it_tells_the_holder_and_since_when() -> None:
    """Key by key, and where the mouse is."""
    async with app(run("exec-serve")).run_test(size=SIZE) as pilot:
        main, line = await settled(pilot)
        (shown,) = main.view.gil_rows.shown
        await pilot.press("home", *["shift+right"] * 2)
        cursor = main.view.cursor
        assert cursor is not None
        held = shown.gil_timeline.at(main.view.origin(shown.run) + cursor)
        assert held is not None
        words = text(line)[: main.query_one(LanesView).columns.left]
        names = {lane.number: lane.name for lane in shown.run.timeline.lanes}
        assert names.get(held.holder, "free" if held.holder == -1 else "not seen") in words
        await pilot.hover(GilLanes, (main.query_one(LanesView).columns.left + 30, 0))
        assert main.view.cursor not in (None, cursor)


async def test_it_can_be_put_away() -> None:
    """With the marks beside the lanes, and comes back."""
    async with app(run("exec-serve")).run_test(size=SIZE) as pilot:
        _, line = await settled(pilot)
        before = pilot.app.export_screenshot()
        await pilot.press("G")
        await pilot.pause()
        assert line.size.height == 0
        await pilot.press("G")
        await pilot.pause()
        assert line.size.height == 1
        await settled(pilot)
        assert pilot.app.export_screenshot() == before


@pytest.mark.parametrize("name", ["fetch-threads", "primes-processes"])
async def test_a_recording_that_tells_nothing_of_a_gil_has_no_ribbon(name: str) -> None:
    """The lanes begin where they did."""
    async with app(run(name)).run_test(size=SIZE) as pilot:
        main, line = await settled(pilot)
        assert line.size.height == 0
        assert main.query_one(LanesView).columns.mark == 0
