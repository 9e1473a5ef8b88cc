"""The Chrome trace-event JSON, which Perfetto and speedscope read.

Each lane is a thread, and its segments are slices. Its tasks are slices of another thread below it, and its locations
are instants. A GIL is a thread above those of its process, and its holders are slices. What concerns the run as a whole
(its begin and end, a process that died, how many lanes run or wait) is in a process of its own. Times are microseconds
since the run's origin, which is a little before its begin, with three decimals, that is, to the ns.
"""

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping
from heapq import heappop, heappush, merge
from itertools import groupby, islice
from math import ulp
from operator import itemgetter
from types import MappingProxyType
from typing import Any, NamedTuple

from threadviz._version import __version__
from threadviz.analysis import outcome_of
from threadviz.presentation.summary import probe_limits
from threadviz.protocol.events import FREE, OPEN, State, TargetKind
from threadviz.text import count, seconds
from threadviz.timeline import STATES, GilTimeline, Lane, Role, Task, Timeline

# Counters: how many lanes are in a state at a time.

COUNTED: Mapping[State, str] = MappingProxyType(
    {
        State.RUNNING: "parallelism: running",
        State.READY: "runnable",
        State.GIL: "waiting for the GIL",
    }
)
"""The states that are counted, each with its counter's name."""

MOST_EXACT = 100_000
"""Up to this many segments are counted one by one; beyond that the counters are averages over BINS bins."""

BINS = 10_000

_INDICES = [STATES.index(state) for state in COUNTED]

CounterStep = tuple[int, list[tuple[State, float]]]
"""A moment (ns), and the counters that change then, with their new values."""


