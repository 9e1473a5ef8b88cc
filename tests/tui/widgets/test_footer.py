import pytest
from textual.pilot import Pilot

from tests.tui.recorded import app, run
from threadviz.tui.commands import COMMANDS
from threadviz.tui.widgets.footer import RunFooter


async def footer_text(pilot: Pilot[None]) -> str:
    """Return the text of the footer after its layout."""
    for _ in range(3):
        await pilot.pause()
    foot = pilot.app.screen.query_one(RunFooter)
    strips = pilot.app.screen._compositor.render_strips()
    return strips[foot.region.y].text


@pytest.mark.parametrize("width", [*range(60, 100, 7), 120, 200])
async def test_only_whole_keys_are_shown(width: int) -> None:
    """At any width, beginning with the first commands."""
    whole = {command.footer for command in COMMANDS.values() if command.footer}
    async with app(run("fetch-threads")).run_test(size=(width, 30)) as pilot:
        line = await footer_text(pilot)
        said = [word for word in line.split() if word[:1].isupper() and len(word) > 1]
        assert said and set(said) <= whole
        assert said[0] == "Freeze"


async def test_more_room_shows_more_keys() -> None:
    """Also after the terminal is resized."""
    async with app(run("fetch-threads")).run_test(size=(60, 30)) as pilot:
        few = await footer_text(pilot)
        await pilot.resize_terminal(160, 30)
        many = await footer_text(pilot)
        await pilot.resize_terminal(60, 30)
        assert len(few.split()) < len(many.split())
        assert await footer_text(pilot) == few


async def test_commands_without_meaning_are_left_out() -> None:
    """A program has no other modes, and a workload has no output."""
    async with app(run("exec-serve")).run_test(size=(220, 30)) as pilot:
        line = await footer_text(pilot)
        assert "Compare" not in line and "Code" not in line and "Output" not in line
    async with app(run("fetch-threads")).run_test(size=(220, 30)) as pilot:
        line = await footer_text(pilot)
        assert "Compare" in line and "Code" in line and "Output" not in line
