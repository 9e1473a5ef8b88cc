"""All about the lane that is picked: what it is, what it was in, its longest waits, its tasks."""

from collections.abc import Hashable, Iterator, Sequence
from itertools import islice

from textual.content import Content

from threadviz.findings.words import count, seconds
from threadviz.picture.brief import brief_seconds
from threadviz.picture.plain import printable
from threadviz.picture.tasks import Stage, task_row
from threadviz.timeline import Lane, Task
from threadviz.tui.scene import Row, Scene
from threadviz.tui.scene.arranging import is_program
from threadviz.tui.scene.shown import Shown
from threadviz.tui.widgets.about_head import about_head
from threadviz.tui.widgets.about_lane import about_lane, doing_then, has_ended
from threadviz.tui.widgets.following import Page, moment
from threadviz.tui.widgets.longest_waits import LongestWaits
from threadviz.tui.widgets.moments import at_end
from threadviz.tui.widgets.state_bars import state_lines, style_of
from threadviz.tui.widgets.wording import ALARM, FAINT, STRONG, beside, cut, filled, wrapped

_LAST_TASKS = 12
_GAP = 3
_TWO_COLUMNS, _THREE_COLUMNS = 100, 160
"""From this width on, the parts stand beside each other."""

_FIGURE = 7
_DOING = 17
"""So wide are a figure, and a state with a system call."""


class Details(Page):
    """The lane that is picked, or the head, as of the scene's present; and what a lane was in at the cursor."""

    def __init__(self, scene: Scene, *, plain: bool = False) -> None:
        super().__init__(scene, plain=plain)
        self._waits: LongestWaits | None = None

    def key(self) -> tuple[Hashable, ...]:
        """What the lines depend on; what takes long to find is found on the way."""
        row = self.scene.lane
        complete = True
        if row is not None and row.lane is not None:
            complete = self._look_for_waits(row.run, row.lane)
        else:
            self._waits = None
        return (*moment(self.scene, phase=0.6), row, self.scene.cursor, self.scene.task, complete)

    def lines(self, width: int) -> list[Content]:
        """The lines: below each other, or beside each other where there is room."""
        row = self.scene.lane
        if row is not None and row.head is not None:
            return [*about_head(self.scene, row.head, width, self.plain)]
        if row is None or row.lane is None:
            return wrapped(
                Content("No lane is picked: up and down pick one, and so does a click at it."), width
            )
        columns = 3 if width >= _THREE_COLUMNS else 2 if width >= _TWO_COLUMNS else 1
        room = (width - _GAP * (columns - 1)) // columns
        what = [
            *about_lane(self.scene, row, row.lane, room, self.plain),
            Content(),
            *self._states(row.run, row.lane, room),
        ]
        waits, tasks = [*self._longest(row, row.lane, room)], [*self._tasks(row.run, row.lane, room)]
        if columns == 1:
            return [*what, Content(), *waits, Content(), *tasks]
        blocks = [what, [*waits, Content(), *tasks]] if columns == 2 else [what, waits, tasks]
        return beside(blocks, [room] * columns, _GAP)

    @property
    def whole(self) -> bool:
        """Whether the longest waits were looked for everywhere."""
        return self._waits is None or self._waits.complete

    def _look_for_waits(self, run: Shown, lane: Lane) -> bool:
        until, waits = self.scene.until(run), self._waits
        if waits is None or waits.lane is not lane or waits.revision != lane.revision or until < waits.until:
            waits = self._waits = LongestWaits(lane, max(lane.start, self.scene.origin(run)))
        waits.look(until)
        return waits.complete

    def _states(self, run: Shown, lane: Lane, width: int) -> Iterator[Content]:
        until = self.scene.until(run)
        states = lane.states(self.scene.origin(run), until)
        life = sum(states.values())
        so_far = "" if has_ended(lane, until) or at_end(self.scene, run) else " so far"
        yield Content.styled(f"States, of its {seconds(life)}{so_far}", STRONG)
        yield from state_lines(states, width, self.plain)

    def _longest(self, row: Row, lane: Lane, width: int) -> Iterator[Content]:
        waits, origin = self._waits, self.scene.origin(row.run)
        if waits is None:
            return
        since = f", from {seconds(waits.since - origin)} on" if waits.since > max(lane.start, origin) else ""
        until = "" if waits.complete else f", as far as {seconds(waits.until - origin)}"
        yield Content.styled(f"Longest waits{since}{until}", STRONG)
        found = waits.found()
        if not found:
            yield Content.styled("none", FAINT)
            return
        for stretch in found:
            task = self.scene.task_at(row, stretch.start - origin)
            line = Content.assemble(
                f"{brief_seconds(stretch.end - stretch.start):>{_FIGURE}} ",
                filled(Content.styled(doing_then(stretch), style_of(stretch.state)), _DOING),
                (f" from {brief_seconds(max(0, stretch.start - origin)):<{_FIGURE}}", FAINT),
                f" {printable(task.name)}" if task else "",
            )
            yield cut(line, width, self.plain)

    def _tasks(self, run: Shown, lane: Lane, width: int) -> Iterator[Content]:
        until, timeline = self.scene.until(run), run.timeline
        if is_program(timeline) and not lane.tasks:
            return
        started = (timeline.task(number) for number in reversed(lane.tasks))
        there: Sequence[Task] = [
            *islice((t for t in started if t.started is not None and t.started <= until), _LAST_TASKS)
        ]
        more = ", the last of them below" if len(lane.tasks) > len(there) else ""
        yield Content.styled(f"{count(len(lane.tasks), 'task')}{more}", STRONG)
        for task in reversed(there):
            row = task_row(task, {}, (), until)
            style = (
                ALARM
                if row.stage is Stage.FAILED
                else "$text-warning"
                if row.stage is Stage.STARTED
                else FAINT
            )
            yield cut(
                Content.assemble(f"{row.elapsed:>{_FIGURE}} {row.name}  ", (row.came_out, style)),
                width,
                self.plain,
            )
