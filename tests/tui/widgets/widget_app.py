"""An app with one widget, and the text that it shows."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widget import Widget

import threadviz.tui.widgets
from tests.tui.recorded import NS_PER_MS
from threadviz.tui.render.ascii import ASCII_CLASS
from threadviz.tui.render.styles import lane_variables
from threadviz.tui.view.view import View
from threadviz.tui.widgets.panel import TextPanel


class WidgetApp(App[None]):
    """Shows only `widget`."""

    CSS_PATH = Path(threadviz.tui.widgets.__file__).with_name("widgets.tcss")

    def __init__(self, widget: Widget, *, ascii_only: bool = False) -> None:
        super().__init__()
        self.set_class(ascii_only, ASCII_CLASS, update=False)
        self._widget = widget

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return lane_variables(self.current_theme)

    def compose(self) -> ComposeResult:
        yield self._widget


@asynccontextmanager
async def show_widget(
    widget: TextPanel, columns: int = 80, rows: int = 24, *, ascii_only: bool = False
) -> AsyncIterator[Pilot[None]]:
    """Show a widget that fills a terminal of this size, after its first frame."""
    async with WidgetApp(widget, ascii_only=ascii_only).run_test(size=(columns, rows)) as pilot:
        await redraw(widget, pilot)
        yield pilot


async def redraw(widget: TextPanel, pilot: Pilot[None]) -> list[str]:
    """Draw the view as it is now, and return the visible lines."""
    widget.refresh_view()
    await pilot.pause()
    return visible_lines(widget)


def visible_lines(widget: TextPanel) -> list[str]:
    """Return the visible lines, without trailing blanks."""
    return [widget.render_line(y).text.rstrip() for y in range(widget.scrollable_content_region.height)]


def joined(lines: list[str]) -> str:
    """Return the words of these lines with one blank between any two, however they are wrapped."""
    return " ".join(" ".join(lines).split())


def freeze_at(view: View, ms: int) -> View:
    """Freeze the playhead this many ms after the begin, and return the view."""
    view.replay()
    view.advance(ms * NS_PER_MS)
    view.toggle_freeze()
    return view
