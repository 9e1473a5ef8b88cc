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
from threadviz.tui.view import View
from threadviz.tui.widgets.code import CodePanel

SOURCES = Path(threadviz.__file__).parent


def of(workload: str, mode: str) -> Run:
    """A run of which no more than its header came."""
    timeline = Timeline()
    timeline.apply(msgspec.structs.replace(HEADER, workload=workload, mode=mode))
    return Run.of(timeline)


@pytest.mark.parametrize("mode", MODES)
async def test_the_lines_are_those_of_the_file(mode: str) -> None:
    """Every line of the mode's function is there as it stands in its file, under a word on what it does."""
    panel = CodePanel(View([of("fetch", mode)]))
    async with show_widget(panel, columns=130, rows=60):
        lines = visible_lines(panel)
    assert f"# {mode}: {MODES[mode].about}" in lines
    source = (SOURCES / "modes" / f"{mode}.py").read_text().splitlines()
    begin = next(number for number, line in enumerate(source) if line.startswith("async def"))
    assert f"# threadviz/modes/{mode}.py, line {begin + 1}" in lines
    first = lines.index(source[begin])
    assert lines[first : first + len(source) - begin] == source[begin:]


async def test_what_is_called_stands_below() -> None:
    """The workload's function, named and as it is in its file."""
    panel = CodePanel(View([of("primes", "threads")]))
    async with show_widget(panel, columns=130, rows=60):
        lines = visible_lines(panel)
    assert "# primes: each call is one of check()" in lines
    source = (SOURCES / "workloads" / "primes.py").read_text()
    definition = next(line for line in lines if line.startswith("def check("))
    assert definition in source.splitlines()


async def test_long_lines_are_folded_at_80_columns() -> None:
    """Nothing is cut off."""
    panel = CodePanel(View([run("fetch-blocking")]))
    async with show_widget(panel, rows=60):
        lines = visible_lines(panel)
    assert max(map(len, lines)) <= 80
    source = (SOURCES / "modes" / "blocking.py").read_text()
    assert joined([source[source.index("async def") :]]) in joined(lines)


async def test_modes_that_are_compared_stand_beside_each_other_where_there_is_room() -> None:
    """Else below each other."""
    view = View([run("fetch-blocking"), run("fetch-threads")])
    for columns, beside in ((200, True), (80, False)):
        panel = CodePanel(view)
        async with show_widget(panel, columns=columns, rows=60):
            lines = visible_lines(panel)
        assert any("# blocking:" in line and "# threads:" in line for line in lines) is beside


async def test_what_threadviz_does_not_know_has_a_sentence() -> None:
    """A recording may be of anything."""
    panel = CodePanel(View([of("[b]queue\x07", "gevent")]))
    async with show_widget(panel, columns=120):
        lines = visible_lines(panel)
    assert lines[0] == "The mode gevent is none of threadviz's own: its code is not known here."
    assert r"The workload [b]queue\x07 is none of threadviz's own: its code is not known here." in lines


async def test_without_a_run_it_says_so() -> None:
    """In a sentence."""
    panel = CodePanel(View())
    async with show_widget(panel):
        assert visible_lines(panel)[0] == "Nothing runs yet, and so there is no code to show."
