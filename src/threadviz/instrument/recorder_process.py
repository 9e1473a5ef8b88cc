"""`python -m threadviz.instrument.recorder_process FOLDER HOW FILE`: records the program that started it.

Standard input is a socket whose other end the program has. FILE is the descriptor of a new, empty file, HOW says
whether it is to be packed. FOLDER is empty, for this process alone, and removed at the end. The observer becomes an
orphan in a session of its own at once, so that the program does not find it among its children.
"""

import os
import shutil
import signal
import sys
import zlib
from collections.abc import Iterable
from pathlib import Path

import msgspec

from threadviz.debug_log import ignoring
from threadviz.instrument.record import PACKED, REPORTS, RecorderAnswer
from threadviz.observer.collectors.reports import ReportCollector
from threadviz.observer.io import RunClock, StreamWriter, ViewerGoneError
from threadviz.observer.observation import StartError, describe_fault
from threadviz.observer.targets.attach import prepare_process
from threadviz.protocol.codec import encode
from threadviz.protocol.events import Event
from threadviz.protocol.requests import AttachRequest
from threadviz.recordings.reader import GZIP


class PackedOutput(StreamWriter):
    """Packs the stream with gzip. What was written can be unpacked, whatever comes after it."""

    def __init__(self, descriptor: int) -> None:
        super().__init__(descriptor)
        self._packer = zlib.compressobj(wbits=GZIP)

    def write(self, events: Iterable[Event]) -> None:
        packed = self._packer.compress(b"".join(map(encode, events)))
        self.write_bytes(packed + self._packer.flush(zlib.Z_SYNC_FLUSH))

    def finish(self) -> None:
        self.write_bytes(self._packer.flush())
        super().finish()


def main() -> None:
    """Detach from the program, observe it, and clean up."""
    scratch, how, file = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    if os.fork():
        os._exit(0)
    os.setsid()
    # A reader of the program's stderr must not wait for this process as well.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())
    try:
        _observe(scratch, file, packed=how == PACKED)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
        os.killpg(0, signal.SIGKILL)


def _observe(scratch: Path, file: int, *, packed: bool) -> None:
    _answer()
    line = sys.stdin.buffer.readline()
    if not line:
        return
    request = msgspec.json.decode(line, type=AttachRequest)
    clock = RunClock()
    try:
        reports = ReportCollector(scratch / REPORTS, clock)
        observation = prepare_process(request, sys.stdin.fileno(), clock, [reports])
    except Exception as error:  # noqa: BLE001 - nobody would see a fault of threadviz otherwise
        _answer(str(error) if isinstance(error, StartError | OSError) else describe_fault(error))
        return
    output = (PackedOutput if packed else StreamWriter)(file)
    try:
        output.write([observation.header])
        _answer()
        observation.run(output)
        output.finish()
    except ViewerGoneError as error:
        reason = getattr(error.__cause__, "strerror", None)
        _answer(f"it can't be written any further ({reason})")
    else:
        _answer()


def _answer(error: str = "") -> None:
    """Answer that the next step is done, or what has failed. The program may have ended."""
    with ignoring(OSError):
        os.write(sys.stdin.fileno(), msgspec.json.encode(RecorderAnswer(os.getpid(), error)) + b"\n")


if __name__ == "__main__":
    main()
