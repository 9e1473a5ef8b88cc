"""Reads a run's events while the app draws."""

from collections import deque
from collections.abc import Iterator
from threading import Event, Thread

from threadviz.events import AnyEvent
from threadviz.launch import Launch, RecordingError
from threadviz.stream import StreamError

MAX_WAITING = 20_000
"""So many events may wait to be taken. Then reading waits, and in the end the observer, which keeps what it saw."""


class Reader:
    """Takes a launched run over: reads it to its end in a thread of its own, and leaves nothing of it then.

    All methods are for one and the same other thread.
    """

    def __init__(self, launch: Launch) -> None:
        self.error: StreamError | OSError | None = None
        self._launch = launch
        self._waiting: deque[AnyEvent] = deque()
        self._room = Event()
        self._closing = False
        self._thread = Thread(target=self._read, name="reader", daemon=True)
        self._thread.start()

    @property
    def waiting(self) -> int:
        """How many events wait to be taken."""
        return len(self._waiting)

    @property
    def ended(self) -> bool:
        """Whether no more will come than what waits, and nothing of the run is left. `error` says if it had to be."""
        return not self._thread.is_alive()

    def next(self) -> AnyEvent | None:
        """The next event that has come, if one has."""
        if not self._waiting:
            return None
        event = self._waiting.popleft()
        if len(self._waiting) <= MAX_WAITING // 2 and not self._room.is_set():
            self._room.set()
        return event

    def stop(self) -> None:
        """Have the run end. Does not wait for it: what is still said of it will come."""
        self._launch.stop()

    def wait(self, seconds: float) -> None:
        """Wait until no more will come, for so long at most."""
        self._thread.join(seconds)

    def close(self) -> None:
        """End the run at once, and the thread with it."""
        self._closing = True
        if not self.ended:
            self._launch.stop()  # so that nothing is waited for that may be said of its death
            self._launch.kill()
            self._room.set()
        self._thread.join()

    def _read(self) -> None:
        with self._launch as launch:
            try:
                for event in _events(launch):
                    self._waiting.append(event)
                    while len(self._waiting) >= MAX_WAITING and not self._closing:
                        self._await_room()
                    if self._closing:
                        return
            except (StreamError, OSError) as error:
                self.error = error

    def _await_room(self) -> None:
        self._room.clear()
        # An event that was taken just before left the room set in vain, so look again.
        if len(self._waiting) >= MAX_WAITING and not self._closing:
            self._room.wait()


def _events(launch: Launch) -> Iterator[AnyEvent]:
    """Yield the run's events to its end, even where what is kept of it can't be written any further."""
    try:
        yield from launch.events()
    except RecordingError:  # told to whoever wants to save it
        yield from launch.events()
