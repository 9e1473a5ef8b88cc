"""All about the lane that is picked: what it is, what it was in, its longest waits, its tasks."""

from collections.abc import Hashable, Iterator, Sequence
from itertools import islice

from textual.content import Content

from threadviz.events import Known
from threadviz.findings.words import count, seconds
from threadviz.picture.brief import brief_percent, brief_seconds
from threadviz.picture.heading import cannot
from threadviz.picture.plain import printable
from threadviz.picture.strip import Mark
from threadviz.picture.tasks import Stage, task_row
from threadviz.timeline import Lane, Role, Stretch, Task
from threadviz.tui.drawing.colours import variable
from threadviz.tui.scene import Row, Scene
from threadviz.tui.scene.scene import Shown
from threadviz.tui.widgets.bars import bar
from threadviz.tui.widgets.following import Page, moment
from threadviz.tui.widgets.longest_waits import LongestWaits
from threadviz.tui.widgets.loop import loop_is_slow
from threadviz.tui.widgets.moments import at_end
from threadviz.tui.widgets.wording import ALARM, FAINT, STRONG, beside, cut, filled, wrapped

_KNOWN = {Known.COUNTED: "counted by the kernel", Known.SAMPLED: "sampled", Known.SAID: "said by the subject"}
_ROLES = {
    Role.LOOP: "the event loop's thread",
    Role.WORKER: "a worker, which tasks run in",
    Role.PLUMBING: "plumbing: no task runs in it",
}
_LAST_TASKS = 12
_GAP = 3
_TWO_COLUMNS, _THREE_COLUMNS = 100, 160
"""From this width on, the parts stand beside each other."""

_STATE = 8
_FIGURE = 7
_DOING = 17
"""So wide are a figure, and a state with a system call."""


class Details(Page):
    """The lane that is picked, as of the scene's present; and what it was in at the cursor."""

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
        if row is None or row.lane is None:
            return wrapped(
                Content("No lane is picked: up and down pick one, and so does a click at it."), width
            )
        columns = 3 if width >= _THREE_COLUMNS else 2 if width >= _TWO_COLUMNS else 1
        room = (width - _GAP * (columns - 1)) // columns
        what = [*self._what(row, row.lane, room), Content(), *self._states(row.run, row.lane, room)]
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

    def _what(self, row: Row, lane: Lane, width: int) -> Iterator[Content]:
        run, until = row.run, self.scene.until(row.run)
        name = printable(lane.name)
        yield cut(Content.assemble((name, STRONG), f"  {_ROLES[lane.role]}"), width, self.plain)
        who = f"{lane.kind}, pid {lane.pid}, tid {lane.tid}"
        if lane.own_name != f"tid {lane.tid}":  # which stands in where there is none
            who += f", named {printable(lane.own_name)}"
        yield from wrapped(Content.styled(who, FAINT), width)
        begin = seconds(max(0, lane.start - self.scene.origin(run)))
        lived = f"Alive since {begin}"
        if lane.end is not None and _has_ended(lane, until):
            lived = f"Lived from {begin} to {seconds(max(0, lane.end - self.scene.origin(run)))}"
        yield Content.styled(lived, FAINT)
        yield Content()
        yield from self._now(row, lane, width)
        if lane.role is Role.LOOP:
            yield from self._blocked(run, lane, width)
        if unseen := cannot(run.timeline.header):
            yield from wrapped(Content.styled(unseen, FAINT), width)

    def _now(self, row: Row, lane: Lane, width: int) -> Iterator[Content]:
        """What the lane is in at the cursor, or at present."""
        scene, run = self.scene, row.run
        origin, until = scene.origin(run), scene.until(run)
        t = until - origin if scene.cursor is None else scene.cursor
        ended = at_end(scene, run)
        where = "At the cursor," if scene.cursor is not None else "At the end," if ended else "Now, at"
        when = f"{where} {seconds(t)}:"
        stretch = lane.at(origin + t) if origin + t <= until else None
        if stretch is None:
            gone = _has_ended(lane, min(until, origin + t))
            yield Content.assemble((f"{when} ", STRONG), "had ended" if gone else "not there")
            return
        end = (
            ("to the end" if ended else "so far")
            if stretch.end >= until
            else f"until {seconds(stretch.end - origin)}"
        )
        task = scene.task_at(row, t)
        what = Content.assemble(
            (f"{when} ", STRONG),
            (_doing(stretch), _style(stretch.state)),
            f" since {seconds(max(0, stretch.start - origin))}, {end}, {_KNOWN[stretch.known]}",
            f"; task {printable(task.name)}" if task else "",
            f" (in some order within {seconds(grain)})" if (grain := lane.grain(origin + t)) else "",
        )
        yield from wrapped(what, width)

    def _blocked(self, run: Shown, lane: Lane, width: int) -> Iterator[Content]:
        until = self.scene.until(run)
        in_all, at_most = lane.blocked(until if run.timeline.end is None else min(until, run.timeline.end))
        text = f"It could not answer for {seconds(in_all)} in all, {seconds(at_most)} at a stretch."
        yield from wrapped(Content.styled(text, ALARM if loop_is_slow(run.timeline, until) else ""), width)

    def _states(self, run: Shown, lane: Lane, width: int) -> Iterator[Content]:
        until = self.scene.until(run)
        states = lane.states(self.scene.origin(run), until)
        life = sum(states.values())
        so_far = "" if _has_ended(lane, until) or at_end(self.scene, run) else " so far"
        yield Content.styled(f"States, of its {seconds(life)}{so_far}", STRONG)
        cells = min(40, width - _STATE - 2 * (_FIGURE + 1) - 2)
        for state, ns in sorted(states.items(), key=lambda item: -item[1]):
            drawn = bar(ns / life, max(1, cells), self.plain)
            yield Content.assemble(
                (state.value.ljust(_STATE), _style(state)),
                f"{brief_seconds(ns):>{_FIGURE}} {brief_percent(ns / life):>{_FIGURE}}  ",
                (drawn, _style(state)),
            )

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
                filled(Content.styled(_doing(stretch), _style(stretch.state)), _DOING),
                (f" from {brief_seconds(max(0, stretch.start - origin)):<{_FIGURE}}", FAINT),
                f" {printable(task.name)}" if task else "",
            )
            yield cut(line, width, self.plain)

    def _tasks(self, run: Shown, lane: Lane, width: int) -> Iterator[Content]:
        until, timeline = self.scene.until(run), run.timeline
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


def _has_ended(lane: Lane, t: int) -> bool:
    return lane.end is not None and lane.end <= t


def _doing(stretch: Stretch) -> str:
    return printable(f"{stretch.state} {stretch.call}".rstrip())


def _style(mark: Mark) -> str:
    return f"${variable(mark)}"
