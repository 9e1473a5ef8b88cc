import pytest
from rich.cells import cell_len

from tests.tui.view.observed_runs import Watched, looked_at
from tests.tui.widgets.widget_app import WidgetApp
from threadviz.presentation.cells import ExtraMark, Mark
from threadviz.presentation.styles import STATE_STYLES
from threadviz.protocol.events import State
from threadviz.tui.view.view import View
from threadviz.tui.widgets.legend import Legend


async def legend_lines(view: View, width: int, *, ascii_only: bool) -> list[str]:
    """Return the lines of the legend."""
    widget = Legend(view)
    async with WidgetApp(widget, ascii_only=ascii_only).run_test(size=(width, 10)) as pilot:
        widget.refresh_view()
        await pilot.pause()
        return [widget.render_line(y).text for y in range(widget.size.height)]


@pytest.mark.parametrize("ascii_only", [False, True])
async def test_every_mark_is_explained(ascii_only: bool) -> None:
    """By glyph and word, and the time of a cell."""
    text = "  ".join(await legend_lines(looked_at(Watched()), 200, ascii_only=ascii_only)) + "  "
    marks: list[Mark] = [mark for mark in STATE_STYLES if mark is not ExtraMark.AWAY]
    for mark in marks:
        glyph = STATE_STYLES[mark].ascii if ascii_only else STATE_STYLES[mark].glyph
        show_widget = "blank" if ascii_only and glyph == " " else glyph
        assert f"{show_widget} {mark}  " in text
    assert text.isascii() == ascii_only
    assert "1 cell = 3.5 ms" in text
    assert ("take turns" if ascii_only else "▄ height: running share") in text


@pytest.mark.parametrize(("width", "lines"), [(80, 2), (120, 2), (200, 1)])
@pytest.mark.parametrize("ascii_only", [False, True])
async def test_legend_takes_one_or_two_lines(width: int, lines: int, ascii_only: bool) -> None:
    """No entry is split or cut off."""
    found = await legend_lines(looked_at(Watched()), width, ascii_only=ascii_only)
    assert len(found) == lines
    assert all(cell_len(line.rstrip()) <= width - 2 for line in found)


async def test_states_that_the_probe_cannot_tell_are_left_out() -> None:
    """They do not appear in the lanes."""
    watched = Watched()
    header = watched.timeline.header
    reported = set(header.probe.tells)
    text = " ".join(await legend_lines(looked_at(watched), 200, ascii_only=False))
    for state in State:
        assert (f" {state}" in text) == (state in reported or state in {State.IDLE, State.UNKNOWN})


async def test_layout_changes_only_with_the_number_of_lines() -> None:
    """Not with the time of a cell."""
    view = looked_at(Watched())
    widget = Legend(view)
    async with WidgetApp(widget, ascii_only=True).run_test(size=(200, 10)) as pilot:
        widget.refresh_view()
        await pilot.pause()
        assert "1 cell = 3.5 ms" in widget.render_line(0).text
        view.viewport.zoom(1, 0)
        widget.refresh_view()
        assert widget._repaint_required and not widget._layout_required
        await pilot.pause()
        assert "1 cell = 1.8 ms" in widget.render_line(0).text
        view.show_runs(())
        widget.refresh_view()
        await pilot.pause()
        assert widget.size.height == 1
        await pilot.resize_terminal(30, 20)
        await pilot.pause()
        before = widget.size.height
        view.show_runs([Watched()])
        widget.refresh_view()
        assert widget._layout_required
        await pilot.pause()
        assert widget.size.height > before


async def test_legend_follows_the_zoom() -> None:
    """The time of a cell changes."""
    view = looked_at(Watched())
    before = await legend_lines(view, 200, ascii_only=True)
    view.viewport.zoom(2, 0)
    after = await legend_lines(view, 200, ascii_only=True)
    assert before != after
    assert "1 cell = 882 us" in after[0]
