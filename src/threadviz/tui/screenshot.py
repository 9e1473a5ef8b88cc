"""Pictures of the app without a terminal: of the same runs the same bytes, on any machine."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from threadviz.tui.app import ThreadvizApp
from threadviz.tui.commands import Panel
from threadviz.tui.runs import Run, Session


@dataclass(frozen=True, slots=True)
class ShotOptions:
    """What is to be seen: `size` in columns and lines, `panels` beside the lanes, None for what opens by itself.

    `at` is the moment that is shown as the present, in ns since the run's begin; None for the end.
    """

    size: tuple[int, int]
    theme: str
    panels: Sequence[Panel] | None = None
    at: int | None = None
    plain: bool = False


async def shot(runs: Sequence[Run], options: ShotOptions) -> str:
    """Return what the app shows of these runs, as SVG."""
    with _all_colours():
        return await _drawn(runs, options)


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


async def _drawn(runs: Sequence[Run], options: ShotOptions) -> str:
    session = Session()
    session.add(runs)
    app = ThreadvizApp(session, plain=options.plain, clock=lambda: 0)
    app.theme = options.theme
    async with app.run_test(size=options.size) as pilot:
        await pilot.pause()
        if options.at is not None:
            app.main.view.freeze_at(options.at)
        if options.panels is not None:
            app.main.open_only(options.panels)
        before, drawn = "", " "
        while drawn != before or not app.main.complete:  # what takes long to work out comes in several frames
            app.main.show_frame(0)
            await pilot.pause()
            before, drawn = drawn, app.export_screenshot()
        return drawn
