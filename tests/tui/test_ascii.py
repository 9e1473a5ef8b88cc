import asyncio

import pytest
from textual.pilot import Pilot

from tests.tui import recorded
from tests.tui.screens.asking import shown
from threadviz.tui.app import ThreadvizApp
from threadviz.tui.runs import Session
from threadviz.tui.widgets.lanes import LanesView


def plain_app() -> ThreadvizApp:
    """A plain app that has an earlier run to go back to."""
    session = Session()
    for name in ("fetch-threads", "primes-threads"):
        session.add([recorded.run(name)])
    return ThreadvizApp(session, plain=True, clock=lambda: 0)


async def look(pilot: Pilot[None], *keys: str) -> str:
    """Press some keys, wait for what comes of them, and see that there is nothing but ASCII then."""
    await pilot.press(*keys)
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()
    text = shown(pilot.app.screen)
    assert {char for char in text if not char.isascii()} == set()
    return text


@pytest.mark.parametrize(
    ("key", "title", "pages"),
    [("question_mark", "Help", 4), ("n", "What to run", 0), ("b", "Earlier runs", 0)],
)
async def test_dialogs(key: str, title: str, pages: int) -> None:
    """Each dialog, from its first page to its last."""
    app = plain_app()
    async with app.run_test(size=(80, 24)) as pilot:
        assert title in await look(pilot, key)
        for _ in range(pages):
            await look(pilot, "pagedown")
        for _ in range(3):
            await look(pilot, "tab", "down")


@pytest.mark.parametrize("size", [(80, 24), (80, 12), (200, 50)])
async def test_main_screen(size: tuple[int, int]) -> None:
    """Each panel, scrolled so far that its scroll bar ends within a character."""
    app = plain_app()
    async with app.run_test(size=size) as pilot:
        await look(pilot, "b", "down", "enter")
        for panel in ("i", "t", "d", "c", "escape"):
            await look(pilot, panel)
            app.main.scroll_panel(1)
            await look(pilot, "left")
        app.main.query_one(LanesView).scroll_relative(y=1, animate=False)
        await look(pilot)


async def test_palette() -> None:
    """The search for commands, that for themes, and what is shown where none is found."""
    app = plain_app()
    async with app.run_test(size=(80, 24)) as pilot:
        assert "Search for commands" in await look(pilot, "ctrl+p")
        await look(pilot, "pagedown")
        assert "Theme" in await look(pilot, *"theme")
        assert "Search for themes" in await look(pilot, "enter")
        await look(pilot, "pagedown")


async def test_toast() -> None:
    """What is told in passing, in its frame, whatever it is about."""
    app = plain_app()
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        app.notify("Saved /tmp/é.svg", title="…", markup=False)
        async with asyncio.timeout(20):
            while "Saved /tmp/?.svg" not in await look(pilot):
                pass
