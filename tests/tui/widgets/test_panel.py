from collections.abc import Callable

import pytest

from tests.tui.recorded import run
from tests.tui.widgets.showing import drawn, frozen, shown, visible
from threadviz.tui.view import Scene
from threadviz.tui.widgets.code import Code
from threadviz.tui.widgets.comparison import Comparison
from threadviz.tui.widgets.details import Details
from threadviz.tui.widgets.findings import Findings
from threadviz.tui.widgets.header import Heading
from threadviz.tui.widgets.panel import Following
from threadviz.tui.widgets.tasks import Tasks
from threadviz.tui.widgets.totals import Totals

PANELS: tuple[Callable[[Scene, bool], Following], ...] = (
    lambda scene, plain: Heading(scene, plain=plain),
    lambda scene, plain: Totals(scene, plain=plain),
    lambda scene, plain: Findings(scene, plain=plain),
    lambda scene, plain: Tasks(scene, plain=plain),
    lambda scene, plain: Details(scene, plain=plain),
    lambda scene, plain: Code(scene, plain=plain),
    lambda scene, plain: Comparison(scene, pending=lambda: ["next"], not_run=list, plain=plain),
)


def scenes() -> list[Scene]:
    """Nothing, what has hardly begun, what goes on, what is over, the past, and several runs; with a lane picked."""
    made = [
        Scene(),
        Scene([run("fetch-threads", until_ms=0)]),
        Scene([run("fetch-threads", until_ms=100)]),
        Scene([run("primes-threads")]),
        frozen(Scene([run("fetch-threads")]), 60),
        Scene([run("fetch-blocking"), run("fetch-threads"), run("primes-processes", until_ms=200)]),
    ]
    for scene in made:
        scene.move_lane(1)
    return made


@pytest.mark.parametrize("panel", PANELS)
@pytest.mark.parametrize("size", [(20, 5), (3, 2), (300, 60)])
async def test_no_size_and_no_scene_is_too_much(
    panel: Callable[[Scene, bool], Following], size: tuple[int, int]
) -> None:
    """Each line fills the width, and what is plain is ASCII."""
    for scene in scenes():
        widget = panel(scene, True)
        async with shown(widget, *size):
            width = widget.scrollable_content_region.width
            for y in range(widget.scrollable_content_region.height):
                assert widget.render_line(y).cell_length == width
            assert all(line.isascii() for line in visible(widget))


async def test_another_size_and_another_theme_are_followed_at_once() -> None:
    """Without a frame in between."""
    heading = Heading(Scene([run("fetch-threads")]))
    async with shown(heading, columns=200) as pilot:
        before = heading.render_line(0)
        await pilot.resize_terminal(80, 24)
        assert "437/600 Hz" in visible(heading)[1]
        await pilot.resize_terminal(200, 24)
        pilot.app.theme = "textual-light"
        await drawn(heading, pilot)
        after = heading.render_line(0)
    assert after.text == before.text
    assert after != before


async def test_a_page_scrolls() -> None:
    """Where there is more than fits."""
    findings = Findings(Scene([run("fetch-threads")]))
    async with shown(findings, rows=4) as pilot:
        first = visible(findings)
        findings.scroll_page_down(animate=False)
        await pilot.pause()
        assert visible(findings)[:4] != first
        findings.scroll_end(animate=False)
        await pilot.pause()
        assert "tasks failed" in visible(findings)[-1]
