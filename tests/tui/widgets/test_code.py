from pathlib import Path

import msgspec
import pytest

import threadviz
from tests.protocol.header import HEADER
from tests.tui.recorded import run
from tests.tui.widgets.widget_app import joined, show_widget, visible_lines
from threadviz.modes import MODES
from threadviz.timeline import Timeline
from threadviz.tui.runs import Run
from threadviz.tui.view.view import View
from threadviz.tui.widgets.code import CodePanel

SOURCES = Path(threadviz.__file__).parent


def run_of(workload: str, mode: str) -> Run:
    """Return a run from which only the header was received."""
    timeline = Timeline()
    timeline.apply(msgspec.structs.replace(HEADER, workload=workload, mode=mode))
    return Run.of(timeline)


@pytest.mark.parametrize("mode", MODES)
async def test_source_of_each_mode_is_shown(mode: str) -> None:
    """Every line is shown as it stands in its file, below a line about the mode."""
    panel = CodePanel(View([run_of("fetch", mode)]))
    async with show_widget(panel, columns=130, rows=60):
        lines = visible_lines(panel)
    assert f"# {mode}: {MODES[mode].about}" in lines
    source = (SOURCES / "modes" / f"{mode}.py").read_text().splitlines()
    begin = next(number for number, line in enumerate(source) if line.startswith("async def"))
    assert f"# threadviz/modes/{mode}.py, line {begin + 1}" in lines
    first = lines.index(source[begin])
    assert lines[first : first + len(source) - begin] == source[begin:]


async def test_source_of_the_workload_is_shown_below() -> None:
    """The function is named, and shown as it stands in its file."""
    panel = CodePanel(View([run_of("primes", "threads")]))
    async with show_widget(panel, columns=130, rows=60):
        lines = visible_lines(panel)
    assert "# primes: each call is one of check()" in lines
    source = (SOURCES / "workloads" / "primes.py").read_text()
    definition = next(line for line in lines if line.startswith("def check("))
    assert definition in source.splitlines()


async def test_long_lines_are_folded() -> None:
    """Nothing is cut off."""
    panel = CodePanel(View([run("fetch-blocking")]))
    async with show_widget(panel, rows=60):
        lines = visible_lines(panel)
    assert max(map(len, lines)) <= 80
    source = (SOURCES / "modes" / "blocking.py").read_text()
    assert joined([source[source.index("async def") :]]) in joined(lines)


async def test_compared_modes_are_side_by_side_if_there_is_room() -> None:
    """Otherwise they are one below the other."""
    view = View([run("fetch-blocking"), run("fetch-threads")])
    for columns, beside in ((200, True), (80, False)):
        panel = CodePanel(view)
        async with show_widget(panel, columns=columns, rows=60):
            lines = visible_lines(panel)
        assert any("# blocking:" in line and "# threads:" in line for line in lines) is beside


async def test_unknown_modes_and_workloads_are_named() -> None:
    """A recording may contain any."""
    panel = CodePanel(View([run_of("[b]queue\x07", "gevent")]))
    async with show_widget(panel, columns=120):
        lines = visible_lines(panel)
    assert lines[0] == "The mode gevent is none of threadviz's own: its code is not known here."
    assert r"The workload [b]queue\x07 is none of threadviz's own: its code is not known here." in lines


async def test_without_a_run() -> None:
    """A sentence says that there is nothing to show."""
    panel = CodePanel(View())
    async with show_widget(panel):
        assert visible_lines(panel)[0] == "Nothing runs yet, and so there is no code to show."
