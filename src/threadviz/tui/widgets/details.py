"""All about the lane that is picked: what it is, what it was in, its longest waits, its tasks."""

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from heapq import heappush, heappushpop, nlargest
from itertools import islice

from textual.content import Content

from threadviz.analysis.metrics import SHORT_NS
from threadviz.presentation.summary import TaskStage, cannot, task_row
from threadviz.protocol.events import Evidence, NameSource, State
from threadviz.text import NS_PER_S, brief_seconds, count, percent, printable, seconds
from threadviz.timeline import GilTimeline, Lane, LaneSegment, Role, Task
from threadviz.tui.render.labels import name_of, python_of
from threadviz.tui.view import GroupHeader, GroupKind, Row, View, ViewedRun
from threadviz.tui.view.rows import is_program
from threadviz.tui.widgets.panel import (
    ALARM,
    FAINT,
    STRONG,
    ScrollPanel,
    moment_key,
    pad_to,
    side_by_side,
    state_bars,
    state_style,
    truncate,
    wrap,
)
from threadviz.tui.widgets.run_text import loop_is_slow, shows_end

# What lanes have in common that are below one head, in words.

_ABOUT = {
    GroupKind.IDLE: "They did next to nothing in the time that is in sight.",
    GroupKind.ENDED: "They have ended; others ended later, or lived for longer.",
    GroupKind.GONE: "They ended so long ago that nothing more is kept of each: they are in the sums.",
}


def about_head(view: View, head: GroupHeader, width: int, plain: bool) -> Iterator[Content]:
    """Yield the lines about a head and its lanes, as of the scene's present, each no wider than `width`."""
    run = head.key.run
    if head.key.kind is GroupKind.PROCESS and head.key.pid is not None:
        yield from _process(view, run, head.key.pid, width)
    else:
        number = len(head.lanes) + head.beyond
        yield Content.styled(f"{count(number, 'thread')}, put together", STRONG)
        yield from wrap(Content.styled(_ABOUT[head.key.kind], FAINT), width)
    if head.lanes:
        yield Content()
        yield from _states(view, run, head.lanes, width, plain)


def _process(view: View, run: ViewedRun, pid: int, width: int) -> Iterator[Content]:
    seen, timeline = run.timeline.processes.get(pid), run.timeline
    yield Content.assemble((name_of(seen), STRONG), f"  process {pid}")
    if seen is None:
        return
    parent = timeline.processes.get(seen.parent)
    words = [
        f"child of {name_of(parent)} {seen.parent}" if parent else f"parent {seen.parent}",
        *python_of(seen),
    ]
    yield from wrap(Content.styled(", ".join(words), FAINT), width)
    if seen.cannot:
        yield from wrap(Content(f"Not all can be told of it: {printable(seen.cannot)}."), width)
    origin, until = view.origin(run), view.until(run)
    for gil_timeline in timeline.gil_timelines:
        share = gil_timeline.shares(origin, until).held_share
        if gil_timeline.pid == pid and share is not None:
            which = f" of interpreter {gil_timeline.interpreter}" if gil_timeline.interpreter else ""
            yield from wrap(Content(f"Its GIL{which} was held for {percent(share)} of the time seen."), width)


def _states(
    view: View, run: ViewedRun, lanes: tuple[Lane, ...], width: int, plain: bool
) -> Iterator[Content]:
    """What its lanes were in, added up."""
    sums = Counter[State]()
    for lane in lanes:
        sums.update(lane.states(view.origin(run), view.until(run)))
    life = sums.total()
    if not life:
        return
    yield Content.styled(f"States, of the {seconds(life)} of its {count(len(lanes), 'lane')}", STRONG)
    yield from state_bars(sums, width, plain)


# What a lane is, and what it was in at a moment, in words.

