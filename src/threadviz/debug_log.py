"""The debug log of viewer and observer: what they decide, and which errors they pass over.

It is off unless `--debug FILE` or the variable THREADVIZ_DEBUG asks for it. Each record is one line, written by one
append, so that several processes can share the file. Lines hold no argument values and no queries of URLs. The target
never logs.
"""

import logging
import os
import time
from types import TracebackType
from typing import Self

VARIABLE = "THREADVIZ_DEBUG"
"""The environment variable that names the file. It is not passed on to programs."""

LOG = logging.getLogger("threadviz")
LOG.propagate = False
LOG.addHandler(logging.NullHandler())

_MOST_CHARACTERS = 2000

_file: int | None = None


def create(path: str) -> None:
    """Log to a new file, which only its owner may read. Raises OSError, also if the file exists."""
    start(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL, 0o600), "viewer")


def start(descriptor: int, role: str) -> None:
    """Log to an open file as this role: 'viewer' or 'observer'."""
    global _file
    _file = descriptor
    LOG.addHandler(_Appending(descriptor, role))
    LOG.setLevel(logging.DEBUG)


def descriptor() -> int | None:
    """Return the descriptor of the log, to be inherited by the observer; None if there is no log."""
    return _file


class _Appending(logging.Handler):
    """Writes 'seconds role pid text'. The seconds are those of `time.monotonic()`, which all processes share."""

    def __init__(self, descriptor: int, role: str) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._role = role

    def emit(self, record: logging.LogRecord) -> None:
        text = " ".join(record.getMessage().split())[:_MOST_CHARACTERS]
        line = f"{time.monotonic():.6f} {self._role} {os.getpid()} {text}\n"
        try:
            os.write(self._descriptor, line.encode(errors="backslashreplace"))
        except OSError:  # a full disk must not end a run
            LOG.removeHandler(self)


class ignoring:  # noqa: N801 - used like contextlib.suppress
    """Like `contextlib.suppress`, and logs what it suppressed: the error's type, its errno and the place."""

    __slots__ = ("_errors",)

    def __init__(self, *errors: type[BaseException]) -> None:
        self._errors = errors

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        if kind is None or not issubclass(kind, self._errors):
            return False
        if LOG.isEnabledFor(logging.DEBUG) and trace is not None:
            code = trace.tb_frame.f_code
            reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else ""
            place = f"{os.path.basename(code.co_filename)}:{trace.tb_lineno}"  # noqa: PTH119 - pathlib is slow to import
            LOG.debug(
                "ignored %s%s in %s at %s", kind.__name__, f" ({reason})" * bool(reason), code.co_name, place
            )
        return True
