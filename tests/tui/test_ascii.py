import asyncio

import pytest
from textual.pilot import Pilot

from tests.tui import recorded
from tests.tui.screens.dialog_app import text_of
from threadviz.tui.app import ThreadvizApp
from threadviz.tui.runs import Session
from threadviz.tui.widgets.lanes import LanesView


def ascii_app() -> ThreadvizApp:
    """Return an app in ASCII that has an earlier run to go back to."""
    session = Session()
    for name in ("fetch-threads", "primes-threads"):
        session.add([recorded.run(name)])
    return ThreadvizApp(session, ascii_only=True, clock=lambda: 0)


async def press(pilot: Pilot[None], *keys: str) -> str:
    """Press some keys, wait for their effect, check that the screen is ASCII, and return its text."""
    await pilot.press(*keys)
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()
    text = text_of(pilot.app.screen)
    assert {char for char in text if not char.isascii()} == set()
    return text


@pytest.mark.parametrize(
    ("key", "title", "pages"),
    [("question_mark", "Help", 4), ("n", "What to run", 0), ("b", "Earlier runs", 0)],
)
async def test_dialogs(key: str, title: str, pages: int) -> None:
    """Each dialog, from the first page to the last."""
    app = ascii_app()
    async with app.run_test(size=(80, 24)) as pilot:
        assert title in await press(pilot, key)
        for _ in range(pages):
            await press(pilot, "pagedown")
        for _ in range(3):
            await press(pilot, "tab", "down")


@pytest.mark.parametrize("size", [(80, 24), (80, 12), (200, 50)])
async def test_main_screen(size: tuple[int, int]) -> None:
    """Each panel, scrolled so that its scroll bar ends within a character."""
    app = ascii_app()
    async with app.run_test(size=size) as pilot:
        await press(pilot, "b", "down", "enter")
        for panel in ("i", "t", "d", "c", "escape"):
            await press(pilot, panel)
            app.main.scroll_panel(1)
            await press(pilot, "left")
        app.main.query_one(LanesView).scroll_relative(y=1, animate=False)
        await press(pilot)


async def test_palette() -> None:
    """The search for commands, that for themes, and an empty result."""
    app = ascii_app()
    async with app.run_test(size=(80, 24)) as pilot:
        assert "Search for commands" in await press(pilot, "ctrl+p")
        await press(pilot, "pagedown")
        assert "Theme" in await press(pilot, *"theme")
        assert "Search for themes" in await press(pilot, "enter")
        await press(pilot, "pagedown")


async def test_toast() -> None:
    """A notification, in its frame, whatever its text."""
    app = ascii_app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        app.notify("Saved /tmp/é.svg", title="…", markup=False)
        async with asyncio.timeout(20):
            while "Saved /tmp/?.svg" not in await press(pilot):
                pass
