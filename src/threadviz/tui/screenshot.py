"""Screenshots of the app without a terminal: the same runs give the same bytes, on any machine."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from threadviz.tui.app import ThreadvizApp
from threadviz.tui.commands import Panel
from threadviz.tui.runs import Run, Session


@dataclass(frozen=True, slots=True)
class ShotOptions:
    """Options of a screenshot: `size` in columns and lines; `panels` to open, None for those that open by default.

    `at` is the moment that is shown, in ns since the start of the run; None for the end.
    """

    size: tuple[int, int]
    theme: str
    panels: Sequence[Panel] | None = None
    at: int | None = None
    ascii_only: bool = False


async def shot(runs: Sequence[Run], options: ShotOptions) -> str:
    """Return a picture of the app with these runs, as SVG."""
    session = Session()
    session.add(runs)
    with _truecolor_terminal():
        app = ThreadvizApp(session, ascii_only=options.ascii_only, clock=lambda: 0)
        app.theme = options.theme
        async with app.run_test(size=options.size) as pilot:
            await pilot.pause()
            if options.at is not None:
                app.main.view.freeze_at(options.at)
            if options.panels is not None:
                app.main.panels.open_only(options.panels)
            before, picture = "", " "
            while picture != before or not app.main.complete:
                app.main.show_frame(0)
                await pilot.pause()
                before, picture = picture, app.export_screenshot()
            return picture


@contextmanager
def _truecolor_terminal() -> Iterator[None]:
    """Set the environment variables from which Textual infers what the terminal can do."""
    before = dict(os.environ)
    os.environ.update(COLORTERM="truecolor", TERM="xterm-256color")
    os.environ.pop("NO_COLOR", None)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
