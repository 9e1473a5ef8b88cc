"""Reads recordings for the commands, and shows the progress if that takes a while."""

import sys
from collections.abc import Sequence
from pathlib import Path
from time import monotonic

from threadviz.cli.output import CommandError, complain, write_stderr
from threadviz.recordings.reader import Loaded, LoadError, load
from threadviz.text import printable

_QUICK_S = 0.3
"""Shorter loads show no progress (s)."""


def read(path: Path) -> Loaded:
    """Load a recording. Raises CommandError."""
    progress = _Progress(path)
    try:
        return load(path, progress.show)
    except LoadError as error:
        raise CommandError(str(error)) from error
    finally:
        progress.clear()


def what_was_dropped(path: Path, loaded: Loaded) -> str:
    """Return a sentence, without its full stop, on what could not be read of a recording; '' if all was."""
    return f"the recording {str(path)!r} is damaged: {loaded.dropped}" if loaded.dropped else ""


def complain_of_dropped(paths: Sequence[Path], loaded: Sequence[Loaded]) -> None:
    """Complain on stderr of what could not be read of these recordings."""
    for sentence in map(what_was_dropped, paths, loaded):
        if sentence:
            complain(sentence)


class _Progress:
    """A line on stderr, if that is a terminal."""

    def __init__(self, path: Path) -> None:
        self._what = f"reading {printable(path.name)[:40]}"
        self._from = monotonic() + _QUICK_S
        self._shown = ""

    def show(self, share: float) -> None:
        """Show which share (0 to 1) of the file was read."""
        words = f"{self._what}: {share:.0%}"
        if words != self._shown and monotonic() > self._from and sys.stderr.isatty():
            write_stderr(f"\r{words}")
            self._shown = words

    def clear(self) -> None:
        """Remove the line."""
        if self._shown:
            write_stderr(f"\r{' ' * len(self._shown)}\r")
