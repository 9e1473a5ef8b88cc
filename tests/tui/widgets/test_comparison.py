from collections.abc import Sequence

import pytest

from tests.tui.recorded import run, timeline
from tests.tui.widgets.widget_app import freeze_at, joined, redraw, show_widget, visible_lines
from threadviz.analysis import answer, verdict
from threadviz.tui.runs import Run
from threadviz.tui.view.view import View
from threadviz.tui.widgets.comparison import ComparisonPanel


def comparison(view: View, pending: Sequence[str] = (), not_run: Sequence[str] = ()) -> ComparisonPanel:
    """The panel, with modes that are still to run, and with some that will not."""
    return ComparisonPanel(view, pending=lambda: pending, not_run=lambda: not_run)


def bar_lengths(lines: Sequence[str], ascii_only: bool = False) -> dict[str, int]:
    """Return the length of each run's bar in characters, by label."""
    glyphs = "#X" if ascii_only else "█▚▉▊▋▌▍▎▏"
    rows = (line.split() for line in lines)
    return {row[0]: len(row[1]) for row in rows if len(row) > 1 and set(row[1]) <= set(glyphs)}


@pytest.mark.parametrize("columns", [80, 120, 200])
@pytest.mark.parametrize("ascii_only", [False, True])
async def test_bars_figures_and_verdicts(columns: int, ascii_only: bool) -> None:
    """The bars share one scale, and the verdicts stand below the figures."""
    runs = [run("fetch-blocking"), run("fetch-threads")]
    panel = comparison(View(runs))
    async with show_widget(panel, columns=columns, ascii_only=ascii_only):
        lines = visible_lines(panel)
    lengths = bar_lengths(lines, ascii_only)
    totals = {each.timeline.header.mode: each.timeline.totals() for each in runs}
    share = totals["threads"].total_ns / totals["blocking"].total_ns
    assert lengths["threads"] == pytest.approx(lengths["blocking"] * share, abs=1)
    text = joined(lines)
    for words in (
        "338 ms",
        "176 ms",
        "1.00x",
        "1.92x",
        "337 ms",
        "372 ms",
        "0.02",
        "0.05",
        "30 ms",
        "frozen",
    ):
        assert words in text
    timelines = {one.timeline.header.mode: one.timeline for one in runs}
    for each in verdict(timelines):
        assert each.text in text
    assert answer(timelines, verdict(timelines)) == "Threads are faster: 1.9x."
    assert text.index("Threads are faster: 1.9x.") < text.index("blocking: 338 ms")
    assert not ascii_only or all(line.isascii() for line in lines)


@pytest.mark.parametrize(("ascii_only", "whole", "blocked"), [(False, "█", "▚"), (True, "#", "X")])
async def test_legend_is_right_below_the_bars(ascii_only: bool, whole: str, blocked: str) -> None:
    """Even if the panel is too low for all of its lines."""
    panel = comparison(View([run("fetch-blocking"), run("fetch-threads")]))
    async with show_widget(panel, columns=78, rows=6, ascii_only=ascii_only):
        lines = visible_lines(panel)
    said = f"{whole} total  {blocked} of it, the loop could not answer  2.00x: half as long as blocking"
    assert said in lines[:5]


async def test_running_and_pending_modes_are_named() -> None:
    """There is no verdict yet."""
    panel = comparison(
        View([run("fetch-blocking"), run("fetch-threads", until_ms=100)]), pending=["processes", "other"]
    )
    async with show_widget(panel):
        lines = visible_lines(panel)
    text = joined(lines)
    assert "processes comes next" in text
    assert "other comes then" in text
    assert text.endswith("threads at work; the verdict follows when all are over.")
    assert "(the baseline)" not in text


async def test_modes_that_did_not_run_are_named() -> None:
    """Both beside the runs and in the verdict."""
    panel = comparison(View([run("fetch-blocking")]), not_run=["threads"])
    async with show_widget(panel):
        text = joined(visible_lines(panel))
    assert "threads did not run" in text
    assert "threads: did not run" in text


async def test_past_is_shown_as_it_was() -> None:
    """In a replay the bars grow again, and the verdict follows at the end."""
    view = freeze_at(View([run("fetch-blocking"), run("fetch-threads")]), 100)
    panel = comparison(view)
    async with show_widget(panel) as pilot:
        lines = visible_lines(panel)
        assert bar_lengths(lines)["blocking"] == bar_lengths(lines)["threads"] > 0
        assert "100 ms" in joined(lines)
        assert "blocking, threads at work" in joined(lines)
        view.follow()
        assert "1.9x faster" in joined(await redraw(panel, pilot))


async def test_runs_of_different_work_are_not_compared() -> None:
    """There is no speedup between fetches and primes."""
    panel = comparison(View([run("fetch-blocking"), run("primes-threads")]))
    async with show_widget(panel):
        text = joined(visible_lines(panel))
    assert "did not do the same work" in text
    assert "x faster" not in text and "1.00x" not in text


async def test_runs_of_the_same_mode_have_unique_labels() -> None:
    """The second one is numbered."""
    panel = comparison(View([Run.of(timeline("fetch-threads")), Run.of(timeline("fetch-threads"))]))
    async with show_widget(panel, columns=120):
        text = joined(visible_lines(panel))
    assert "● threads: " in text and "● threads (2): " in text


async def test_without_runs() -> None:
    """A sentence says that there is nothing to compare."""
    panel = comparison(View())
    async with show_widget(panel):
        assert visible_lines(panel)[0] == "Nothing runs yet that could be compared."
