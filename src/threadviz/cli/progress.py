"""The progress bar on stderr."""

import sys
from typing import TYPE_CHECKING, Self

from threadviz.findings.words import count
from threadviz.timeline import Timeline
from threadviz.vocabulary import Watches

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

REDRAW_NS = 250_000_000
"""How much of a run's time (ns) goes by between two drawings: drawing must not disturb what is measured."""


class ProgressBar:
    """A bar while it is entered, gone afterwards; none where stderr is no terminal that can show it."""

    def __init__(self) -> None:
        self._progress = _progress() if sys.stderr.isatty() else None
        self._task: TaskID | None = None
        self._drawn = 0

    def begin(self, title: str) -> None:
        """A run begins, to be called so."""
        if self._progress is not None:
            if self._task is not None:
                self._progress.remove_task(self._task)
            self._task = self._progress.add_task(title, total=None, elapsed="", done="")
            self._drawn = -REDRAW_NS
            self._progress.refresh()

    def show(self, timeline: Timeline) -> None:
        """The run has come so far; drawn a few times a second at most."""
        if self._progress is None or self._task is None or timeline.now < self._drawn + REDRAW_NS:
            return
        self._drawn = timeline.now
        total: int | None
        if timeline.header.watches is Watches.WORKLOAD:
            done, total = len(timeline.finished_tasks()), timeline.header.tasks
            words = f"{done} of {total} tasks"
        else:  # when that ends, nobody knows
            done, total, words = 0, None, count(sum(lane.end is None for lane in timeline.lanes), "lane")
        self._progress.update(
            self._task,
            completed=done,
            total=total,
            done=words,
            elapsed=f"{timeline.now / 1e9:.1f} s",
            refresh=True,
        )

    def __enter__(self) -> Self:
        if self._progress is not None:
            self._progress.start()
            # rich hides the cursor, and a command that is killed could not show it again.
            self._progress.console.show_cursor(True)
        return self

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()


def _progress() -> "Progress | None":
    """Return rich's, drawn when it is told to, by no thread of its own; None where there would be no sense in it."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn

    console = Console(stderr=True)
    if not console.is_interactive:
        return None
    texts = ("{task.description}", "{task.fields[done]}", "{task.fields[elapsed]}")
    title, done, elapsed = (TextColumn(text, markup=False) for text in texts)
    return Progress(
        *(title, BarColumn(), done, elapsed),
        console=console,
        auto_refresh=False,
        transient=True,
        redirect_stdout=False,
        redirect_stderr=False,
    )
