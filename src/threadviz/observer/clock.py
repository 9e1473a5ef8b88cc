"""The run's clock."""

from time import monotonic_ns


class RunClock:
    """Nanoseconds since the run's origin, on the clock of `time.monotonic_ns()`, which all its processes share."""

    def __init__(self) -> None:
        self.start()

    def start(self) -> None:
        """Set the origin: now is zero."""
        self._origin = monotonic_ns()

    def __call__(self) -> int:
        """Return the time (ns)."""
        return monotonic_ns() - self._origin

    def when(self, monotonic: int) -> int:
        """Return a time that was read from `time.monotonic_ns()` as one of the run's, which has none below zero."""
        return max(0, monotonic - self._origin)
