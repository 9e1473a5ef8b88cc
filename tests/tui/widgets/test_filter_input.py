import asyncio

from textual.events import Key
from textual.pilot import Pilot

from tests.tui.recorded import app, run
from threadviz.tui.app import ThreadvizApp
from threadviz.tui.screens.main import MainScreen
from threadviz.tui.view.viewport import Motion
from threadviz.tui.widgets.filter_input import FilterInput
from threadviz.tui.widgets.filter_status import FilterStatus

SIZE = (120, 40)


async def press_and_wait(pilot: Pilot[None], *keys: str) -> MainScreen:
    """Press keys, and wait until all is drawn."""
    shown = pilot.app
    assert isinstance(shown, ThreadvizApp)
    async with asyncio.timeout(20):
        await pilot.press(*keys)
        while not shown.main.complete:
            shown.main.show_frame(0)
            await pilot.pause()
    await pilot.pause()
    return shown.main


def names(main: MainScreen) -> list[str]:
    """The lanes that are shown."""
    return [row.lane.name for row in main.view.rows if row.lane is not None]


async def test_filter_while_typing() -> None:
    """Each key filters; enter keeps the filter and hides the input."""
    async with app(run("exec-serve")).run_test(size=SIZE) as pilot:
        main = await press_and_wait(pilot, "slash", *"coun")
        assert main.view.row_cache.options.words == "coun"
        assert names(main) == ["count-0", "count-1", "count-2"]
        main = await press_and_wait(pilot, *"t-1", "enter")
        assert names(main) == ["count-1"] and not main.query_one(FilterInput).display
        line = main.query_one(FilterStatus)
        assert "1 lane of 6 with count-1" in line.render_line(0).text


async def test_escape_clears_the_filter() -> None:
    """In the input and afterwards; slash opens the input with the previous filter."""
    async with app(run("exec-serve")).run_test(size=SIZE) as pilot:
        before = names(await press_and_wait(pilot))
        main = await press_and_wait(pilot, "slash", *"nowhere", "escape")
        assert names(main) == before and not main.query_one(FilterInput).display
        main = await press_and_wait(pilot, "slash", *"count", "enter", "slash")
        assert main.query_one(FilterInput).value == "count"
        main = await press_and_wait(pilot, "enter", "escape")
        assert names(main) == before
        assert not main.query_one(FilterStatus).size.height


async def test_keys_typed_at_once_arrive_in_order() -> None:
    """Those after the slash, backspaces before letters, and keys after enter."""
    async with app(run("exec-serve")).run_test(size=SIZE) as pilot:
        main = await press_and_wait(pilot, "slash", *"w1", "enter")
        keys = ["slash", *["backspace"] * 4, *"count-1"]
        for key in [*keys, "enter", "d"]:
            pilot.app.post_message(Key(key, key if len(key) == 1 else None))
        async with asyncio.timeout(20):
            while main.view.row_cache.options.words != "count-1":
                main.show_frame(0)
                await pilot.pause()
        main = await press_and_wait(pilot)
        line = main.query_one(FilterInput)
        assert line.value == main.view.row_cache.options.words == "count-1" and not line.display


async def test_filter_can_contain_a_slash() -> None:
    """Slash opens the input, and is text in it."""
    async with app(run("exec-serve")).run_test(size=SIZE) as pilot:
        main = await press_and_wait(pilot, "slash", "slash", "t")
        assert main.query_one(FilterInput).value == "/t"


async def test_typed_keys_are_no_commands() -> None:
    """Space and q are text; up and down select lanes."""
    async with app(run("exec-serve")).run_test(size=SIZE) as pilot:
        main = await press_and_wait(pilot, "slash", "space", "q", "backspace", *"count", "down", "down")
        assert main.query_one(FilterInput).value == " count"
        assert main.view.playhead.motion is Motion.FOLLOWING
        assert main.view.selected_row is not None


async def test_sort_group_and_fold_by_key() -> None:
    """The status line shows the sort and the grouping."""
    async with app(run("exec-serve")).run_test(size=SIZE) as pilot:
        main = await press_and_wait(pilot, "g")
        assert all(row.head is None for row in main.view.rows)
        main = await press_and_wait(pilot, "g", "down", "z")
        head = main.view.rows[0].head
        assert head is not None and head.folded and main.view.is_selected(main.view.rows[0])
        main = await press_and_wait(pilot, "z", "escape", "v", "Z")
        assert "sorted by who waits most" in main.query_one(FilterStatus).render_line(0).text
        assert "idle lane" in main.query_one(FilterStatus).render_line(0).text
        main = await press_and_wait(pilot, "Z", "v", "v", "v")
        assert not main.query_one(FilterStatus).size.height


async def test_details_of_a_process() -> None:
    """The panel shows them while the heading of the process is selected."""
    async with app(run("exec-serve")).run_test(size=SIZE) as pilot:
        main = await press_and_wait(pilot, "down", "d")
        text = "\n".join(strip.text for strip in main._compositor.render_strips())
        (first, *_) = main.view.rows
        assert first.head is not None and first.head.key.pid is not None
        assert f"process {first.head.key.pid}" in text and "Its GIL was held for" in text
        assert f"of its {len(first.head.lanes)} lanes" in text
