"""When a thread was seen to wait for events, as only an event loop does."""

from threadviz.events import Spans
from threadviz.timeline.reading import EVENT_CALLS, FOREVER, Asked
from threadviz.vocabulary import State


def waits_for_events(event: Spans) -> Asked | None:
    """From the begin of the first wait for events in what is said of a lane here to the end of the last; None if none.

    One that goes on has no end yet.
    """
    first = last = None
    t = event.start
    for span in event.spans:
        if span.call in EVENT_CALLS and span.state is State.IO and span.ns:
            first, last = t if first is None else first, t + span.ns
        t += span.ns
    present = event.present
    if present and present.call in EVENT_CALLS and present.state is State.IO:
        first, last = t if first is None else first, FOREVER
    return None if first is None or last is None else (first, last)
