"""Runs to look at: recordings of real ones, as far as they are told."""

from pathlib import Path

from tests.protocol.events import read_events
from tests.report.golden import DATA
from threadviz.timeline import Timeline
from threadviz.tui.view.view import View

FRAME = 1_000_000_000 // 30


class Watched:
    """A recorded run, told only to the `share` of its events that is asked for; over when all are told."""

    def __init__(self, name: str = "fetch-threads", share: float = 1.0) -> None:
        self.timeline = Timeline()
        with Path(DATA / f"{name}.jsonl").open("rb") as source:
            self._events = list(read_events(source))
        self._told = 0
        self.trouble = ""
        self.tell(share)

    @property
    def over(self) -> bool:
        """Whether no more will come."""
        return self._told == len(self._events)

    def tell(self, share: float) -> None:
        """Tell the events up to this share of all."""
        until = round(share * len(self._events))
        self.timeline.extend(self._events[self._told : until])
        self._told = max(self._told, until)


def looked_at(*runs: Watched, cells: int = 50) -> View:
    """A scene that looks at these, after its first frame."""
    view = View()
    view.show_runs(runs, comparing=len(runs) > 1)
    view.viewport.resize(cells)
    view.advance(FRAME)
    return view