def bin_width(timeline: Timeline) -> int:
    """Return the length (ns) of the bins that the counters are averages over; 0 if they are exact."""
    if sum(lane.size for lane in timeline.lanes) <= MOST_EXACT:
        return 0
    return max(1, -(-timeline.now // BINS))


def counter_steps(timeline: Timeline) -> Iterator[CounterStep]:
    """Yield how many lanes are in each of COUNTED, plumbing included, whenever that changes; 0 at the end."""
    width = bin_width(timeline)
    return _averages(timeline, width) if width else _exact(timeline)


def _exact(timeline: Timeline) -> Iterator[CounterStep]:
    counts = dict.fromkeys(COUNTED, 0)
    yield 0, [*counts.items()]
    changes = merge(*map(_changes, timeline.lanes), key=itemgetter(0))
    for t, group in groupby(changes, key=itemgetter(0)):
        before = counts.copy()
        for _, state, by in group:
            counts[state] += by
        changed: list[tuple[State, float]] = [
            (state, number) for state, number in counts.items() if number != before[state]
        ]
        if changed:
            yield t, changed


def _changes(lane: Lane) -> Iterator[tuple[int, State, int]]:
    for segment in lane.segments():
        if segment.state in COUNTED:
            yield segment.start, segment.state, 1
            yield segment.end, segment.state, -1


def _averages(timeline: Timeline, width: int) -> Iterator[CounterStep]:
    number = -(-timeline.now // width)
    sums = [[0] * len(COUNTED) for _ in range(number)]
    for lane in timeline.lanes:
        for mine, binned in zip(sums, lane.binned(0, width, number), strict=True):
            for column, index in enumerate(_INDICES):
                mine[column] += binned[index]
    for index, mine in enumerate(sums):
        start = index * width
        length = min(width, timeline.now - start)
        yield start, [(state, round(ns / length, 3)) for state, ns in zip(COUNTED, mine, strict=True)]
    yield timeline.now, [(state, 0) for state in COUNTED]


# Tracks: the process and thread that everything is shown in.

OWN_IDS = 10_000_000
"""Tracks that are not threads of the run are numbered from here on: Linux has at most 4,194,304 processes."""

_MAX_ID = 2**31 - 1


class TraceTrack(NamedTuple):
    """A row of slices, which viewers show as a thread."""

    pid: int
    tid: int
    name: str


class TaskTrack(NamedTuple):
    """Tasks that do not overlap, as (start, end, task), in ns."""

    track: TraceTrack
    tasks: list[tuple[int, int, Task]]


class Tracks:
    """All tracks of a run, in the order in which they are shown. A lane keeps its process and thread id.

    If two threads had the same id, one after the other, or if viewers do not accept it, the lane gets a new one. So do
    the tracks that are not threads: GILs, rows of tasks, and `whole`, a process for what concerns the whole run.
    """

    def __init__(self, timeline: Timeline) -> None:
        lanes = timeline.lanes
        self._until = timeline.now
        taken = {number for lane in lanes for number in (lane.pid, lane.tid)}
        self._new_ids = (number for number in itertools.count(OWN_IDS) if number not in taken)
        self._threads = set[int]()
        self.whole = TraceTrack(next(self._new_ids), next(self._new_ids), "events")
        self.processes = {self.whole.pid: "the run as a whole"}
        self._pids: dict[int, int] = {}
        self.lanes: list[tuple[Lane, TraceTrack]] = []
        self.in_order = [self.whole]
        self.rows: list[TaskTrack] = []
        self._add_rows(
            self.whole.pid,
            "tasks that never started",
            ((task.submitted, self._end(task), task) for task in timeline.tasks if task.started is None),
        )
        self._add_rows(
            self.whole.pid,
            "tasks on no lane",
            self._elapsed(task for task in timeline.tasks if task.lane is None),
        )
        self.gil_timelines: list[tuple[GilTimeline, TraceTrack]] = []
        gil_timelines = list(timeline.gil_timelines)
        for lane in lanes:
            mine = [gil_timeline for gil_timeline in gil_timelines if gil_timeline.pid == lane.pid]
            gil_timelines = [gil_timeline for gil_timeline in gil_timelines if gil_timeline.pid != lane.pid]
            for gil_timeline in mine:
                self._add_gil(self._pid(timeline, lane), gil_timeline)
            self._add_lane(timeline, lane)

    def _add_gil(self, pid: int, gil_timeline: GilTimeline) -> None:
        name = f"GIL of interpreter {gil_timeline.interpreter}" if gil_timeline.interpreter else "GIL"
        track = TraceTrack(pid, next(self._new_ids), name)
        self.gil_timelines.append((gil_timeline, track))
        self.in_order.append(track)

    def _add_lane(self, timeline: Timeline, lane: Lane) -> None:
        track = TraceTrack(self._pid(timeline, lane), self._tid(lane), lane.name)
        self.lanes.append((lane, track))
        self.in_order.append(track)
        tasks = (timeline.task(number) for number in lane.tasks)
        self._add_rows(track.pid, f"{lane.name}: tasks", self._elapsed(tasks))

    def _add_rows(self, pid: int, name: str, tasks: Iterable[tuple[int, int, Task]]) -> None:
        """Put tasks into as few rows as needed, usually one."""
        rows: list[TaskTrack] = []
        ends: list[tuple[int, int]] = []
        for start, end, task in sorted(tasks, key=lambda each: each[:2]):
            if ends and ends[0][0] <= start:
                _, index = heappop(ends)
            else:
                index = len(rows)
                track = TraceTrack(pid, next(self._new_ids), f"{name} ({index + 1})" if index else name)
                rows.append(TaskTrack(track, []))
            rows[index].tasks.append((start, end, task))
            heappush(ends, (end, index))
        self.rows += rows
        self.in_order += [row.track for row in rows]

    def _elapsed(self, tasks: Iterable[Task]) -> Iterator[tuple[int, int, Task]]:
        for task in tasks:
            if task.started is not None:
                yield task.started, self._end(task), task

    def _end(self, task: Task) -> int:
        return self._until if task.finished is None else task.finished

    def _pid(self, timeline: Timeline, lane: Lane) -> int:
        pid = self._pids.get(lane.pid)
        if pid is None:
            pid = self._pids[lane.pid] = lane.pid if 0 < lane.pid <= _MAX_ID else next(self._new_ids)
            header = timeline.header
            if header.watches is not TargetKind.WORKLOAD:
                self.processes[pid] = lane.process_name
            elif lane.role is Role.LOOP:
                self.processes[pid] = f"{header.workload}, {header.mode}"
            else:
                self.processes[pid] = lane.name if lane.kind == "process" else lane.process
        return pid

    def _tid(self, lane: Lane) -> int:
        tid = lane.tid if 0 < lane.tid <= _MAX_ID and lane.tid not in self._threads else next(self._new_ids)
        self._threads.add(tid)
        return tid


_AT_A_TIME = 2000
"""How many events are written at a time."""

_ROUNDINGS = 4
"""How often a viewer may have rounded before it compares the end of a slice with the begin of the next."""

_HALF_A_NS = 0.0005
"""In microseconds."""

_COLOURS = {
    State.RUNNING: "thread_state_running",
    State.READY: "thread_state_runnable",
    State.GIL: "yellow",
    State.IO: "thread_state_iowait",
    State.LOCK: "thread_state_uninterruptible",
    State.SLEEP: "thread_state_sleeping",
    State.IDLE: "white",
    State.WAITING: "grey",
    State.UNKNOWN: "thread_state_unknown",
}
"""The colour names of chrome://tracing. Perfetto picks its own colours by the slices' names."""


def trace(timeline: Timeline, dropped: str = "") -> Iterator[str]:
    """Yield the trace as text, in ASCII."""
    about = _json({"displayTimeUnit": "ms", "otherData": _about(timeline, dropped)})
    yield f'{about[:-1]},"traceEvents":[\n'
    events = _events(timeline)
    separator = ""
    while some := [*islice(events, _AT_A_TIME)]:
        yield separator + ",\n".join(some)
        separator = ",\n"
    yield "\n]}\n"


def _about(timeline: Timeline, dropped: str) -> dict[str, Any]:
    header = timeline.header
    notes = [probe_limits(header), dropped]
    if width := bin_width(timeline):
        notes.append(f"The run has very many segments: its counters are averages over {seconds(width)} each.")
    if timeline.archived is not None:
        notes.append(
            f"{count(timeline.archived.threads, 'thread')} more came and went: no track or counter has them."
        )
    if any(lane.downsampled_until > lane.start for lane in timeline.lanes):
        notes.append(
            "The run is too long to be kept in full: slices with 'order_within_ns' have the right lengths, but their"
            " order within that many ns is not known."
        )
    return {
        "threadviz": __version__,
        "workload": header.workload,
        "mode": header.mode,
        "outcome": outcome_of(timeline).value,
        "python": timeline.python,
        "gil": timeline.gil,
        "cores": header.cores,
        "platform": header.platform,
        "probe": header.probe.name,
        "notes": [note for note in notes if note],
    }


def _events(timeline: Timeline) -> Iterator[str]:
    tracks = Tracks(timeline)
    yield from _names(tracks)
    yield from _moments(timeline, tracks.whole)
    yield from _counters(timeline, tracks.whole)
    for lane, track in tracks.lanes:
        yield from _segments(lane, track)
        yield from _locations(lane, track)
    for gil_timeline, track in tracks.gil_timelines:
        yield from _holds(timeline, gil_timeline, track)
    for row in tracks.rows:
        yield from _tasks(timeline, row)


def _names(tracks: Tracks) -> Iterator[str]:
    for index, (pid, name) in enumerate(tracks.processes.items()):
        yield _named("process", TraceTrack(pid, 0, name), index)
    for index, track in enumerate(tracks.in_order):
        yield _named("thread", track, index)


def _named(what: str, track: TraceTrack, index: int) -> str:
    where: dict[str, Any] = {"ph": "M", "ts": 0, "pid": track.pid}
    if what == "thread":
        where["tid"] = track.tid
    name = _json({"name": f"{what}_name", **where, "args": {"name": track.name}})
    return f"{name},\n{_json({'name': f'{what}_sort_index', **where, 'args': {'sort_index': index}})}"


def _moments(timeline: Timeline, whole: TraceTrack) -> Iterator[str]:
    """Yield the begin and end of the run, and the deaths of its processes, in the order of time."""
    moments: list[tuple[str, int | None, dict[str, Any]]] = [
        ("begin", timeline.begin, {}),
        ("end", timeline.end, {"error": timeline.error} if timeline.error else {}),
    ]
    moments += [(f"{died.who} died", died.t, {"pid": died.pid, "how": died.how}) for died in timeline.died]
    for name, t, args in sorted(
        ((name, t, args) for name, t, args in moments if t is not None), key=lambda each: each[1]
    ):
        yield _event("i", t, name, whole, cat="run", s="t", args=args)


def _counters(timeline: Timeline, whole: TraceTrack) -> Iterator[str]:
    for t, changed in counter_steps(timeline):
        for state, number in changed:
            yield _event("C", t, COUNTED[state], whole, args={"lanes": number})


def _segments(lane: Lane, track: TraceTrack) -> Iterator[str]:
    """Yield the segments of a lane. There may be a million: what segments of a kind share is encoded once."""
    downsampled_until, of_loop = lane.downsampled_until, lane.role is Role.LOOP
    encoded: dict[tuple[object, ...], str] = {}
    for segment in lane.segments():
        start, ns = segment.start, segment.end - segment.start
        place = lane.wait_target_at(start) if segment.call else ""
        if of_loop or place or start < downsampled_until:
            rest = _segment_rest(lane, track, segment.state, segment.call, segment.known, start, ns, place)
        else:
            kind = (segment.state, segment.call, segment.known)
            rest = encoded.get(kind) or encoded.setdefault(kind, _segment_rest(lane, track, *kind, start, ns))
        yield f'{{"ph":"X","ts":{_micros(start)},"dur":{_length(start, segment.end)},{rest}'


def _segment_rest(
    lane: Lane, track: TraceTrack, state: State, call: str, known: str, start: int, ns: int, place: str = ""
) -> str:
    """Return the JSON of a segment's slice after its times."""
    args: dict[str, Any] = {"known": known}
    if call:
        args["call"] = call
    if place:
        args["place"] = place
    if blocked := sum(lane.blocked_binned(start, ns, 1)[0]):
        args["loop_could_not_answer_ns"] = blocked
    if resolution := lane.resolution(start):
        args["order_within_ns"] = resolution
    where = {"pid": track.pid, "tid": track.tid}
    return _json({"name": state, "cat": "state", **where, "cname": _COLOURS[state], "args": args})[1:]


def _locations(lane: Lane, track: TraceTrack) -> Iterator[str]:
    """Yield the locations of a lane, each at the moment at which it was seen."""
    for t, function in lane.locations:
        yield _event("i", t, function, track, cat="stack", s="t", args={})


def _holds(timeline: Timeline, gil_timeline: GilTimeline, track: TraceTrack) -> Iterator[str]:
    """Yield who held the GIL; nothing where it was free or that was not seen."""
    names = {lane.number: lane.name for lane in timeline.lanes}
    for held in gil_timeline.segments():
        if held.holder in (FREE, OPEN):
            continue
        args: dict[str, Any] = {"known": held.known}
        if held.holder >= 0:
            args["lane"] = held.holder
        if resolution := gil_timeline.resolution(held.start):
            args["order_within_ns"] = resolution
        name = names.get(held.holder, "a thread without a lane")
        yield _event("X", held.start, name, track, end=held.end, cat="gil", args=args)


def _tasks(timeline: Timeline, row: TaskTrack) -> Iterator[str]:
    for start, end, task in row.tasks:
        more = {"cname": "terrible"} if task.error is not None else {}
        yield _event(
            "X", start, task.name, row.track, end=end, cat="task", **more, args=_task_args(timeline, task)
        )


def _task_args(timeline: Timeline, task: Task) -> dict[str, Any]:
    args: dict[str, Any] = {"task": task.number}
    if task.started is not None:
        args["queued_ns"] = task.started - task.submitted
        args["states_ns"] = timeline.task_states(task)
    if task.finished is None:
        args["unfinished"] = True
    elif task.error is not None:
        args["error"] = task.error
    else:
        args["result"] = task.result or ""
    return args


def _event(ph: str, t: int, name: str, track: TraceTrack, end: int | None = None, **more: Any) -> str:
    length = "" if end is None else f'"dur":{_length(t, end)},'
    rest = _json({"name": name, "pid": track.pid, "tid": track.tid, **more})[1:]
    return f'{{"ph":"{ph}","ts":{_micros(t)},{length}{rest}'


def _micros(ns: int) -> str:
    """Return microseconds as JSON, exactly."""
    return f"{ns // 1000}.{ns % 1000:03}"


def _length(start: int, end: int) -> str:
    """Return the length to the ns, less so little that a viewer that adds it to the start never exceeds the end.

    Viewers add in floats, which are not exact. Speedscope, for one, would then take the next slice for a part of this.
    """
    length, missing = (end - start) / 1000, _ROUNDINGS * ulp(end / 1000)
    return repr(length - missing) if length > missing < _HALF_A_NS else _micros(end - start)


_json = json.JSONEncoder(separators=(",", ":")).encode