_KNOWN = {
    Evidence.COUNTED: "counted by the kernel",
    Evidence.SAMPLED: "sampled",
    Evidence.SAID: "said by the subject",
    Evidence.INFERRED: "inferred from what others did",
}
_NAMED_BY = {
    NameSource.PROGRAM: "as the program says",
    NameSource.SYSTEM: "as the system has it",
    NameSource.STACKS: "as py-spy read it",
}
_ROLES = {
    Role.LOOP: "the event loop's thread",
    Role.WORKER: "a worker, which tasks run in",
    Role.THREAD: "a thread of the program",
    Role.PLUMBING: "plumbing: no task runs in it",
}


def about_lane(view: View, row: Row, lane: Lane, width: int, plain: bool) -> Iterator[Content]:
    """Yield the lines about `lane`, which is that of `row`, each no wider than `width`."""
    run, until = row.run, view.until(row.run)
    yield truncate(Content.assemble((printable(lane.name), STRONG), f"  {_ROLES[lane.role]}"), width, plain)
    yield from wrap(Content.styled(_who(run, lane), FAINT), width)
    begin = seconds(max(0, lane.start - view.origin(run)))
    lived = f"Alive since {begin}"
    if lane.end is not None and has_ended(lane, until):
        lived = f"Lived from {begin} to {seconds(max(0, lane.end - view.origin(run)))}"
    yield Content.styled(lived, FAINT)
    yield Content()
    yield from _now(view, row, lane, width)
    if lane.role is Role.LOOP:
        yield from _blocked(view, run, lane, width)
    for gil_timeline in run.timeline.gil_timelines:
        if gil_timeline.pid == lane.pid:
            yield from _held(view, run, lane, gil_timeline, width)
    if unseen := cannot(run.timeline.header):
        yield from wrap(Content.styled(unseen, FAINT), width)


def has_ended(lane: Lane, t: int) -> bool:
    """Whether a lane was gone by `t` (ns)."""
    return lane.end is not None and lane.end <= t


def doing_then(segment: LaneSegment) -> str:
    """What a stretch was spent in: its state, and the system call."""
    return printable(f"{segment.state} {segment.call}".rstrip())


def _who(run: ViewedRun, lane: Lane) -> str:
    """Which thread of which process it is, what it is called, and by whom."""
    who = f"{lane.kind}, pid {lane.pid}, tid {lane.tid}"
    if is_program(run.timeline):
        who = f"{printable(lane.process_name)}, {who}"
    if lane.thread_name != f"tid {lane.tid}":  # which stands in where there is none
        who += f", named {printable(lane.thread_name)}"
        who += f", {_NAMED_BY[lane.named_by]}" if lane.named_by is not None else ""
    return who


def _now(view: View, row: Row, lane: Lane, width: int) -> Iterator[Content]:
    """What the lane is in at the cursor, or at present."""
    run = row.run
    origin, until = view.origin(run), view.until(run)
    t = until - origin if view.cursor is None else view.cursor
    ended = shows_end(view, run)
    where = "At the cursor," if view.cursor is not None else "At the end," if ended else "Now, at"
    when = f"{where} {seconds(t)}:"
    segment = lane.at(origin + t) if origin + t <= until else None
    if segment is None:
        gone = has_ended(lane, min(until, origin + t))
        yield Content.assemble((f"{when} ", STRONG), "had ended" if gone else "not there")
        return
    end = (
        ("to the end" if ended else "so far")
        if segment.end >= until
        else f"until {seconds(segment.end - origin)}"
    )
    task = view.task_at(row, t)
    place = printable(lane.wait_target_at(origin + t))
    what = Content.assemble(
        (f"{when} ", STRONG),
        (doing_then(segment), state_style(segment.state)),
        (f" {place}", STRONG) if place else "",
        f" since {seconds(max(0, segment.start - origin))}, {end}, {_KNOWN[segment.known]}",
        f"; task {printable(task.name)}" if task else "",
        f" (in some order within {seconds(grain)})" if (grain := lane.resolution(origin + t)) else "",
    )
    yield from wrap(what, width)
    if (seen := lane.location_at(origin + t)) is not None:
        at, function = seen
        since = f", as py-spy first saw it at {seconds(max(0, at - origin))}"
        yield from wrap(Content.assemble("In ", (printable(function), STRONG), since), width)


