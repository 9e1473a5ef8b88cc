"""All lanes, found by number, by thread and by process."""

from collections import defaultdict
from collections.abc import Collection, Iterator

from threadviz.protocol.codec import StreamError
from threadviz.timeline.lane import Lane, Thread


class Threads:
    """All lanes. A thread id can be reused; its lanes then follow each other in time.

    `reordered` is set whenever the order may change in which the lanes are shown.
    """

    def __init__(self) -> None:
        self.reordered = False
        self._by_number: dict[int, Lane] = {}
        self._by_thread: defaultdict[Thread, list[Lane]] = defaultdict(list)
        self._by_process: defaultdict[int, dict[int, Lane]] = defaultdict(dict)
        self._highest = -1

    def __len__(self) -> int:
        return len(self._by_number)

    def __iter__(self) -> Iterator[Lane]:
        return iter(self._by_number.values())

    def add(self, lane: Lane) -> None:
        """Add a lane. Raises StreamError if its number or its thread is taken."""
        if lane.number in self._by_number:
            raise StreamError(f"lane {lane.number} starts twice")
        for earlier in self._by_thread.get(lane.thread, ()):
            if earlier.end is None or earlier.end > lane.start:
                raise StreamError(
                    f"lane {lane.number} is thread {lane.tid} of process {lane.pid},"
                    f" and so is lane {earlier.number}, which has not ended then"
                )
        self._by_number[lane.number] = lane
        self._by_thread[lane.thread].append(lane)
        self._by_process[lane.pid][lane.number] = lane
        self._highest = max(self._highest, lane.number)
        self.reordered = True

    def remove(self, lane: Lane) -> None:
        self.reordered = True
        same_thread, same_process = self._by_thread[lane.thread], self._by_process[lane.pid]
        same_thread.remove(lane)
        if not same_thread:
            del self._by_thread[lane.thread]
        del self._by_number[lane.number], same_process[lane.number]
        if not same_process:
            del self._by_process[lane.pid]

    def find(self, number: int) -> Lane:
        """Return the lane with this number. Raises StreamError."""
        lane = self._by_number.get(number)
        if lane is None:
            raise StreamError(
                f"lane {number} {'ended long ago' if self.was_started(number) else 'was never started'}"
            )
        return lane

    def was_started(self, number: int) -> bool:
        """Whether a lane with this number may have existed."""
        return number <= self._highest

    def at(self, thread: Thread, t: int) -> Lane | None:
        """Return the lane of this thread as of `t` (ns), also if it was first seen a little later."""
        lanes = self._by_thread.get(thread, ())
        return next((lane for lane in lanes if lane.end is None or lane.end >= t), None)

    def of_process(self, pid: int) -> Collection[Lane]:
        """Return the lanes of a process, in order of appearance."""
        return self._by_process.get(pid, {}).values()

    def main_of(self, pid: int) -> Lane | None:
        """Return the lane of a process's main thread."""
        lanes = self._by_thread.get((pid, pid))
        return lanes[-1] if lanes else None
