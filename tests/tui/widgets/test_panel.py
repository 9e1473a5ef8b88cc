from collections.abc import Callable

import pytest

from tests.tui.recorded import run
from tests.tui.widgets.widget_app import freeze_at, redraw, show_widget, visible_lines
from threadviz.tui.view.view import View
from threadviz.tui.widgets.code import CodePanel
from threadviz.tui.widgets.comparison import ComparisonPanel
from threadviz.tui.widgets.details import DetailsPanel
from threadviz.tui.widgets.findings import FindingsPanel
from threadviz.tui.widgets.header import RunHeader
from threadviz.tui.widgets.panel import TextPanel
from threadviz.tui.widgets.tasks import TaskTable
from threadviz.tui.widgets.totals import TotalsPanel

PANELS: tuple[Callable[[View], TextPanel], ...] = (
    RunHeader,
    TotalsPanel,
    FindingsPanel,
    TaskTable,
    DetailsPanel,
    CodePanel,
    lambda view: ComparisonPanel(view, pending=lambda: ["next"], not_run=list),
)


def sample_views() -> list[View]:
    """Return views of no run, of runs at several stages, of the past and of several runs, each with a selected lane."""
    made = [
        View(),
        View([run("fetch-threads", until_ms=0)]),
        View([run("fetch-threads", until_ms=100)]),
        View([run("primes-threads")]),
        freeze_at(View([run("fetch-threads")]), 60),
        View([run("fetch-blocking"), run("fetch-threads"), run("primes-processes", until_ms=200)]),
    ]
    for view in made:
        view.move_selection(1)
    return made


@pytest.mark.parametrize("panel", PANELS)
@pytest.mark.parametrize("size", [(20, 5), (3, 2), (300, 60)])
async def test_any_size_and_view(panel: Callable[[View], TextPanel], size: tuple[int, int]) -> None:
    """Each line fills the width, and is ASCII if the app is."""
    for view in sample_views():
        widget = panel(view)
        async with show_widget(widget, *size, ascii_only=True):
            width = widget.scrollable_content_region.width
            for y in range(widget.scrollable_content_region.height):
                assert widget.render_line(y).cell_length == width
            assert all(line.isascii() for line in visible_lines(widget))


async def test_size_and_theme_are_followed_at_once() -> None:
    """Without a frame in between."""
    heading = RunHeader(View([run("fetch-threads")]))
    async with show_widget(heading, columns=200) as pilot:
        before = heading.render_line(0)
        await pilot.resize_terminal(80, 24)
        assert "437/600 Hz" in visible_lines(heading)[1]
        await pilot.resize_terminal(200, 24)
        pilot.app.theme = "textual-light"
        await redraw(heading, pilot)
        after = heading.render_line(0)
    assert after.text == before.text
    assert after != before


async def test_page_scrolls() -> None:
    """If there is more than fits."""
    findings = FindingsPanel(View([run("fetch-threads")]))
    async with show_widget(findings, rows=4) as pilot:
        first = visible_lines(findings)
        findings.scroll_page_down(animate=False)
        await pilot.pause()
        assert visible_lines(findings)[:4] != first
        findings.scroll_end(animate=False)
        await pilot.pause()
        assert "tasks failed" in visible_lines(findings)[-1]