def _held(view: View, run: ViewedRun, lane: Lane, gil_timeline: GilTimeline, width: int) -> Iterator[Content]:
    """For how much of its time the lane held a GIL, and how often that was handed to it."""
    origin, until = view.origin(run), view.until(run)
    held, taken = gil_timeline.held_by(lane.number, until)
    length = min(until, lane.end or until) - max(lane.start, origin)
    if not held or length <= 0:
        return
    often = f"{taken * NS_PER_S / length:.0f} times a second" if length >= SHORT_NS else count(taken, "time")
    which = f" of interpreter {gil_timeline.interpreter}" if gil_timeline.interpreter else ""
    text = f"It held the GIL{which} for {percent(held / length)} of its time, and was handed it {often}, at least."
    yield from wrap(Content(text), width)


def _blocked(view: View, run: ViewedRun, lane: Lane, width: int) -> Iterator[Content]:
    until = view.until(run)
    in_all, at_most = lane.blocked(until if run.timeline.end is None else min(until, run.timeline.end))
    text = f"It could not answer for {seconds(in_all)} in all, {seconds(at_most)} at a stretch."
    yield from wrap(Content.styled(text, ALARM if loop_is_slow(run.timeline, until) else ""), width)


# The longest waits of a lane, found bit by bit: it may have a million stretches.

MOST = 5
"""So many are kept."""

AT_ONCE = 2000
"""So many stretches are looked at in one go: it takes about 3 ms."""

_NO_WAITS = frozenset({State.RUNNING, State.IDLE, State.UNKNOWN})


class LongestWaits:
    """Of `lane`, from `since` (ns) on; that moves on where the lane is thinned before it was looked at.

    `until` is how far it was looked through for good, `complete` whether that is all there is to look through.
    """

    def __init__(self, lane: Lane, since: int) -> None:
        self.lane = lane
        self.since = since
        self.until = since
        self.complete = False
        self.revision = lane.revision
        self._settled: list[tuple[int, int, LaneSegment]] = []
        self._open: Sequence[LaneSegment] = ()

    def look(self, t: int) -> None:
        """Go on towards `t` (ns), which is not before `until`."""
        if self.until < self.lane.downsampled_until:
            self.since = self.until = self.lane.downsampled_until
        segments = list(islice(self.lane.segments(self.until, t), AT_ONCE))
        self.complete = len(segments) < AT_ONCE
        settled = min(self.lane.settled_until, t - 1)
        taken = 0
        for segment in segments[:-1]:  # the last one may go on
            if segment.end > settled:
                break
            self._take(segment)
            taken += 1
        self._open = segments[taken:]

    def found(self) -> list[LaneSegment]:
        """Return the longest, the very longest first."""
        waits = [segment for *_, segment in self._settled]
        waits += [segment for segment in self._open if segment.state not in _NO_WAITS]
        return nlargest(MOST, waits, key=lambda segment: segment.end - segment.start)

    def _take(self, segment: LaneSegment) -> None:
        self.until = segment.end
        if segment.state in _NO_WAITS:
            return
        item = (segment.end - segment.start, -segment.start, segment)
        if len(self._settled) < MOST:
            heappush(self._settled, item)
        else:
            heappushpop(self._settled, item)


_LAST_TASKS = 12
_GAP = 3
_TWO_COLUMNS, _THREE_COLUMNS = 100, 160
"""From this width on, the parts stand beside each other."""

_FIGURE = 7
_DOING = 17
"""So wide are a figure, and a state with a system call."""


