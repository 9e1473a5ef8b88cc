"""Follows a run: its events go into a timeline, and what goes wrong becomes a sentence."""

from threadviz.analysis import why_broken
from threadviz.protocol.codec import StreamError
from threadviz.protocol.events import AnyEvent, Outcome, ProcessDied, StreamClosed
from threadviz.timeline import Timeline


class RunFollower:
    """A run as far as it was followed.

    `failure` is a sentence that says why it is followed no further, if it is not.
    """

    def __init__(self, timeline: Timeline | None = None, failure: str = "") -> None:
        self.timeline = Timeline() if timeline is None else timeline
        self._failure = failure
        self._reason = ""
        self._troubles: list[str] = []

    @property
    def trouble(self) -> str:
        """What has gone wrong so far, as a sentence without its full stop; '' for nothing."""
        if self._failure:
            return self._failure
        reasons = why_broken(self.timeline) or ([self._reason] if self._reason else [])
        broken = [f"the run is broken: {'; '.join(reasons)}"] if reasons else []
        return "; ".join([*self._troubles, *broken])

    def take(self, event: AnyEvent) -> None:
        """Apply the next event. Raises StreamError."""
        if isinstance(event, StreamClosed) and event.outcome is Outcome.BROKEN:
            self._reason = event.reason
        # A run that died before its header has no timeline.
        if self.timeline.begun or not isinstance(event, ProcessDied | StreamClosed):
            self.timeline.apply(event)

    def not_started(self, error: OSError) -> None:
        self._failure = f"the run can't be started ({error.strerror})"

    def impossible(self, error: StreamError) -> None:
        """The stream is invalid, so it is followed no further."""
        self._failure = f"the run was ended because its observer reported something impossible: {error}"

    def not_read(self, error: OSError) -> None:
        self._failure = f"the run was ended because its observer's stream can't be read ({error.strerror})"

    def not_recorded(self, why: str) -> None:
        self._troubles.append(f"the recording is incomplete: it can't be written any further ({why})")
