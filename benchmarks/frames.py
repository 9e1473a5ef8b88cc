"""How fast: what a frame of the app costs in a real terminal, how soon a key shows, and what a long run takes."""

import argparse
import os
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from threading import Timer
from typing import Any

import msgspec

from benchmarks.framed import Frame, Picture
from benchmarks.hour import Memory, memory
from benchmarks.report import Goal, machine, publish, table
from benchmarks.terminal import Size, Terminal
from threadviz.mock_server.sites import Site
from threadviz.protocol.requests import RunRequest
from threadviz.timeline.timeline import KEEP

LANES = (8, 64, 256, 1000)
SIZES = (Size(80, 24), Size(200, 50), Size(300, 100))
MIDDLE = SIZES[1]
"""The size that the goals are about."""

SITES = tuple(
    Site(f"http://{n}.example/", bytes=20_000, seconds=1 + 3 * n / 64, name=f"site {n}") for n in range(64)
)
"""What is fetched: slow enough that a thousand threads fetch at once on two cores, and many end every second."""

PRIMES = RunRequest(workload="primes", mode="threads", workers=8, tasks=2000)
BLOCKING = RunRequest(workload="fetch", mode="blocking", workers=1, tasks=200, sites=SITES)
"""These are ended long before they are over."""

REPEAT_HZ = 30
"""So often a key comes that is held down."""

LEFT, FAR_LEFT, DOWN, ESCAPE = b"\x1b[D", b"\x1b[1;2D", b"\x1b[B", b"\x1b"
PICKED = "▸".encode()
"""Stands before the lane that is picked, and nowhere else."""

_WAIT_S = 30.0
_QUIET_S = 0.25
_SETTLED_S = 2.5
"""So long after a moment nothing more is told of it, and what shows it frozen has drawn all."""


@dataclass(frozen=True)
class Seen:
    """What was measured of one picture: `frame_ms` is the CPU time of each frame, `key_ms` how soon each key showed."""

    what: str
    lanes: int
    size: Size
    hz: float
    cpu_share: float
    kb_per_s: float
    frame_ms: Sequence[float]
    key_ms: Sequence[float]

    def as_dict(self) -> dict[str, Any]:
        """The figures for JSON."""
        return {
            "what": self.what,
            "lanes": self.lanes,
            "size": str(self.size),
            "frames_per_s": self.hz,
            "cpu_share": self.cpu_share,
            "kb_per_s": self.kb_per_s,
            "frame_ms": spread(self.frame_ms),
            "key_ms": spread(self.key_ms),
        }


