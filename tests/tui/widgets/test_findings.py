import pytest

from tests.protocol.header import HEADER
from tests.tui.recorded import run
from tests.tui.widgets.widget_app import freeze_at, joined, redraw, show_widget, visible_lines
from threadviz.analysis import Sentiment, comparison, findings, sentiment_of
from threadviz.presentation.summary import totals_rows
from threadviz.protocol.events import Outcome, StreamClosed
from threadviz.timeline import Timeline
from threadviz.tui.runs import Run
from threadviz.tui.view.view import View
from threadviz.tui.widgets.findings import FindingsPanel


@pytest.mark.parametrize(("ascii_only", "marks"), [(False, "✓!•"), (True, "+!*")])
async def test_each_finding_has_a_mark(ascii_only: bool, marks: str) -> None:
    """Good, bad and neutral findings have different marks, and each its whole text."""
    one = run("fetch-threads")
    panel = FindingsPanel(View([one]))
    async with show_widget(panel, rows=60, ascii_only=ascii_only):
        lines = visible_lines(panel)
    found = findings(one.timeline)
    news = [sentiment_of(finding) for finding in found]
    assert len(set(news)) > 1
    assert [line[1] for line in lines if line[1:2].strip()] == [
        marks[list(Sentiment).index(each)] for each in news
    ]
    for finding in found:
        assert f"{finding.id.replace('_', ' ')}: {finding.text}" in joined(lines)
    assert not ascii_only or all(line.isascii() for line in lines)


async def test_figures_until_a_run_is_over() -> None:
    """Each with what it means, and when the findings follow."""
    one = run("fetch-threads", until_ms=100)
    panel = FindingsPanel(View([one]))
    async with show_widget(panel, columns=120, rows=40):
        lines = visible_lines(panel)
    for row in totals_rows(one.timeline):
        assert f"{row.name} {row.figure} {row.about}".strip() in joined(lines)
    assert joined(lines).endswith("The findings follow when the run ends.")


async def test_observer_figures_are_only_for_the_present() -> None:
    """In the past of a run that goes on, they are not known."""
    view = View([run("fetch-threads", until_ms=100)])
    panel = FindingsPanel(view)
    async with show_widget(panel, columns=120, rows=40) as pilot:
        assert "missed" in joined(visible_lines(panel))
        freeze_at(view, 50)
        text = joined(await redraw(panel, pilot))
        assert "cores used" in text and "missed" not in text


async def test_past_has_figures_instead_of_findings() -> None:
    """Even if the run is over."""
    one = run("fetch-threads")
    view = freeze_at(View([one]), 100)
    panel = FindingsPanel(view)
    async with show_widget(panel, columns=120, rows=40) as pilot:
        assert "total 100 ms the workload, begin to end" in joined(visible_lines(panel))
        view.follow()
        assert findings(one.timeline)[0].text in joined(await redraw(panel, pilot))


async def test_findings_of_compared_runs() -> None:
    """Those of each run below its name, then those of the comparison."""
    runs = [run("fetch-blocking"), run("fetch-threads")]
    panel = FindingsPanel(View(runs))
    async with show_widget(panel, columns=200, rows=80):
        lines = visible_lines(panel)
    assert "fetch, blocking: 4 tasks" in lines
    assert "fetch, threads: 4 tasks, 4 workers" in lines
    beside = comparison({each.timeline.header.mode: each.timeline for each in runs})["threads"]
    assert beside
    assert joined(lines).endswith(beside[-1].text)


async def test_without_a_run() -> None:
    """A sentence says that there is nothing to show."""
    panel = FindingsPanel(View())
    async with show_widget(panel):
        assert visible_lines(panel)[0] == "Nothing was seen yet of a run."


async def test_traceback_of_code_that_did_not_start() -> None:
    """Safe to print, below the finding that says why."""
    refused = Timeline()
    closed = StreamClosed(0, Outcome.BROKEN, "importing 'x' failed", traceback="Traceback [b]\n  File\x1b")
    refused.extend([HEADER, closed])
    panel = FindingsPanel(View([Run.of(refused)]))
    async with show_widget(panel, columns=120) as pilot:
        lines = [line for line in await redraw(panel, pilot) if line]
    assert "importing 'x' failed" in lines[0]
    assert lines[-2:] == ["Traceback [b]", r"  File\x1b"]
