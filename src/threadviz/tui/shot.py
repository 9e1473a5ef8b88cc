"""Pictures of the app without a terminal: of the same runs the same bytes, on any machine."""

import os
from collections.abc import Sequence
from dataclasses import dataclass

from threadviz.tui.app import ThreadvizApp
from threadviz.tui.commands import Panel
from threadviz.tui.runs import Run, Sitting


@dataclass(frozen=True, slots=True)
class View:
    """What is to be seen: `size` in columns and lines, `panel` below the lanes, None for the one that opens by itself.

    `at` is the moment that is shown as the present, in ns since the run's begin; None for the end.
    """

    size: tuple[int, int]
    theme: str
    panel: Panel | None = None
    at: int | None = None
    plain: bool = False


async def shot(runs: Sequence[Run], view: View) -> str:
    """Return what the app shows of these runs, as SVG."""
    os.environ.update(COLORTERM="truecolor", TERM="xterm-256color")
    os.environ.pop("NO_COLOR", None)
    sitting = Sitting()
    sitting.add(runs)
    app = ThreadvizApp(sitting, plain=view.plain, clock=lambda: 0)
    app.theme = view.theme
    async with app.run_test(size=view.size) as pilot:
        await pilot.pause()
        if view.at is not None:
            app.main.scene.freeze_at(view.at)
        if view.panel is not None:
            app.main.open_panel(view.panel)
        before, drawn = "", " "
        while drawn != before:  # what takes long to work out comes in several frames
            app.main.show_frame(0)
            await pilot.pause()
            before, drawn = drawn, app.export_screenshot()
        return drawn
