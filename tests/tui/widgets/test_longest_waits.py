from hypothesis import given
from hypothesis import strategies as st

from tests.timeline.streams import Run, runs
from threadviz.protocol.events import State
from threadviz.timeline import Timeline
from threadviz.tui.widgets.details import MOST, LongestWaits

NO_WAITS = {State.RUNNING, State.IDLE, State.UNKNOWN}


@given(runs(), st.lists(st.integers(0, 120), min_size=1, max_size=5))
def test_stepwise_search_finds_the_longest_waits(run: Run, moments: list[int]) -> None:
    """However the search was divided, and whatever was received in between."""
    timeline = Timeline()
    looks: dict[int, LongestWaits] = {}
    events = run.events()
    share = len(events) // len(moments) + 1
    for number, t in enumerate(sorted(moments)):
        timeline.extend(events[number * share : (number + 1) * share])
        for lane in timeline.lanes:
            waits = looks.get(lane.number)
            if waits is None or waits.revision != lane.revision or t < waits.until:
                waits = looks[lane.number] = LongestWaits(lane, lane.start)
            waits.search(t)
            assert waits.complete
            lengths = [
                segment.end - segment.start
                for segment in lane.segments(lane.start, t)
                if segment.state not in NO_WAITS
            ]
            found = [segment.end - segment.start for segment in waits.found()]
            assert found == sorted(lengths, reverse=True)[:MOST]
