"""How large recordings are, and how long a large one takes to be loaded, and to be seen."""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.frames import MIDDLE, fetches
from benchmarks.report import Goal, machine, publish, table
from benchmarks.streams import FLUSH_NS, RATE_HZ, whole
from benchmarks.terminal import CHECKOUT, Terminal
from threadviz.launcher import LaunchedRun
from threadviz.protocol.codec import encode
from threadviz.protocol.events import AnyEvent, Spans
from threadviz.protocol.requests import RunRequest
from threadviz.recordings.writer import RecordingFile

LANES = 16
_WAIT_S = 120.0

_LOAD = """
import json, sys, time
from pathlib import Path
from benchmarks.hour import resident
from threadviz.recordings.reader import load
before, since = resident(), time.perf_counter()
loaded = load(Path(sys.argv[1]))
took = time.perf_counter() - since
assert not loaded.dropped
json.dump({"s": took, "mb": (resident() - before) / 1e6}, sys.stdout)
"""


@dataclass(frozen=True)
class Large:
    """A recording of so many stretches: its size, and how it was loaded (medians), in processes of their own."""

    form: str
    segments: int
    mb: float
    bytes_per_stretch: float
    load_s: float
    memory_mb: float
    picture_s: float


@dataclass(frozen=True)
class Minute:
    """What a minute of 16 lanes comes to, by what was recorded in `seconds`."""

    what: str
    seconds: float
    segments: int
    plain_mb: float
    packed_mb: float


def large(path: Path, segments: int, times: int) -> Large:
    """Write a recording, load it, and open it."""
    recording = RecordingFile(path)
    told = write(recording, whole(LANES, segments))
    recording.close()
    size = path.stat().st_size
    loads = [loaded(path) for _ in range(times)]
    return Large(
        form="gzip" if path.suffix == ".gz" else "plain",
        segments=told,
        mb=size / 1e6,
        bytes_per_stretch=size / told,
        load_s=median(each["s"] for each in loads),
        memory_mb=median(each["mb"] for each in loads),
        picture_s=median(first_picture_s(path) for _ in range(times)),
    )


def write(recording: RecordingFile, events: Iterator[AnyEvent]) -> int:
    """Record these events, as often flushed as those of a run are, and return how many stretches they tell of."""
    told = 0
    for event in events:
        recording.write(encode(event))
        if isinstance(event, Spans):
            told += len(event.spans)
            if event.lane == LANES - 1:
                recording.flush()
    return told


def loaded(path: Path) -> dict[str, float]:
    """Load a recording in a process of its own, and return how long it took, and how much memory."""
    done = subprocess.run(
        [sys.executable, "-c", _LOAD, str(path)], cwd=CHECKOUT, stdout=subprocess.PIPE, check=True
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


def first_picture_s(path: Path) -> float:
    """Open a recording in the app, and return how long it takes from the command's start until there are lanes (s)."""
    with Terminal([sys.executable, "-m", "threadviz", "open", str(path)], MIDDLE) as terminal:
        return (terminal.wait_for(b"event loop", 0, _WAIT_S) - terminal.started) / 1e9


def made_up(folder: Path, seconds: float) -> Minute:
    """Lanes that change as often as can be seen, for so long."""
    flushes = int(seconds * 1e9) // FLUSH_NS
    segments = flushes * LANES * RATE_HZ * FLUSH_NS // 1_000_000_000
    return minute(f"made up, {RATE_HZ} stretches a second", folder, seconds, whole(LANES, segments))


def real(what: str, folder: Path, request: RunRequest, seconds: float) -> Minute:
    """A real run, of which so many seconds are taken."""
    with LaunchedRun(request) as launch:
        events = list(until(launch, seconds))
    return minute(what, folder, seconds, iter(events))


def until(launch: LaunchedRun, seconds: float) -> Iterator[AnyEvent]:
    """Yield what a run tells, and stop it after so long."""
    deadline, stopped = time.monotonic() + seconds, False
    for event in launch.events():
        if time.monotonic() > deadline and not stopped:
            launch.stop()
            stopped = True
        yield event


def minute(what: str, folder: Path, seconds: float, events: Iterator[AnyEvent]) -> Minute:
    """Record it both ways."""
    kept = list(events)
    told, sizes = 0, []
    for name in ("minute.jsonl", "minute.jsonl.gz"):
        recording = RecordingFile(folder / name)
        told = write(recording, iter(kept))
        recording.close()
        sizes.append((folder / name).stat().st_size / 1e6 * 60 / seconds)
        (folder / name).unlink()
    return Minute(what, seconds, int(told * 60 / seconds), *sizes)


def minutes(folder: Path, seconds: float) -> Iterator[Minute]:
    """Measure them all."""
    workers = LANES - 1
    primes = RunRequest(workload="primes", mode="threads", workers=workers, tasks=1000)
    yield real("fetches on threads", folder, fetches(workers, seconds), seconds)
    yield real("primes on threads", folder, primes, seconds)
    yield made_up(folder, seconds)


def tables(found: Sequence[Large], sizes: Sequence[Minute]) -> Iterator[str]:
    """Yield the tables."""
    yield f"recordings of {LANES} lanes\n" + table(
        "form, stretches, MB, bytes each, load s, memory MB, first picture s".split(", "),
        [
            (
                *(each.form, each.segments, f"{each.mb:.1f}", f"{each.bytes_per_stretch:.1f}"),
                *(f"{each.load_s:.2f}", f"{each.memory_mb:.0f}", f"{each.picture_s:.2f}"),
            )
            for each in found
        ],
    )
    yield f"a minute of {LANES} lanes\n" + table(
        ["what", "stretches", "plain MB", "gzip MB"],
        [(each.what, each.segments, f"{each.plain_mb:.2f}", f"{each.packed_mb:.2f}") for each in sizes],
    )


def main() -> None:
    """Measure all, and publish."""
    parser = argparse.ArgumentParser(prog="benchmarks.recordings", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    parser.add_argument(
        "--stretches", dest="segments", type=int, default=1_000_000, help="how many the large one has"
    )
    parser.add_argument("--times", type=int, default=5, help="how often it is loaded and opened")
    parser.add_argument("--seconds", type=float, default=30.0, help="how long the runs go on")
    parser.add_argument("--quick", action="store_true", help="a small one, a second: shows that it works")
    asked = parser.parse_args()
    if asked.quick:
        asked.segments, asked.times, asked.seconds = 20_000, 1, 1.0
    about = machine()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found = [large(folder / f"large.jsonl{end}", asked.segments, asked.times) for end in ("", ".gz")]
        sizes = list(minutes(folder, asked.seconds))
    figures: dict[str, Any] = {
        "large": [asdict(each) for each in found],
        "minutes": [asdict(each) for each in sizes],
    }
    plain = found[0]
    goals = [
        Goal("a million stretches loaded", plain.load_s * 1e6 / plain.segments, 2, "s"),
        Goal("memory for a million", plain.memory_mb * 1e6 / plain.segments, 100, "MB"),
    ]
    publish(about, tables(found, sizes), figures, goals, asked.json)


if __name__ == "__main__":
    main()
