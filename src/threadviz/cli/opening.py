"""Opens the app: on a run that has begun already, on what somebody looks on at, or on recordings."""

import sys
from collections.abc import Sequence
from pathlib import Path

from threadviz.ask import Asked, requests
from threadviz.cli.exits import CommandError
from threadviz.request import AttachRequest, ExecRequest
from threadviz.tui.runs import Run, Sitting
from threadviz.tui.runs.output import Printed

FIRST = "threads"
"""The mode that a newcomer sees first."""


def open_app(plain: bool) -> int:
    """Have the app run until somebody leaves it, drawn in ASCII where `plain`, and return the exit status.

    Raises CommandError where there is no terminal for it. Whatever ends it, nothing of a run is left.
    """
    _check_terminal("see threadviz run --help")
    sitting = Sitting()
    try:
        sitting.start(*requests(Asked(), [FIRST]))
        # Only now, for it takes about as long to import Textual as the run's processes take to start.
        from threadviz.cli.showing import show

        return show(sitting, plain)
    finally:
        sitting.close()


def open_recordings(paths: Sequence[Path], plain: bool, loop: bool) -> int:
    """Have the app show recordings, and whatever is run from there; where `loop`, again and again.

    Raises CommandError where there is no terminal for it, or one of them can't be read.
    """
    from threadviz.cli.reading import read, what_was_dropped

    _check_terminal("see threadviz show --help")
    sitting = Sitting()
    try:
        loaded = {path: read(path) for path in paths}
        sitting.add([Run.of(loaded[path].timeline, what_was_dropped(path, loaded[path])) for path in paths])
        from threadviz.cli.showing import show

        return show(sitting, plain, loop)
    finally:
        sitting.close()


def look_on(
    request: ExecRequest | AttachRequest, record: Path | None, plain: bool, output: Printed | None = None
) -> tuple[int, Run]:
    """Have the app show a program or a process until somebody leaves it, recorded in the file `record`.

    `output` is where comes what the program prints. Returns the exit status of the app, and what was looked on at,
    which is over then: it is told to end where it goes on. Raises CommandError where there is no terminal for the app,
    or it can't be recorded.
    """
    from threadviz.cli.recording import open_recording

    _check_terminal("say --headless")
    run = Run.start(request, None if record is None else open_recording(record))
    run.output = output
    sitting = Sitting()
    try:
        sitting.follow(run)
        from threadviz.cli.showing import show

        status = show(sitting, plain)
        run.finish()
    finally:
        sitting.close()
    return status, run


def _check_terminal(instead: str) -> None:
    """Raise CommandError where there is none, and say what does without."""
    for name in ("stdin", "stdout", "stderr"):
        if not getattr(sys, name).isatty():
            raise CommandError(
                f"the app needs a terminal, and {name} is none: for a report without the app, {instead}"
            )
