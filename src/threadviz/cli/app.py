"""Opens the app: on a first run, on a watched program or process, or on recordings."""

import os
import signal
import sys
import termios
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from threadviz.cli.output import CommandError, ExitStatus
from threadviz.protocol.requests import AttachRequest, ExecRequest
from threadviz.run_options import RunOptions, requests
from threadviz.tui.runs import Run, Session
from threadviz.tui.runs.terminal import TerminalText

if TYPE_CHECKING:
    from threadviz.tui.app import ThreadvizApp

FIRST = "threads"
"""The mode of the first run that the app shows."""


def open_app(ascii_only: bool) -> int:
    """Open the app on a first run, and return the exit status. However it ends, nothing of a run is left.

    Raises CommandError without a terminal.
    """
    _check_terminal("see threadviz run --help")
    with closing(Session()) as session:
        session.start(*requests(RunOptions(), [FIRST]))
        return _show(session, ascii_only)


def open_recordings(paths: Sequence[Path], ascii_only: bool, loop: bool) -> int:
    """Open the app on recordings, and return the exit status. `loop` replays them for ever.

    Raises CommandError without a terminal, or if a recording can't be read.
    """
    from threadviz.cli.recordings import read, what_was_dropped

    _check_terminal("see threadviz show --help")
    with closing(Session()) as session:
        loaded = {path: read(path) for path in paths}
        session.add([Run.of(loaded[path].timeline, what_was_dropped(path, loaded[path])) for path in paths])
        return _show(session, ascii_only, loop)


def watch(
    request: ExecRequest | AttachRequest,
    record: Path | None,
    ascii_only: bool,
    output: TerminalText | None = None,
) -> tuple[int, Run]:
    """Open the app on a program or a process, recorded in the file `record`.

    `output` receives what the program prints. Returns the app's exit status and the run, which has ended by then.
    Raises CommandError without a terminal, or if the run can't be recorded.
    """
    from threadviz.cli.execution import open_recording

    _check_terminal("say --headless")
    run = Run.start(request, None if record is None else open_recording(record))
    run.output = output
    with closing(Session()) as session:
        session.follow(run)
        status = _show(session, ascii_only)
        run.finish()
    return status, run


def _check_terminal(instead: str) -> None:
    """Raise CommandError without a terminal; `instead` says what works without one."""
    for name in ("stdin", "stdout", "stderr"):
        if not getattr(sys, name).isatty():
            raise CommandError(
                f"the app needs a terminal, and {name} is none: for a report without the app, {instead}"
            )


def _show(session: Session, ascii_only: bool, loop: bool = False) -> int:
    import asyncio  # imported here: this takes about as long as starting a run's processes

    from threadviz.tui.app import ThreadvizApp

    app = ThreadvizApp(session, ascii_only=ascii_only, loop=loop)

    async def run() -> None:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, _leave, app)
        await app.run_async()

    asyncio.run(run())
    return app.return_code or ExitStatus.FINISHED


def _leave(app: "ThreadvizApp") -> None:
    """End the app in good order on a signal, so that the terminal is restored."""
    try:
        termios.tcgetattr(sys.stdin)
    except termios.error:
        # The terminal is gone, and a write to it could block for ever. The observer sees that the viewer is gone, and
        # ends the run.
        os._exit(ExitStatus.INTERRUPTED)
    app.exit(return_code=ExitStatus.INTERRUPTED)
