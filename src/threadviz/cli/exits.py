"""How the command ends: its exit status, and the errors that end it."""

import enum


class Exit(enum.IntEnum):
    """The exit status of the command."""

    FINISHED = 0
    """What was asked for was done; tasks that failed are results like others."""
    BROKEN = 1
    """A run broke, could not start, or could not be recorded or printed."""
    BAD_INPUT = 2
    """What was asked for can't be done, and nothing was started."""
    INTERRUPTED = 130
    """The user ended it: 128 and the number of SIGINT, as shells have it."""


class CommandError(Exception):
    """Ends the command with `status`; the text is one sentence, without its full stop."""

    def __init__(self, sentence: str, status: Exit = Exit.BAD_INPUT) -> None:
        super().__init__(sentence)
        self.status = status
