import re

import pytest

from tests.tui.recorded import NS_PER_MS
from tests.tui.view.observed_runs import Watched, looked_at
from tests.tui.widgets.widget_app import WidgetApp
from threadviz.tui.render.layout import Columns
from threadviz.tui.view.view import View
from threadviz.tui.widgets.axis import AxisLine


async def axis_text(view: View, width: int, *, ascii_only: bool = True) -> str:
    """Return the axis line above lanes that are `width` wide."""
    line = AxisLine(view)
    names = [row.lane.name for row in view.rows if row.lane is not None]
    view.viewport.resize(Columns.of(width - 1, names).cells)
    view.advance(0)
    async with WidgetApp(line, ascii_only=ascii_only).run_test(size=(width, 1)) as pilot:
        line.refresh_view()
        await pilot.pause()
        return line.render_line(0).text


async def test_ticks_are_at_their_times() -> None:
    """Each tick is in its cell, the last label has the unit, and the columns have headings."""
    view = looked_at(Watched("primes-threads"))
    text = await axis_text(view, 100)
    left = Columns.of(99, ["event loop"]).left
    assert text.split()[:2] == ["lane", "mostly"]
    for ms in (0, 100, 200, 500):
        assert text[left + view.viewport.cell(ms * NS_PER_MS) :].startswith(f"|{ms}")
    assert " ms" in text
    assert text.rstrip().endswith("run  wait")


async def test_axis_follows_pan_and_zoom() -> None:
    """The axis begins at the left edge of the viewport."""
    view = looked_at(Watched("primes-threads"))
    await axis_text(view, 80)
    view.viewport.zoom(3, 300 * NS_PER_MS)
    text = await axis_text(view, 80)
    assert "|0" not in text
    left = Columns.of(79, ["event loop"]).left
    assert text[left + view.viewport.cell(300 * NS_PER_MS) :].startswith("|300")


async def test_cursor_shows_its_time() -> None:
    """The time is right of the cursor's cell if there is room, else left."""
    view = looked_at(Watched("primes-threads"))
    left = Columns.of(79, ["event loop"]).left
    for ms in (100, 590):
        await axis_text(view, 80)
        view.set_cursor(ms * NS_PER_MS)
        text = await axis_text(view, 80)
        at = left + view.viewport.cell(view.cursor or 0)
        assert text[at] == "v"
        assert text[at:].startswith(f"v{ms} ms ") or text[:at].endswith(f" {ms} ms")
        assert f" at {ms} ms " in text


@pytest.mark.parametrize("width", [80, 100, 200])
async def test_ticks_beside_the_cursor_are_whole(width: int) -> None:
    """Each tick is shown with its whole label, or not at all."""
    view = looked_at(Watched("primes-threads"))
    whole = set((await axis_text(view, width)).split("lane")[1].split("run")[0].replace("|", " |").split())
    columns = Columns.of(width - 1, ["event loop"])
    dropped = 0
    for cell in range(0, view.viewport.cell(view.length), 5):
        view.set_cursor(view.viewport.time(cell))
        text = (await axis_text(view, width))[columns.left : columns.right]
        beside = re.sub(r"v[\d.]+ [mu]?s |[\d.]+ [mu]?s *v", " ", text)
        assert "v" not in beside
        assert set(beside.replace("|", " |").split()) <= whole
        dropped += len(beside.split()) < len(whole) - 2
        assert len(text) == columns.cells
    assert dropped


async def test_tick_without_room_for_its_label_is_shown() -> None:
    """At the right edge, where the label would be cut off."""
    view = looked_at(Watched("primes-threads"))
    await axis_text(view, 80)
    viewport = view.viewport
    viewport.fitted = False
    viewport.cell_ns = 102 * NS_PER_MS // (viewport.cells - 1)
    text = await axis_text(view, 80)
    columns = Columns.of(79, ["event loop"])
    at = columns.left + viewport.cell(100 * NS_PER_MS)
    assert text[at] == "|"
    assert not text[at + 1 : columns.right].strip()
    assert " ms" in text[:at]


async def test_axis_without_runs() -> None:
    """It shows a few seconds, and no heading for past states."""
    text = await axis_text(looked_at(), 80)
    assert text.split()[0] == "now"
    assert "|0" in text and "2.0 s" in text


async def test_axis_is_as_wide_as_the_lanes() -> None:
    """At any width it leaves room for their scroll bar."""
    for width in (2, 20, 80, 200):
        assert len(await axis_text(looked_at(Watched("fetch-threads")), width)) == width - 1


async def test_ascii_axis() -> None:
    """It is ASCII only if requested."""
    assert (await axis_text(looked_at(Watched("fetch-threads")), 80)).isascii()
    assert "▏0" in await axis_text(looked_at(Watched("fetch-threads")), 80, ascii_only=False)
