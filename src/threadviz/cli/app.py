"""Opens the app: on a run that has begun already, on a watched program or process, or on recordings."""

import os
import signal
import sys
import termios
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from threadviz.cli.output import CommandError, ExitStatus
from threadviz.protocol.requests import AttachRequest, ExecRequest
from threadviz.run_options import RunOptions, requests
from threadviz.tui.runs import Run, Session
from threadviz.tui.runs.ansi import TerminalText

if TYPE_CHECKING:
    from threadviz.tui.app import ThreadvizApp

FIRST = "threads"
"""The mode that a newcomer sees first."""


def open_app(plain: bool) -> int:
    """Have the app run until somebody leaves it, drawn in ASCII where `plain`, and return the exit status.

    Raises CommandError where there is no terminal for it. Whatever ends it, nothing of a run is left.
    """
    _check_terminal("see threadviz run --help")
    session = Session()
    try:
        session.start(*requests(RunOptions(), [FIRST]))
        return show_runs(session, plain)
    finally:
        session.close()


def open_recordings(paths: Sequence[Path], plain: bool, loop: bool) -> int:
    """Have the app show recordings, and whatever is run from there; where `loop`, again and again.

    Raises CommandError where there is no terminal for it, or one of them can't be read.
    """
    from threadviz.cli.recordings import read, what_was_dropped

    _check_terminal("see threadviz show --help")
    session = Session()
    try:
        loaded = {path: read(path) for path in paths}
        session.add([Run.of(loaded[path].timeline, what_was_dropped(path, loaded[path])) for path in paths])

        return show_runs(session, plain, loop)
    finally:
        session.close()


def look_on(
    request: ExecRequest | AttachRequest, record: Path | None, plain: bool, output: TerminalText | None = None
) -> tuple[int, Run]:
    """Have the app show a program or a process until somebody leaves it, recorded in the file `record`.

    `output` is where comes what the program prints. Returns the exit status of the app, and what was looked on at,
    which is over then: it is told to end where it goes on. Raises CommandError where there is no terminal for the app,
    or it can't be recorded.
    """
    from threadviz.cli.execution import open_recording

    _check_terminal("say --headless")
    run = Run.start(request, None if record is None else open_recording(record))
    run.output = output
    session = Session()
    try:
        session.follow(run)

        status = show_runs(session, plain)
        run.finish()
    finally:
        session.close()
    return status, run


def _check_terminal(instead: str) -> None:
    """Raise CommandError where there is none, and say what does without."""
    for name in ("stdin", "stdout", "stderr"):
        if not getattr(sys, name).isatty():
            raise CommandError(
                f"the app needs a terminal, and {name} is none: for a report without the app, {instead}"
            )


def show_runs(session: Session, plain: bool, loop: bool = False) -> int:
    """Have the app show `sitting` until somebody leaves it or a signal ends it, and return the exit status."""
    import asyncio  # here and not above: these take about as long to import as a run's processes take to start

    from threadviz.tui.app import ThreadvizApp

    app = ThreadvizApp(session, plain=plain, loop=loop)
    asyncio.run(_run(app))
    return app.return_code or ExitStatus.FINISHED


async def _run(app: "ThreadvizApp") -> None:
    """Run it, and have it take leave of the terminal properly when it is told to end by a signal."""
    import asyncio

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, _leave, app)
    await app.run_async()


def _leave(app: "ThreadvizApp") -> None:
    try:
        termios.tcgetattr(sys.stdin)
    except termios.error:
        # The terminal is gone. What is written to it now may be waited for without end, and nobody would read it.
        # The observer sees that nobody is there, and ends the run.
        os._exit(ExitStatus.INTERRUPTED)
    app.exit(return_code=ExitStatus.INTERRUPTED)
