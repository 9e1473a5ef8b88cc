import asyncio

import pytest
from textual.pilot import Pilot

from tests.tui.recorded import app, run
from threadviz.tui.app import ThreadvizApp
from threadviz.tui.screens.main import MainScreen
from threadviz.tui.widgets.gil_lanes import GilLanes
from threadviz.tui.widgets.lanes import LanesView

SIZE = (140, 40)


async def wait_until_drawn(pilot: Pilot[None]) -> tuple[MainScreen, GilLanes]:
    """Return the main screen and its GIL timeline after all is drawn."""
    shown = pilot.app
    assert isinstance(shown, ThreadvizApp)
    main = shown.main
    async with asyncio.timeout(20):
        await pilot.pause()
        while not main.complete:
            main.show_frame(0)
            await pilot.pause()
    return main, main.query_one(GilLanes)


def first_line(line: GilLanes) -> str:
    """Return the text of the first line."""
    return line.render_line(0).text


async def test_held_share_and_holder_marks() -> None:
    """The marks of the holders also stand beside their lanes."""
    async with app(run("exec-serve"), ascii_only=True).run_test(size=SIZE) as pilot:
        main, line = await wait_until_drawn(pilot)
        (shown,) = main.view.gil_rows.shown
        held = shown.gil_timeline.shares(0, main.view.length).held_share
        assert held is not None
        assert first_line(line).startswith(f" GIL {100 * held:.0f} %")
        assert "hand-offs" in first_line(line)
        lanes = main.query_one(LanesView)
        beside = {lanes.render_line(y).text[1] for y in range(lanes.size.height)} - {" "}
        columns = lanes.columns
        on_it = {*first_line(line)[columns.left : columns.right]} - {" ", "?"}
        assert on_it and on_it <= beside


async def test_holder_at_the_cursor() -> None:
    """Whether a key or the mouse moved the cursor."""
    async with app(run("exec-serve")).run_test(size=SIZE) as pilot:
        main, line = await wait_until_drawn(pilot)
        (shown,) = main.view.gil_rows.shown
        await pilot.press("home", *["shift+right"] * 2)
        cursor = main.view.cursor
        assert cursor is not None
        held = shown.gil_timeline.at(main.view.origin(shown.run) + cursor)
        assert held is not None
        words = first_line(line)[: main.query_one(LanesView).columns.left]
        names = {lane.number: lane.name for lane in shown.run.timeline.lanes}
        assert names.get(held.holder, "free" if held.holder == -1 else "not seen") in words
        await pilot.hover(GilLanes, (main.query_one(LanesView).columns.left + 30, 0))
        assert main.view.cursor not in (None, cursor)


async def test_gil_lanes_can_be_hidden() -> None:
    """With the marks beside the lanes; shown again, the screen is as before."""
    async with app(run("exec-serve")).run_test(size=SIZE) as pilot:
        _, line = await wait_until_drawn(pilot)
        before = pilot.app.export_screenshot()
        await pilot.press("G")
        await pilot.pause()
        assert line.size.height == 0
        await pilot.press("G")
        await pilot.pause()
        assert line.size.height == 1
        await wait_until_drawn(pilot)
        assert pilot.app.export_screenshot() == before


@pytest.mark.parametrize("name", ["fetch-threads", "primes-processes"])
async def test_recording_without_gil_data(name: str) -> None:
    """There is no GIL timeline, and no column for marks."""
    async with app(run(name)).run_test(size=SIZE) as pilot:
        main, line = await wait_until_drawn(pilot)
        assert line.size.height == 0
        assert main.query_one(LanesView).columns.mark == 0
