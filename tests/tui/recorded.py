"""The app with recorded runs: nothing changes by itself, so its picture is always the same."""

from pathlib import Path

from tests.protocol.events import read_events
from threadviz.timeline import Timeline
from threadviz.tui.app import ThreadvizApp
from threadviz.tui.runs import Run, Session

DATA = Path(__file__).parents[1] / "data"

NS_PER_MS = 1_000_000


class Growing(Run):
    """A recorded run that never is over, so that the app expects more events."""

    @property
    def over(self) -> bool:
        """Return False."""
        return False


def timeline(name: str, until_ms: int | None = None) -> Timeline:
    """Return the timeline of tests/data/`name`.jsonl, up to the observer's tick at `until_ms`."""
    result = Timeline()
    with (DATA / f"{name}.jsonl").open("rb") as source:
        for event in read_events(source):
            result.apply(event)
            if until_ms is not None and result.tick and result.tick.t >= until_ms * NS_PER_MS:
                break
    return result


def run(name: str, until_ms: int | None = None) -> Run:
    """Return the run of a recording; one that goes on if it is cut at `until_ms`."""
    return (Run if until_ms is None else Growing).of(timeline(name, until_ms))


def app(*runs: Run, ascii_only: bool = False) -> ThreadvizApp:
    """Return the app with these runs, and with a clock that stands still."""
    session = Session()
    session.add(runs)
    return ThreadvizApp(session, ascii_only=ascii_only, clock=lambda: 0)
