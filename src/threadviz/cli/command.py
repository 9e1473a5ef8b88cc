"""The command as a whole: what its words ask for, and how it ends."""

import signal
import sys
from typing import NoReturn

from threadviz.cli.exits import CommandError
from threadviz.cli.output import complain, open_missing


def carry_out_command() -> NoReturn:
    """Do what the command's words ask for, and exit with a status of `Exit`."""
    open_missing()
    try:
        status = _carry_out(sys.argv[1:])
    except CommandError as error:
        complain(str(error))
        status = error.status
    # All is done, and Python would take the handler away before it ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.exit(status)


def _carry_out(words: list[str]) -> int:
    if words in ([], ["--ascii"]):  # read without click, which takes as long to import as a run to be started
        from threadviz.cli.opening import open_app

        return open_app(plain=bool(words))
    from threadviz.cli.commands import carry_out_words

    return carry_out_words()
