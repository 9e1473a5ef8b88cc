"""What is told of a run as a whole, beside its lanes and its tasks."""

from threadviz.events import Closed, Died, Ended, Header, ProcessSeen, Stacks, Tick, Untold
from threadviz.stream import StreamError
from threadviz.timeline.totals import Watching
from threadviz.vocabulary import Watches

NS_PER_S = 1_000_000_000


class Told:
    """Of all that there is one in a run the last word; and its processes. Times are ns since the run's origin."""

    def __init__(self) -> None:
        self.begin: int | None = None
        self.end: int | None = None
        self.error: str | None = None
        self.tick: Tick | None = None
        self.closed: Closed | None = None
        self.died: list[Died] = []
        self.processes: dict[int, ProcessSeen] = {}
        self.stacks: Stacks | None = None
        self.untold: Untold | None = None
        self._root: int | None = None
        self._header: Header | None = None

    @property
    def header(self) -> Header:
        """What is run, on what, and who watches. Raises StreamError before anything was applied."""
        if self._header is None:
            raise StreamError("the stream is empty")
        return self._header

    @property
    def begun(self) -> bool:
        """Whether its header is there."""
        return self._header is not None

    @property
    def root(self) -> int | None:
        """The process id of the subject, or of the program's first process; None until it is known."""
        return self._root

    @property
    def python(self) -> str:
        """The version of the subject's Python, or of that of the program's first process; empty where not known."""
        seen = self._seen_of_root
        return self.header.python if seen is None else seen.python

    @property
    def gil(self) -> bool | None:
        """Whether that Python has a GIL; None where it is not known."""
        seen = self._seen_of_root
        return self.header.gil if seen is None else seen.gil

    @property
    def _seen_of_root(self) -> ProcessSeen | None:
        """What was said of it, of a program; None of a workload's run, whose header has the last word."""
        of_program = self.header.watches is not Watches.WORKLOAD
        return self.processes.get(self._root or 0) if of_program else None

    @property
    def watching(self) -> Watching:
        """What the observer's last word on itself says of how it watched."""
        asked_hz, tick = self.header.probe.asked_hz, self.tick
        if tick is None or not tick.t:
            return Watching(asked_hz, 0.0, 0, 0, 0.0)
        return Watching(
            asked_hz, tick.rounds * NS_PER_S / tick.t, tick.rounds, tick.missed, tick.cpu_ns / tick.t
        )

    @property
    def _marks(self) -> list[int]:
        """Where sums are to stay exact, whatever is thinned."""
        return [t for t in (self.begin, self.end) if t is not None]

    def _tick(self, event: Tick) -> None:
        if self.tick is not None and event.t < self.tick.t:
            raise StreamError(f"a tick at {event.t} ns, after the one at {self.tick.t} ns")
        self.tick = event

    def _ended(self, event: Ended) -> None:
        if self.begin is None or event.t < self.begin:
            raise StreamError("the workload ends before it has begun")
        if self.end is not None:
            raise StreamError("the workload ends twice")
        self.end, self.error = event.t, event.error

    def _stacks(self, event: Stacks) -> None:
        if self.stacks is not None and event.t < self.stacks.t:
            raise StreamError(f"stacks at {event.t} ns, after those at {self.stacks.t} ns")
        self.stacks = event

    def _closed(self, event: Closed) -> None:
        self.closed = event
