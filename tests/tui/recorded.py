"""The app on recorded runs: nothing in it changes by itself, so that its picture is always the same."""

from pathlib import Path

from threadviz.protocol.codec import read_events
from threadviz.timeline import Timeline
from threadviz.tui.app import ThreadvizApp
from threadviz.tui.runs import Run, Session

DATA = Path(__file__).parents[1] / "data"

NS_PER_MS = 1_000_000


class Growing(Run):
    """A recorded run of which more may come, as far as the app can see."""

    @property
    def over(self) -> bool:
        """Never."""
        return False


def timeline(name: str, until_ms: int | None = None) -> Timeline:
    """The timeline of the recording tests/data/`name`.jsonl, as it was when the observer had looked until then."""
    result = Timeline()
    with (DATA / f"{name}.jsonl").open("rb") as source:
        for event in read_events(source):
            result.apply(event)
            if until_ms is not None and result.tick and result.tick.t >= until_ms * NS_PER_MS:
                break
    return result


def run(name: str, until_ms: int | None = None) -> Run:
    """The run of a recording; one that goes on where it is only told until some moment."""
    return (Run if until_ms is None else Growing).of(timeline(name, until_ms))


def app(*runs: Run, plain: bool = False) -> ThreadvizApp:
    """The app, looking at these runs, in a world without time."""
    session = Session()
    session.add(runs)
    return ThreadvizApp(session, plain=plain, clock=lambda: 0)
