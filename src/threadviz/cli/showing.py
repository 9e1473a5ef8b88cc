"""The app in the terminal, and the signals that end it."""

import asyncio
import os
import signal
import sys
import termios

from threadviz.cli.exits import Exit
from threadviz.tui.app import ThreadvizApp
from threadviz.tui.runs import Sitting


def show(sitting: Sitting, plain: bool, loop: bool = False) -> int:
    """Have the app show `sitting` until somebody leaves it or a signal ends it, and return the exit status."""
    app = ThreadvizApp(sitting, plain=plain, loop=loop)
    asyncio.run(_run(app))
    return app.return_code or Exit.FINISHED


async def _run(app: ThreadvizApp) -> None:
    """Run it, and have it take leave of the terminal properly when it is told to end by a signal."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, _leave, app)
    await app.run_async()


def _leave(app: ThreadvizApp) -> None:
    try:
        termios.tcgetattr(sys.stdin)
    except termios.error:
        # The terminal is gone. What is written to it now may be waited for without end, and nobody would read it.
        # The observer sees that nobody is there, and ends the run.
        os._exit(Exit.INTERRUPTED)
    app.exit(return_code=Exit.INTERRUPTED)
