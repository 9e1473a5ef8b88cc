"""Details of the selected lane (what it is, its states, its longest waits, its tasks) or of the selected group."""

from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from heapq import nlargest
from itertools import islice, takewhile

from textual.content import Content

from threadviz.analysis.metrics import SHORT_NS
from threadviz.presentation.styles import EVIDENCE_LABELS
from threadviz.presentation.summary import TaskStage, probe_limits, task_row
from threadviz.protocol.events import NameSource, State
from threadviz.text import NS_PER_S, brief_seconds, count, percent, printable, seconds
from threadviz.timeline import GilTimeline, Lane, LaneSegment, Role
from threadviz.tui.render.labels import name_of, python_of
from threadviz.tui.view.rows import GroupHeader, GroupKind, Row, ViewedRun, is_program
from threadviz.tui.view.view import View
from threadviz.tui.widgets.panel import ScrollPanel, moment_key
from threadviz.tui.widgets.run_text import loop_is_slow, segment_text, shows_end
from threadviz.tui.widgets.text_lines import (
    ALARM,
    FAINT,
    STRONG,
    pad_to,
    side_by_side,
    state_bars,
    state_style,
    truncate,
    wrap,
)

# The longest waits of a lane, which may have a million segments

MOST = 5
"""Number of waits that are kept."""

AT_ONCE = 2000
"""Number of segments that are searched in one frame. It takes about 3 ms."""

_NO_WAITS = frozenset({State.RUNNING, State.IDLE, State.UNKNOWN})


class LongestWaits:
    """Finds the longest waits of `lane` from `since` (ns) on, some segments at a time.

    `since` moves on if the lane is downsampled before it was searched. The settled segments are searched up to `until`
    (ns). `complete` says whether nothing is left to search.
    """

    def __init__(self, lane: Lane, since: int) -> None:
        self.lane = lane
        self.since = since
        self.until = since
        self.complete = False
        self.revision = lane.revision
        self._settled: Sequence[LaneSegment] = ()
        self._open: Sequence[LaneSegment] = ()

    def search(self, t: int) -> None:
        """Continue towards `t` (ns), which is not before `until`."""
        if self.until < self.lane.downsampled_until:
            self.since = self.until = self.lane.downsampled_until
        segments = list(islice(self.lane.segments(self.until, t), AT_ONCE))
        self.complete = len(segments) < AT_ONCE
        settled_until = min(self.lane.settled_until, t - 1)
        # The last segment may continue.
        settled = [*takewhile(lambda segment: segment.end <= settled_until, segments[:-1])]
        if settled:
            self.until = settled[-1].end
        self._settled, self._open = _longest([*self._settled, *settled]), segments[len(settled) :]

    def found(self) -> list[LaneSegment]:
        """Return the longest waits, the longest first."""
        return _longest([*self._settled, *self._open])


def _longest(segments: Sequence[LaneSegment]) -> list[LaneSegment]:
    waits = (segment for segment in segments if segment.state not in _NO_WAITS)
    return nlargest(MOST, waits, key=lambda segment: segment.end - segment.start)


# The panel

_LAST_TASKS = 12
_GAP = 3
_COLUMNS = ((160, 3), (100, 2), (0, 1))
"""From each width on, the parts stand in this many columns."""

_FIGURE = 7
_SEGMENT = 17

