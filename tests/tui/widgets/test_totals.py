import pytest

from tests.tui.recorded import run
from tests.tui.widgets.widget_app import freeze_at, joined, redraw, show_widget, visible_lines
from threadviz.presentation.summary import totals_rows
from threadviz.tui.view import View
from threadviz.tui.widgets.totals import TotalsPanel


@pytest.mark.parametrize(("columns", "rows"), [(80, 2), (120, 2), (200, 1)])
async def test_all_figures_are_there_under_their_names(columns: int, rows: int) -> None:
    """Those of the report, whole at 80 columns, in one line where they fit into it."""
    one = run("fetch-threads")
    totals = TotalsPanel(View([one]))
    async with show_widget(totals, columns=columns):
        lines = visible_lines(totals)
    assert len(lines) == rows
    for row in totals_rows(one.timeline):
        assert f"{row.name} {row.figure}" in joined(lines)


async def test_the_figures_are_those_of_the_moment_that_is_shown() -> None:
    """A frozen picture has the figures of then."""
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


async def test_runs_that_are_compared_have_theirs_beside_each_other() -> None:
    """Total and longest block of each, under its label."""
    totals = TotalsPanel(View([run("fetch-blocking"), run("fetch-threads")]))
    async with show_widget(totals):
        first, second = (joined([line]) for line in visible_lines(totals))
    assert first == "total blocking 338 ms threads 176 ms"
    assert second.startswith("loop could not answer, longest blocking 338 ms threads ")


async def test_without_a_run_there_are_no_figures() -> None:
    """Nothing is made up."""
    totals = TotalsPanel(View())
    async with show_widget(totals):
        assert visible_lines(totals) == ["", ""]