def spread(values: Sequence[float]) -> dict[str, float]:
    """Return the median, the 95th percentile and the worst of at least one value."""
    ordered = sorted(values)
    p95 = ordered[-(-95 * len(ordered) // 100) - 1]
    return {"p50": median(ordered), "p95": p95, "worst": ordered[-1]}


class Framed:
    """The app in a terminal, showing a picture; to be used in a `with` statement."""

    def __init__(self, picture: Picture, size: Size) -> None:
        self._out, out = os.pipe()
        argument = msgspec.json.encode(picture).decode()
        self.terminal = Terminal(
            [sys.executable, "-m", "benchmarks.framed", argument, str(out)], size, pass_fds=[out]
        )
        os.close(out)

    def __enter__(self) -> "Framed":
        return self

    def __exit__(self, *error: object) -> None:
        self.terminal.__exit__(None, None, None)
        os.close(self._out)

    def quit(self) -> list[Frame]:
        """Have the app end, and return its frames."""
        self.terminal.press(b"q")
        late = Timer(_WAIT_S, self.terminal.process.kill)
        late.start()
        try:
            with os.fdopen(os.dup(self._out), "rb") as out:
                return msgspec.json.decode(out.read(), type=list[Frame])
        finally:
            late.cancel()


def seen(
    what: str, lanes: int, size: Size, framed: Framed, window: tuple[int, int], key_ms: Sequence[float]
) -> Seen:
    """End the app, and return what its frames say of the window (ns)."""
    frames = [frame for frame in framed.quit() if window[0] <= frame.t < window[1]]
    if len(frames) < 2:
        raise RuntimeError(f"{what}, {lanes} lanes, {size}: no frames were seen")
    first, last = frames[0], frames[-1]
    length = last.t - first.t
    return Seen(
        what=what,
        lanes=lanes,
        size=size,
        hz=(len(frames) - 1) * 1e9 / length,
        cpu_share=(last.cpu - first.cpu) / length,
        kb_per_s=framed.terminal.bytes_within(*window) / (window[1] - window[0]) * 1e6,
        frame_ms=[(after.cpu - before.cpu) / 1e6 for before, after in pairwise(frames)],
        key_ms=key_ms,
    )


def watched(seconds: float) -> tuple[int, int]:
    """Let so much time pass, and return from when to when (ns)."""
    since = time.monotonic_ns()
    time.sleep(seconds)
    return since, time.monotonic_ns()


def live(what: str, request: RunRequest, size: Size, seconds: float, keys: int) -> Seen:
    """Watch a real run; then pick and drop a lane with keys, while it goes on."""
    with Framed(Picture(request=request), size) as framed:
        terminal = framed.terminal
        terminal.wait_for(b"event loop", 0, _WAIT_S)
        time.sleep(1 + request.workers / 250)  # until all threads have come
        window = watched(seconds)
        key_ms = []
        for _ in range(keys):
            key_ms.append(shown_ms(terminal, DOWN, PICKED))
            terminal.press(ESCAPE)
            time.sleep(_QUIET_S)  # until it is shown; the next key then comes at any moment of a frame
        return seen(what, request.workers, size, framed, window, key_ms)


def panned(lanes: int, segments: int, size: Size, seconds: float, keys: int) -> Seen:
    """Move through a picture that stands still, by a key that is held down; then by single ones."""
    with Framed(Picture(lanes=lanes, segments=segments), size) as framed:
        terminal = framed.terminal
        terminal.wait_for(b"event loop", 0, _WAIT_S)
        terminal.wait_for_quiet(2 * _QUIET_S, _WAIT_S)
        for key in [b"+"] * 3 + [FAR_LEFT] * (
            size.columns // 10
        ):  # to the left edge: each key moves all, from there
            terminal.press(key)
            time.sleep(1 / REPEAT_HZ)
        window = held_down(terminal, LEFT, seconds)
        key_ms = []
        for _ in range(keys):
            terminal.wait_for_quiet(_QUIET_S, _WAIT_S)
            key_ms.append(shown_ms(terminal, LEFT, b""))
        return seen("panned", lanes, size, framed, window, key_ms)


def held_down(terminal: Terminal, key: bytes, seconds: float) -> tuple[int, int]:
    """Press a key again and again for so long, and return from when to when (ns)."""
    since = time.monotonic_ns()
    for number in range(int(seconds * REPEAT_HZ)):
        terminal.press(key)
        time.sleep(max(0, since / 1e9 + (number + 1) / REPEAT_HZ - time.monotonic()))
    return since, time.monotonic_ns()


def shown_ms(terminal: Terminal, key: bytes, text: bytes) -> float:
    """Press a key, and return how long it takes until `text` comes (ms)."""
    t = terminal.press(key)
    return (terminal.wait_for(text, t, _WAIT_S) - t) / 1e6


def still(what: str, picture: Picture, size: Size, seconds: float) -> Seen:
    """Watch a picture that was frozen, in which nothing changes; then thaw it and freeze it, with keys."""
    with Framed(picture, size) as framed:
        terminal = framed.terminal
        terminal.wait_for(b"event loop", 0, _WAIT_S)
        terminal.press(b" ")
        terminal.wait_for_quiet(_SETTLED_S, _WAIT_S)
        window = watched(seconds)
        key_ms = [shown_ms(terminal, DOWN, b"")]
        return seen(what, picture.lanes or 1, size, framed, window, key_ms)


def first_lanes_ms(size: Size) -> float:
    """Open the app as a user does, and return how long it takes until there are lanes (ms)."""
    with Terminal([sys.executable, "-m", "threadviz"], size) as terminal:
        return (terminal.wait_for(b"thread 1", 0, _WAIT_S) - terminal.started) / 1e6


def fetches(workers: int, seconds: float) -> RunRequest:
    """Return a request of so many threads that fetch for longer than that."""
    each = 6 + int(seconds)
    return RunRequest(workload="fetch", mode="threads", workers=workers, tasks=workers * each, sites=SITES)


def all_live(lanes: Sequence[int], sizes: Sequence[Size], seconds: float, keys: int) -> Iterator[Seen]:
    """Watch runs that go on: threads that fetch, few that compete for the GIL, and plain blocking calls."""
    for size in sizes:
        for workers in lanes:
            yield live("fetches", fetches(workers, seconds), size, seconds, keys)
        yield live("primes", PRIMES, size, seconds, keys)
        yield live("blocking", BLOCKING, size, seconds, keys)


def goals(
    pictures: Sequence[Seen], idle: Sequence[Seen], starts_ms: Sequence[float], kept: Memory
) -> list[Goal]:
    """Return the figures beside what they should be."""
    middle = [each for each in pictures if each.size == MIDDLE] or pictures
    quickest = min(middle, key=lambda each: each.hz)
    dearest = max(middle, key=lambda each: each.cpu_share)
    frames = max(middle, key=lambda each: spread(each.frame_ms)["p95"])
    worst = max(middle, key=lambda each: max(each.frame_ms))
    keys = max(pictures, key=lambda each: spread(each.key_ms)["p95"])
    dearest_idle = max(idle, key=lambda each: each.cpu_share)
    return [
        Goal(f"fewest frames at {named(quickest)}", quickest.hz, 29.5, "frames/s", least=True),
        Goal(f"most CPU at {named(dearest)}", 100 * dearest.cpu_share, 20, "% of a core"),
        Goal(f"a frame, p95, at {named(frames)}", spread(frames.frame_ms)["p95"], 6, "ms"),
        Goal(f"a frame, worst, at {named(worst)}", max(worst.frame_ms), 15, "ms"),
        Goal(f"a key, p95, at {named(keys)}", spread(keys.key_ms)["p95"], 50, "ms"),
        Goal(f"nothing changes, {named(dearest_idle)}", 100 * dearest_idle.cpu_share, 1, "% of a core"),
        Goal("first lanes, median", median(starts_ms), 400, "ms"),
        Goal("a timeline takes at most", kept.most_mb, 40, "MB"),
        Goal("999 of 1,000 events take at most", kept.mostly_ms, 3, "ms"),
    ]


def named(picture: Seen) -> str:
    """Return which picture it is."""
    return f"{picture.size}, {picture.lanes} lanes, {picture.what}"


def rows(pictures: Sequence[Seen]) -> Iterator[list[object]]:
    """Yield a row of the table for each picture."""
    for each in pictures:
        frame, key = spread(each.frame_ms), spread(each.key_ms)
        yield [
            *(each.what, each.size, each.lanes, f"{each.hz:.1f}"),
            *(f"{frame[name]:.1f}" for name in ("p50", "p95", "worst")),
            *(f"{100 * each.cpu_share:.1f}", f"{each.kb_per_s:.1f}"),
            *(f"{key[name]:.0f}" for name in ("p50", "p95")),
        ]


def tables(
    pictures: Sequence[Seen], idle: Sequence[Seen], starts_ms: Sequence[float], kept: Memory
) -> Iterator[str]:
    """Yield the tables."""
    head = "what, size, lanes, frames/s, frame ms p50, p95, worst, CPU %, kB/s, key ms p50, p95".split(", ")
    yield "each frame's CPU time; the viewer's share of one core; how soon a key shows\n" + table(
        head, rows(pictures), words=2
    )
    yield "the same where nothing changes\n" + table(head, rows(idle), words=2)
    yield f"first lanes after {', '.join(f'{ms:.0f}' for ms in starts_ms)} ms"
    grains = ", ".join(f"{grain:g} s at {age:g} s ago" for age, grain in kept.grains_s.items())
    yield (
        f"a run of {kept.simulated_s:.0f} s, {kept.told} stretches: {kept.held} kept in {kept.most_mb:.0f} MB at most;"
        f" {kept.kb_per_thousand:.1f} kB per thousand; {kept.per_stretch_us:.2f} us each;"
        f" {kept.mostly_ms:.2f} ms at most for 999 of 1,000 events, {kept.worst_ms:.2f} ms for all;"
        f" no order within {grains}"
    )


def main() -> None:
    """Measure all, and publish."""
    parser = argparse.ArgumentParser(prog="benchmarks.frames", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    parser.add_argument("--seconds", type=float, default=6.0, help="how long each picture is watched")
    parser.add_argument("--size", choices=list(map(str, SIZES)), help="this size alone")
    parser.add_argument(
        "--keys", type=int, default=30, help="how many single keys are pressed in each picture"
    )
    parser.add_argument(
        "--stretches",
        dest="segments",
        type=int,
        default=1_000_000,
        help="how many the picture has that is panned",
    )
    parser.add_argument("--hour", type=float, default=3600.0, help="how long the long run is (s)")
    parser.add_argument(
        "--quick", action="store_true", help="one size, few lanes, a second: shows that it works"
    )
    asked = parser.parse_args()
    lanes: Sequence[int] = LANES
    sizes = [size for size in SIZES if asked.size in (None, str(size))]
    starts, keep = 5, KEEP
    if asked.quick:
        lanes, sizes = LANES[:1], [MIDDLE]
        starts, keep = 1, 15_000
        asked.seconds, asked.keys, asked.segments, asked.hour = 0.5, 3, 10_000, 10.0
    about = machine()
    kept = memory(asked.hour, keep)
    starts_ms = [first_lanes_ms(MIDDLE) for _ in range(starts)]
    pictures = list(all_live(lanes, sizes, asked.seconds, asked.keys))
    pictures += [
        panned(each, asked.segments, size, asked.seconds, asked.keys) for size in sizes for each in lanes
    ]
    idle = [
        still("finished", Picture(lanes=lanes[-1], segments=asked.segments), MIDDLE, asked.seconds),
        still("blocking, frozen", Picture(request=BLOCKING), MIDDLE, asked.seconds),
    ]
    publish(
        about,
        tables(pictures, idle, starts_ms, kept),
        {
            "pictures": [each.as_dict() for each in pictures],
            "idle": [each.as_dict() for each in idle],
            "first_lanes_ms": starts_ms,
            "memory": kept.as_dict(),
        },
        goals(pictures, idle, starts_ms, kept),
        asked.json,
    )


if __name__ == "__main__":
    main()
