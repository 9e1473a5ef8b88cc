"""What tells several runs apart in a word or two."""

from collections import Counter
from collections.abc import Callable, Sequence

from threadviz.events import Header
from threadviz.picture.plain import printable
from threadviz.stream import StreamError
from threadviz.timeline import Timeline
from threadviz.tui.scene.scene import Shown

NOT_BEGUN = "starting"

_TELLING: Sequence[Callable[[Header], str]] = (
    lambda header: header.mode,
    lambda header: f"{header.workload} {header.mode}",
    lambda header: f"{header.workload} {header.mode} {header.workers}x{header.tasks}",
)
"""From short to long; at last workers and tasks."""


def header_of(timeline: Timeline) -> Header | None:
    """A run's header; None as long as nothing came of it."""
    try:
        return timeline.header
    except StreamError:
        return None


def labels(runs: Sequence[Shown]) -> list[str]:
    """A label for each of `runs`, no two of them equal: its mode, and more where that is not enough."""
    headers = [header_of(run.timeline) for run in runs]
    made: list[str] = []
    for telling in _TELLING:
        made = [NOT_BEGUN if header is None else printable(telling(header)) for header in headers]
        if len(set(made)) == len(made):
            return made
    before = Counter[str]()
    for number, label in enumerate(made):
        before[label] += 1
        if before[label] > 1:
            made[number] = f"{label} ({before[label]})"
    return made
