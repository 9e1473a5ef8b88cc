import asyncio

import pytest

from tests.tui.recorded import NS_PER_MS, run
from threadviz.tui.commands import Panel
from threadviz.tui.screenshot import ShotOptions, shot

SIZE = (100, 30)


def text_of(svg: str) -> str:
    """Return the text of a picture."""
    return svg.replace("&#160;", " ")


def test_it_is_the_same_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """To the byte, whatever the capabilities of the terminal."""
    view = ShotOptions(SIZE, "textual-dark")
    first = asyncio.run(shot([run("fetch-threads")], view))
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLORTERM", "")
    assert asyncio.run(shot([run("fetch-threads")], view)) == first
    assert "thread 1" in text_of(first)


async def test_it_shows_an_earlier_moment() -> None:
    """As the app does when it is frozen."""
    drawn = text_of(await shot([run("fetch-threads")], ShotOptions(SIZE, "textual-dark", at=100 * NS_PER_MS)))
    assert "FROZEN at 100 ms" in drawn


@pytest.mark.parametrize(
    ("panel", "word"),
    [
        (Panel.FINDINGS, "a little over the slowest task"),
        (Panel.TASKS, "HTTP 404 Not Found"),
        (Panel.DETAILS, "select"),
        (Panel.CODE, "run_in_executor"),
    ],
)
async def test_it_opens_the_given_panel(panel: Panel, word: str) -> None:
    """Even if there is no room for one that opens by default."""
    assert word in text_of(await shot([run("fetch-threads")], ShotOptions(SIZE, "textual-dark", [panel])))
