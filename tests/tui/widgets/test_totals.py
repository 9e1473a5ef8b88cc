import pytest

from tests.tui.recorded import run
from tests.tui.widgets.widget_app import freeze_at, joined, redraw, show_widget, visible_lines
from threadviz.presentation.summary import totals_rows
from threadviz.tui.view.view import View
from threadviz.tui.widgets.totals import TotalsPanel


@pytest.mark.parametrize(("columns", "rows"), [(80, 2), (120, 2), (200, 1)])
async def test_all_totals_are_named(columns: int, rows: int) -> None:
    """Those of the report, whole at 80 columns, in one line if they fit."""
    one = run("fetch-threads")
    totals = TotalsPanel(View([one]))
    async with show_widget(totals, columns=columns):
        lines = visible_lines(totals)
    assert len(lines) == rows
    for row in totals_rows(one.timeline):
        assert f"{row.name} {row.figure}" in joined(lines)


async def test_totals_as_of_the_playhead() -> None:
    """A frozen picture has the totals of then."""
    one = run("fetch-threads")
    view = freeze_at(View([one]), 100)
    totals = TotalsPanel(view)
    async with show_widget(totals) as pilot:
        then = joined(visible_lines(totals))
        assert "total 100 ms" in then
        for row in totals_rows(one.timeline, view.until(one)):
            assert f"{row.name} {row.figure}" in then
        view.follow()
        assert "total 176 ms" in joined(await redraw(totals, pilot))


async def test_totals_of_compared_runs() -> None:
    """Total and longest block of each, after its label."""
    totals = TotalsPanel(View([run("fetch-blocking"), run("fetch-threads")]))
    async with show_widget(totals):
        first, second = (joined([line]) for line in visible_lines(totals))
    assert first == "total blocking 338 ms threads 176 ms"
    assert second.startswith("loop frozen, longest blocking 338 ms threads ")


async def test_totals_without_a_run() -> None:
    """Nothing is made up."""
    totals = TotalsPanel(View())
    async with show_widget(totals):
        assert visible_lines(totals) == ["", ""]