_GROUPS = {
    GroupKind.IDLE: "They did next to nothing in the time that is in sight.",
    GroupKind.ENDED: "They have ended; others ended later, or lived for longer.",
    GroupKind.GONE: "They ended so long ago that nothing more is kept of each: they are in the sums.",
}
_NAME_SOURCES = {
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
_STAGE_STYLES = {TaskStage.FAILED: ALARM, TaskStage.STARTED: "$text-warning"}


class DetailsPanel(ScrollPanel):
    """The selected lane or group as of the playhead, and what a lane was doing at the cursor."""

    def __init__(self, view: View) -> None:
        super().__init__(view)
        self._waits: LongestWaits | None = None

    @property
    def whole(self) -> bool:
        """Whether the search for the longest waits is complete."""
        return self._waits is None or self._waits.complete

    def key(self) -> tuple[Hashable, ...]:
        """Return what the lines depend on. Each call continues the search for the longest waits."""
        row = self.view.selected_row
        if row is None or row.lane is None:
            self._waits = None
        else:
            self._search_waits(row.run, row.lane)
        return (*moment_key(self.view, phase=0.6), row, self.view.cursor, self.view.selected_task, self.whole)

    def lines(self, width: int) -> list[Content]:
        row = self.view.selected_row
        if row is not None and row.head is not None:
            return [*self._group(row.head, width)]
        if row is None or row.lane is None:
            return wrap(Content("No lane is selected: up and down select one, and so does a click."), width)
        columns = next(columns for least, columns in _COLUMNS if width >= least)
        room = (width - _GAP * (columns - 1)) // columns
        what = [*self._lane(row, row.lane, room), Content(), *self._states(row.run, row.lane, room)]
        waits, tasks = [*self._longest_waits(row, row.lane, room)], [*self._tasks(row.run, row.lane, room)]
        if columns == 1:
            return [*what, Content(), *waits, Content(), *tasks]
        blocks = [what, [*waits, Content(), *tasks]] if columns == 2 else [what, waits, tasks]
        return side_by_side(blocks, [room] * columns, _GAP)

    def _search_waits(self, run: ViewedRun, lane: Lane) -> None:
        until, waits = self.view.until(run), self._waits
        if waits is None or waits.lane is not lane or waits.revision != lane.revision or until < waits.until:
            waits = self._waits = LongestWaits(lane, max(lane.start, self.view.origin(run)))
        waits.search(until)

    # A group

    def _group(self, head: GroupHeader, width: int) -> Iterator[Content]:
        run = head.key.run
        if head.key.kind is GroupKind.PROCESS and head.key.pid is not None:
            yield from self._process(run, head.key.pid, width)
        else:
            number = len(head.lanes) + head.beyond
            yield Content.styled(f"{count(number, 'thread')}, grouped", STRONG)
            yield from wrap(Content.styled(_GROUPS[head.key.kind], FAINT), width)
        states = Counter[State]()
        for lane in head.lanes:
            states.update(lane.states(self.view.origin(run), self.view.until(run)))
        if head.lanes:
            yield Content()
        if life := states.total():
            lanes = count(len(head.lanes), "lane")
            yield Content.styled(f"States, of the {seconds(life)} of its {lanes}", STRONG)
            yield from state_bars(states, width, self.ascii_only)

    def _process(self, run: ViewedRun, pid: int, width: int) -> Iterator[Content]:
        process, timeline = run.timeline.processes.get(pid), run.timeline
        yield Content.assemble((name_of(process), STRONG), f"  process {pid}")
        if process is None:
            return
        parent = timeline.processes.get(process.parent)
        relation = f"child of {name_of(parent)}" if parent else "parent"
        about = ", ".join([f"{relation} {process.parent}", *python_of(process)])
        yield from wrap(Content.styled(about, FAINT), width)
        if process.cannot:
            yield from wrap(Content(f"Not everything is known of it: {printable(process.cannot)}."), width)
        for gil_timeline in timeline.gil_timelines:
            share = gil_timeline.shares(self.view.origin(run), self.view.until(run)).held_share
            if gil_timeline.pid == pid and share is not None:
                text = f"Its {_gil(gil_timeline)} was held for {percent(share)} of the time seen."
                yield from wrap(Content(text), width)

    # A lane

    def _lane(self, row: Row, lane: Lane, width: int) -> Iterator[Content]:
        run, until, origin = row.run, self.view.until(row.run), self.view.origin(row.run)
        heading = Content.assemble((printable(lane.name), STRONG), f"  {_ROLES[lane.role]}")
        yield truncate(heading, width, self.ascii_only)
        yield from wrap(Content.styled(_thread(run, lane), FAINT), width)
        begin = seconds(max(0, lane.start - origin))
        life = f"Alive since {begin}"
        if lane.end is not None and _has_ended(lane, until):
            life = f"Lived from {begin} to {seconds(max(0, lane.end - origin))}"
        yield Content.styled(life, FAINT)
        yield Content()
        yield from self._activity(row, lane, width)
        if lane.role is Role.LOOP:
            total, longest = lane.blocked(until if run.timeline.end is None else min(until, run.timeline.end))
            text = f"It could not answer for {seconds(total)} in all, {seconds(longest)} at a stretch."
            yield from wrap(Content.styled(text, ALARM if loop_is_slow(run.timeline, until) else ""), width)
        for gil_timeline in run.timeline.gil_timelines:
            held, taken = gil_timeline.held_by(lane.number, until)
            length = min(until, lane.end or until) - max(lane.start, origin)
            if gil_timeline.pid == lane.pid and held and length > 0:
                rate = f"{taken * NS_PER_S / length:.0f} times a second"
                often = rate if length >= SHORT_NS else count(taken, "time")
                share = f"held the {_gil(gil_timeline)} for {percent(held / length)} of its time"
                yield from wrap(Content(f"It {share}, and was handed it {often}, at least."), width)
        if unseen := probe_limits(run.timeline.header):
            yield from wrap(Content.styled(unseen, FAINT), width)

    def _activity(self, row: Row, lane: Lane, width: int) -> Iterator[Content]:
        """Yield what the lane is doing at the cursor, or at the playhead."""
        view, run = self.view, row.run
        origin, until, ended = view.origin(run), view.until(run), shows_end(view, run)
        t = until - origin if view.cursor is None else view.cursor
        where = "At the cursor," if view.cursor is not None else "At the end," if ended else "Now, at"
        when = (f"{where} {seconds(t)}: ", STRONG)
        segment = lane.at(origin + t) if origin + t <= until else None
        if segment is None:
            gone = _has_ended(lane, min(until, origin + t))
            yield Content.assemble(when, "had ended" if gone else "not there")
            return
        end = "to the end" if ended else "so far"
        if segment.end < until:
            end = f"until {seconds(segment.end - origin)}"
        task = view.task_at(row, t)
        wait_target = printable(lane.wait_target_at(origin + t))
        resolution = lane.resolution(origin + t)
        what = Content.assemble(
            when,
            (segment_text(segment), state_style(segment.state)),
            (f" {wait_target}", STRONG) if wait_target else "",
            f" since {seconds(max(0, segment.start - origin))}, {end}, {EVIDENCE_LABELS[segment.known]}",
            f"; task {printable(task.name)}" if task else "",
            f" (in some order within {seconds(resolution)})" if resolution else "",
        )
        yield from wrap(what, width)
        if (located := lane.location_at(origin + t)) is not None:
            at, function = located
            since = f", as py-spy first saw it at {seconds(max(0, at - origin))}"
            yield from wrap(Content.assemble("In ", (printable(function), STRONG), since), width)

    def _states(self, run: ViewedRun, lane: Lane, width: int) -> Iterator[Content]:
        until = self.view.until(run)
        states = lane.states(self.view.origin(run), until)
        so_far = "" if _has_ended(lane, until) or shows_end(self.view, run) else " so far"
        yield Content.styled(f"States, of its {seconds(sum(states.values()))}{so_far}", STRONG)
        yield from state_bars(states, width, self.ascii_only)

    def _longest_waits(self, row: Row, lane: Lane, width: int) -> Iterator[Content]:
        waits, origin = self._waits, self.view.origin(row.run)
        if waits is None:
            return
        since = f", from {seconds(waits.since - origin)} on" if waits.since > max(lane.start, origin) else ""
        until = "" if waits.complete else f", as far as {seconds(waits.until - origin)}"
        yield Content.styled(f"Longest waits{since}{until}", STRONG)
        found = waits.found()
        if not found:
            yield Content.styled("none", FAINT)
        for segment in found:
            task = self.view.task_at(row, segment.start - origin)
            line = Content.assemble(
                f"{brief_seconds(segment.end - segment.start):>{_FIGURE}} ",
                pad_to(Content.styled(segment_text(segment), state_style(segment.state)), _SEGMENT),
                (f" from {brief_seconds(max(0, segment.start - origin)):<{_FIGURE}}", FAINT),
                f" {printable(task.name)}" if task else "",
            )
            yield truncate(line, width, self.ascii_only)

    def _tasks(self, run: ViewedRun, lane: Lane, width: int) -> Iterator[Content]:
        until, timeline = self.view.until(run), run.timeline
        if is_program(timeline) and not lane.tasks:
            return
        latest_first = (timeline.task(number) for number in reversed(lane.tasks))
        started = (task for task in latest_first if task.started is not None and task.started <= until)
        tasks = list(islice(started, _LAST_TASKS))
        more = ", the last of them below" if len(lane.tasks) > len(tasks) else ""
        yield Content.styled(f"{count(len(lane.tasks), 'task')}{more}", STRONG)
        for task in reversed(tasks):
            summary = task_row(task, {}, (), until)
            outcome = (summary.outcome, _STAGE_STYLES.get(summary.stage, FAINT))
            line = Content.assemble(f"{summary.elapsed:>{_FIGURE}} {summary.name}  ", outcome)
            yield truncate(line, width, self.ascii_only)


def _has_ended(lane: Lane, t: int) -> bool:
    return lane.end is not None and lane.end <= t


def _gil(gil_timeline: GilTimeline) -> str:
    return f"GIL of interpreter {gil_timeline.interpreter}" if gil_timeline.interpreter else "GIL"


def _thread(run: ViewedRun, lane: Lane) -> str:
    """Return which thread of which process the lane is, what it is named, and by whom."""
    text = f"{lane.kind}, pid {lane.pid}, tid {lane.tid}"
    if is_program(run.timeline):
        text = f"{printable(lane.process_name)}, {text}"
    if lane.thread_name != f"tid {lane.tid}":  # the substitute for a missing name
        text += f", named {printable(lane.thread_name)}"
        text += f", {_NAME_SOURCES[lane.named_by]}" if lane.named_by is not None else ""
    return text
