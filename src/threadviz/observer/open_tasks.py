"""What the observer must know of the tasks itself: which are open when the run ends without them."""

from collections.abc import Iterator

from threadviz.events import Event, Finished, Submitted


class OpenTasks:
    """The tasks that were submitted and are not over, out of `tasks` that the run was to have."""

    def __init__(self, tasks: int) -> None:
        self._tasks = tasks
        self._submitted = 0
        self._open: dict[int, None] = {}

    def __bool__(self) -> bool:
        return bool(self._open)

    def note(self, event: Event) -> None:
        """Take in one event of the subject."""
        if isinstance(event, Submitted):
            self._submitted += 1
            self._open[event.task] = None
        elif isinstance(event, Finished):
            self._open.pop(event.task, None)

    def fail_all(self, t: int, error: str) -> Iterator[Finished]:
        """Yield, for each open task, that it failed at `t` (ns) with `error`; none is open then."""
        for task in self._open:
            yield Finished(t, task, error=error)
        self._open.clear()

    def unsubmitted(self) -> str:
        """Return the end of a sentence that says how many tasks were never submitted, empty where all were."""
        missing = self._tasks - self._submitted
        return f"; {missing} of {self._tasks} tasks were never submitted" if missing else ""
