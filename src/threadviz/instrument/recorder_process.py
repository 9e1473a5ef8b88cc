"""`python -m threadviz.instrument.recorder_process FOLDER HOW FILE`: records the program that started it.

Standard input is a socket whose other end the program holds, FILE the file's descriptor, new and empty; HOW says
whether it is to be packed. FOLDER is an empty one for this use, removed at the end. The observer leaves the program at
once: it becomes an orphan, in a session of its own, so that the program need not know of it.
"""

import dataclasses
import os
import shutil
import signal
import sys
import zlib
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

import msgspec

from threadviz.instrument.record import NAMES, PACKED, TASKS, Answer
from threadviz.observer.collectors.tasks import TaskCollector
from threadviz.observer.collectors.thread_names import ReportedNameCollector
from threadviz.observer.io import RunClock, StreamWriter, ViewerGoneError
from threadviz.observer.observation import StartError, fault_of, see_through
from threadviz.observer.targets.attach import prepare_attached
from threadviz.protocol.codec import encode
from threadviz.protocol.events import Event
from threadviz.protocol.requests import AttachRequest
from threadviz.recordings.reader import GZIP


class PackedOutput(StreamWriter):
    """The same, packed with gzip: what was written can be unpacked whatever comes after it."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor)
        self._packer = zlib.compressobj(wbits=GZIP)

    def write(self, events: Iterable[Event]) -> None:
        """Write events. Raises ViewerGoneError."""
        packed = self._packer.compress(b"".join(map(encode, events)))
        self.put(packed + self._packer.flush(zlib.Z_SYNC_FLUSH))

    def finish(self) -> None:
        """Write all that is left, and the end. Raises ViewerGoneError."""
        self.put(self._packer.flush())
        super().finish()


def main() -> None:
    """Leave the program, observe it, and leave nothing behind."""
    scratch, how, file = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    if os.fork():
        os._exit(0)
    os.setsid()
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(
        nowhere, sys.stderr.fileno()
    )  # whoever reads that of the program is not to wait for this one as well
    try:
        _observe(scratch, file, packed=how == PACKED)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        os.killpg(0, signal.SIGKILL)


def _observe(scratch: Path, file: int, *, packed: bool) -> None:
    _say()
    asked = sys.stdin.buffer.readline()
    if not asked:
        return
    request = msgspec.json.decode(asked, type=AttachRequest)
    clock = RunClock()
    try:
        collectors = (ReportedNameCollector(scratch / NAMES), TaskCollector(scratch / TASKS, clock))
        prepared = prepare_attached(request, sys.stdin.fileno(), clock, collectors)
    except (StartError, OSError) as error:
        _say(str(error))
        return
    except Exception as error:  # noqa: BLE001 - a fault of ours, which else nobody would read
        _say(fault_of(error))
        return
    output = (PackedOutput if packed else StreamWriter)(file)
    try:
        see_through(dataclasses.replace(prepared, go=_say), output, clock)
        output.finish()
    except ViewerGoneError as error:
        why = error.__cause__
        _say(f"it can't be written any further ({why.strerror if isinstance(why, OSError) else why})")
    else:
        _say()


def _say(trouble: str = "") -> None:
    """Say that all is well so far, or what is not. The program may be gone."""
    with suppress(OSError):
        os.write(sys.stdin.fileno(), msgspec.json.encode(Answer(os.getpid(), trouble)) + b"\n")


if __name__ == "__main__":
    main()
