"""Pictures of the app without a terminal: of the same runs the same bytes, on any machine."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from threadviz.tui.app import ThreadvizApp
from threadviz.tui.commands import Panel
from threadviz.tui.runs import Run, Sitting


@dataclass(frozen=True, slots=True)
class View:
    """What is to be seen: `size` in columns and lines, `panels` beside the lanes, None for what opens by itself.

    `at` is the moment that is shown as the present, in ns since the run's begin; None for the end.
    """

    size: tuple[int, int]
    theme: str
    panels: Sequence[Panel] | None = None
    at: int | None = None
    plain: bool = False


async def shot(runs: Sequence[Run], view: View) -> str:
    """Return what the app shows of these runs, as SVG."""
    with _all_colours():
        return await _drawn(runs, view)


@contextmanager
def _all_colours() -> Iterator[None]:
    """Whatever the terminal that this is made in could do, which is what Textual goes by."""
    before = dict(os.environ)
    os.environ.update(COLORTERM="truecolor", TERM="xterm-256color")
    os.environ.pop("NO_COLOR", None)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


async def _drawn(runs: Sequence[Run], view: View) -> str:
    sitting = Sitting()
    sitting.add(runs)
    app = ThreadvizApp(sitting, plain=view.plain, clock=lambda: 0)
    app.theme = view.theme
    async with app.run_test(size=view.size) as pilot:
        await pilot.pause()
        if view.at is not None:
            app.main.scene.freeze_at(view.at)
        if view.panels is not None:
            app.main.open_only(view.panels)
        before, drawn = "", " "
        while drawn != before or not app.main.complete:  # what takes long to work out comes in several frames
            app.main.show_frame(0)
            await pilot.pause()
            before, drawn = drawn, app.export_screenshot()
        return drawn
