"""Which part of a stream a report is about."""

from typing import NamedTuple

from threadviz.timeline import Timeline


class Window(NamedTuple):
    """From `since` to `until`, in ns since the run's origin."""

    since: int
    until: int

    @property
    def length(self) -> int:
        """In ns."""
        return self.until - self.since


def measured(timeline: Timeline) -> Window:
    """From where the workload began to where it ended, or as far as it came: as long as the run's total."""
    if timeline.begin is None:
        return Window(timeline.now, timeline.now)
    until = timeline.now if timeline.end is None else min(timeline.end, timeline.now)
    return Window(timeline.begin, max(timeline.begin, until))
