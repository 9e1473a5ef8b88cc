"""The app, with each frame's time and CPU time noted; to be started in a terminal of its own by `frames`.

Its arguments are a `Picture` as JSON, and the descriptor that the frames are written to in the end.
"""

import os
import sys
import time

import msgspec

from benchmarks.streams import whole
from threadviz.protocol.requests import RunRequest
from threadviz.timeline import Timeline
from threadviz.tui.app import ThreadvizApp
from threadviz.tui.runs import Run, Session


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """What is shown: a run that begins now, or one that is over, with `lanes` and so many `stretches` in all."""

    request: RunRequest | None = None
    lanes: int = 0
    segments: int = 0


class Frame(msgspec.Struct, frozen=True, array_like=True):
    """When a frame began, on the clock of `time.monotonic_ns()`, and the CPU time (ns) of the process until then."""

    t: int
    cpu: int


class FrameClock:
    """The app's clock, which it reads once a frame: so it knows of each."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []

    def __call__(self) -> int:
        """The time (ns)."""
        t = time.monotonic_ns()
        self.frames.append(Frame(t, time.process_time_ns()))
        return t


def sitting_of(picture: Picture) -> Session:
    """Return a sitting in which that is looked at."""
    session = Session()
    if picture.request is not None:
        session.start(picture.request)
    else:
        timeline = Timeline()
        timeline.extend(whole(picture.lanes, picture.segments))
        session.add([Run.of(timeline)])
    return session


def main() -> None:
    """Show it until somebody quits."""
    picture = msgspec.json.decode(sys.argv[1], type=Picture)
    session = sitting_of(picture)
    clock = FrameClock()
    try:
        ThreadvizApp(session, clock=clock).run()
    finally:
        session.close()
    with os.fdopen(int(sys.argv[2]), "wb") as out:
        out.write(msgspec.json.encode(clock.frames))


if __name__ == "__main__":
    main()
