"""What tells several runs apart in a word or two."""

from collections.abc import Sequence

from threadviz.events import Header
from threadviz.picture.plain import printable
from threadviz.timeline import Timeline
from threadviz.tui.scene.shown import Shown

NOT_BEGUN = "starting"


def header_of(timeline: Timeline) -> Header | None:
    """A run's header; None as long as nothing came of it."""
    return timeline.header if timeline.begun else None


def labels(runs: Sequence[Shown]) -> list[str]:
    """A label for each of `runs`, no two of them equal: its mode, with its workload where that is not enough.

    Further runs of the same are numbered, as in a report.
    """
    names, numbers = _names(runs), label_numbers(runs)
    return [f"{name} ({nth})" if nth > 1 else name for name, nth in zip(names, numbers, strict=True)]


def label_numbers(runs: Sequence[Shown]) -> list[int]:
    """The numbers in the labels of `runs`: 1, where a label has none."""
    names = _names(runs)
    return [names[: index + 1].count(name) for index, name in enumerate(names)]


def _names(runs: Sequence[Shown]) -> list[str]:
    headers = [header_of(run.timeline) for run in runs]
    modes = [NOT_BEGUN if header is None else printable(header.mode) for header in headers]
    if len(set(modes)) == len(modes) or len({header.workload for header in headers if header}) < 2:
        return modes
    return [
        NOT_BEGUN if header is None else printable(f"{header.workload} {header.mode}") for header in headers
    ]