class DetailsPanel(ScrollPanel):
    """The lane that is picked, or the head, as of the scene's present; and what a lane was in at the cursor."""

    def __init__(self, view: View, *, plain: bool = False) -> None:
        super().__init__(view, plain=plain)
        self._waits: LongestWaits | None = None

    def key(self) -> tuple[Hashable, ...]:
        """What the lines depend on; what takes long to find is found on the way."""
        row = self.view.selected_row
        complete = True
        if row is not None and row.lane is not None:
            complete = self._look_for_waits(row.run, row.lane)
        else:
            self._waits = None
        return (*moment_key(self.view, phase=0.6), row, self.view.cursor, self.view.selected_task, complete)

    def lines(self, width: int) -> list[Content]:
        """The lines: below each other, or beside each other where there is room."""
        row = self.view.selected_row
        if row is not None and row.head is not None:
            return [*about_head(self.view, row.head, width, self.plain)]
        if row is None or row.lane is None:
            return wrap(Content("No lane is picked: up and down pick one, and so does a click at it."), width)
        columns = 3 if width >= _THREE_COLUMNS else 2 if width >= _TWO_COLUMNS else 1
        room = (width - _GAP * (columns - 1)) // columns
        what = [
            *about_lane(self.view, row, row.lane, room, self.plain),
            Content(),
            *self._states(row.run, row.lane, room),
        ]
        waits, tasks = [*self._longest(row, row.lane, room)], [*self._tasks(row.run, row.lane, room)]
        if columns == 1:
            return [*what, Content(), *waits, Content(), *tasks]
        blocks = [what, [*waits, Content(), *tasks]] if columns == 2 else [what, waits, tasks]
        return side_by_side(blocks, [room] * columns, _GAP)

    @property
    def whole(self) -> bool:
        """Whether the longest waits were looked for everywhere."""
        return self._waits is None or self._waits.complete

    def _look_for_waits(self, run: ViewedRun, lane: Lane) -> bool:
        until, waits = self.view.until(run), self._waits
        if waits is None or waits.lane is not lane or waits.revision != lane.revision or until < waits.until:
            waits = self._waits = LongestWaits(lane, max(lane.start, self.view.origin(run)))
        waits.look(until)
        return waits.complete

    def _states(self, run: ViewedRun, lane: Lane, width: int) -> Iterator[Content]:
        until = self.view.until(run)
        states = lane.states(self.view.origin(run), until)
        life = sum(states.values())
        so_far = "" if has_ended(lane, until) or shows_end(self.view, run) else " so far"
        yield Content.styled(f"States, of its {seconds(life)}{so_far}", STRONG)
        yield from state_bars(states, width, self.plain)

    def _longest(self, row: Row, lane: Lane, width: int) -> Iterator[Content]:
        waits, origin = self._waits, self.view.origin(row.run)
        if waits is None:
            return
        since = f", from {seconds(waits.since - origin)} on" if waits.since > max(lane.start, origin) else ""
        until = "" if waits.complete else f", as far as {seconds(waits.until - origin)}"
        yield Content.styled(f"Longest waits{since}{until}", STRONG)
        found = waits.found()
        if not found:
            yield Content.styled("none", FAINT)
            return
        for segment in found:
            task = self.view.task_at(row, segment.start - origin)
            line = Content.assemble(
                f"{brief_seconds(segment.end - segment.start):>{_FIGURE}} ",
                pad_to(Content.styled(doing_then(segment), state_style(segment.state)), _DOING),
                (f" from {brief_seconds(max(0, segment.start - origin)):<{_FIGURE}}", FAINT),
                f" {printable(task.name)}" if task else "",
            )
            yield truncate(line, width, self.plain)

    def _tasks(self, run: ViewedRun, lane: Lane, width: int) -> Iterator[Content]:
        until, timeline = self.view.until(run), run.timeline
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
                if row.stage is TaskStage.FAILED
                else "$text-warning"
                if row.stage is TaskStage.STARTED
                else FAINT
            )
            yield truncate(
                Content.assemble(f"{row.elapsed:>{_FIGURE}} {row.name}  ", (row.came_out, style)),
                width,
                self.plain,
            )
