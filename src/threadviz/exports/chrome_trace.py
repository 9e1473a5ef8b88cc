"""The Chrome trace-event JSON, which Perfetto and speedscope read.

Each lane is a thread, and its segments are slices. Its tasks are slices of another thread below it, and its locations
are instants. A GIL is a thread above those of its process, and its holders are slices. What concerns the run as a whole
(its begin and end, a process that died, how many lanes run or wait) is in a process of its own. Times are microseconds
since the run's origin, which is a little before its begin, with three decimals, that is, to the ns.
"""

import itertools
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from heapq import heappop, heappush, merge
from itertools import groupby, islice
from math import ulp
from operator import itemgetter
from typing import Any, NamedTuple

from threadviz._version import __version__
from threadviz.analysis import outcome_of
from threadviz.presentation.summary import probe_limits
from threadviz.protocol.events import FREE, OPEN, State, TargetKind
from threadviz.text import count, seconds
from threadviz.timeline import STATES, GilTimeline, Lane, Role, Task, Timeline

# Counters: how many lanes are in a state at a time.

COUNTED: Mapping[State, str] = {
    State.RUNNING: "parallelism: running",
    State.READY: "runnable",
    State.GIL: "waiting for the GIL",
}
"""The states that are counted, each with its counter's name."""

MOST_EXACT = 100_000
"""Up to this many segments are counted one by one; beyond that the counters are averages over BINS bins."""

BINS = 10_000

_INDICES = {state: STATES.index(state) for state in COUNTED}

CounterStep = tuple[int, State, float]
"""A moment (ns), and how many lanes are in the state from then on."""


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
    for state in COUNTED:
        yield 0, state, 0
    changes = merge(*map(_changes, timeline.lanes), key=itemgetter(0))
    for t, group in groupby(changes, key=itemgetter(0)):
        before = counts.copy()
        for _, state, by in group:
            counts[state] += by
        for state, number in counts.items():
            if number != before[state]:
                yield t, state, number


def _changes(lane: Lane) -> Iterator[tuple[int, State, int]]:
    for segment in lane.segments():
        if segment.state in COUNTED:
            yield segment.start, segment.state, 1
            yield segment.end, segment.state, -1


def _averages(timeline: Timeline, width: int) -> Iterator[CounterStep]:
    starts = range(0, timeline.now, width)
    sums = [dict.fromkeys(COUNTED, 0) for _ in starts]
    for lane in timeline.lanes:
        for mine, binned in zip(sums, lane.binned(0, width, len(starts)), strict=True):
            for state, index in _INDICES.items():
                mine[state] += binned[index]
    for start, mine in zip(starts, sums, strict=True):
        length = min(width, timeline.now - start)
        for state, ns in mine.items():
            yield start, state, round(ns / length, 3)
    for state in COUNTED:
        yield timeline.now, state, 0


# Tracks: the process and thread that everything is shown in.

OWN_IDS = 10_000_000
"""Tracks that are not threads of the run are numbered from here on: Linux has at most 4,194,304 processes."""

_MAX_ID = 2**31 - 1


class TraceTrack(NamedTuple):
    """A row of slices, which viewers show as a thread: a lane's, a GIL's, or tasks that do not overlap."""

    pid: int
    tid: int
    name: str
    content: Lane | GilTimeline | list[Task] | None


class Tracks:
    """All tracks of a run, in the order in which they are shown. A lane keeps its process and thread id.

    If two threads had the same id, one after the other, or if viewers do not accept it, the lane gets a new one. So do
    the tracks that are not threads: GILs, rows of tasks, and `whole`, a process for what concerns the whole run.
    """

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        taken = {number for lane in timeline.lanes for number in (lane.pid, lane.tid)}
        self._new_ids = (number for number in itertools.count(OWN_IDS) if number not in taken)
        self._pids: dict[int, int] = {}
        self._tids = set[int]()
        self.whole = TraceTrack(next(self._new_ids), next(self._new_ids), "events", None)
        self.processes = {self.whole.pid: "the run as a whole"}
        self.in_order = [self.whole]
        tasks = timeline.tasks
        self._add_tasks(
            self.whole.pid, "tasks that never started", [task for task in tasks if task.started is None]
        )
        nowhere = [task for task in tasks if task.lane is None and task.started is not None]
        self._add_tasks(self.whole.pid, "tasks on no lane", nowhere)
        gil_timelines = defaultdict[int, list[GilTimeline]](list)
        for gil_timeline in timeline.gil_timelines:
            gil_timelines[gil_timeline.pid].append(gil_timeline)
        for lane in timeline.lanes:
            pid = self._pid(lane)
            for gil_timeline in gil_timelines.pop(lane.pid, ()):
                name = f"GIL of interpreter {gil_timeline.interpreter}" if gil_timeline.interpreter else "GIL"
                self.in_order.append(TraceTrack(pid, next(self._new_ids), name, gil_timeline))
            self.in_order.append(TraceTrack(pid, self._tid(lane), lane.name, lane))
            self._add_tasks(pid, f"{lane.name}: tasks", map(timeline.task, lane.tasks))

    def _add_tasks(self, pid: int, name: str, tasks: Iterable[Task]) -> None:
        """Put tasks into as few rows as needed, usually one."""
        rows: list[list[Task]] = []
        ends: list[tuple[int, int]] = []
        for task in sorted(tasks, key=self.extent):
            start, end = self.extent(task)
            if ends and ends[0][0] <= start:
                _, index = heappop(ends)
            else:
                index = len(rows)
                rows.append([])
                row = f"{name} ({index + 1})" if index else name
                self.in_order.append(TraceTrack(pid, next(self._new_ids), row, rows[index]))
            rows[index].append(task)
            heappush(ends, (end, index))

    def extent(self, task: Task) -> tuple[int, int]:
        """Return when a task's slice starts and ends (ns)."""
        return (
            task.submitted if task.started is None else task.started,
            self._timeline.now if task.finished is None else task.finished,
        )

    def _pid(self, lane: Lane) -> int:
        pid = self._pids.get(lane.pid)
        if pid is None:
            pid = self._pids[lane.pid] = lane.pid if 0 < lane.pid <= _MAX_ID else next(self._new_ids)
            header = self._timeline.header
            if header.watches is not TargetKind.WORKLOAD:
                self.processes[pid] = lane.process_name
            elif lane.role is Role.LOOP:
                self.processes[pid] = f"{header.workload}, {header.mode}"
            else:
                self.processes[pid] = lane.name if lane.kind == "process" else lane.process
        return pid

    def _tid(self, lane: Lane) -> int:
        tid = lane.tid if 0 < lane.tid <= _MAX_ID and lane.tid not in self._tids else next(self._new_ids)
        self._tids.add(tid)
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
    for t, state, number in counter_steps(timeline):
        yield _event("C", t, COUNTED[state], tracks.whole, args={"lanes": number})
    for track in tracks.in_order:
        if isinstance(track.content, Lane):
            yield from _segments(track.content, track)
            for t, function in track.content.locations:
                yield _event("i", t, function, track, cat="stack", s="t", args={})
    for track in tracks.in_order:
        if isinstance(track.content, GilTimeline):
            yield from _holds(timeline, track.content, track)
    for track in tracks.in_order:
        if isinstance(track.content, list):
            yield from _tasks(timeline, tracks, track.content, track)


def _names(tracks: Tracks) -> Iterator[str]:
    for index, (pid, name) in enumerate(tracks.processes.items()):
        yield from _named("process", {"pid": pid}, name, index)
    for index, track in enumerate(tracks.in_order):
        yield from _named("thread", {"pid": track.pid, "tid": track.tid}, track.name, index)


def _named(what: str, where: Mapping[str, int], name: str, index: int) -> Iterator[str]:
    for key, value in (("name", name), ("sort_index", index)):
        yield _json({"name": f"{what}_{key}", "ph": "M", "ts": 0, **where, "args": {key: value}})


def _moments(timeline: Timeline, whole: TraceTrack) -> Iterator[str]:
    """Yield the begin and end of the run, and the deaths of its processes, in the order of time."""
    moments: list[tuple[str, int | None, dict[str, Any]]] = [
        ("begin", timeline.begin, {}),
        ("end", timeline.end, {"error": timeline.error} if timeline.error else {}),
        *((f"{died.who} died", died.t, {"pid": died.pid, "how": died.how}) for died in timeline.died),
    ]
    known = [(t, name, args) for name, t, args in moments if t is not None]
    for t, name, args in sorted(known, key=itemgetter(0)):
        yield _event("i", t, name, whole, cat="run", s="t", args=args)


def _segments(lane: Lane, track: TraceTrack) -> Iterator[str]:
    """Yield the segments of a lane. There may be a million: what segments of a kind share is encoded once."""
    downsampled_until, of_loop = lane.downsampled_until, lane.role is Role.LOOP

    @lru_cache
    def after_times(state: State, call: str, known: str, place: str, blocked: int, resolution: int) -> str:
        args = {
            "known": known,
            "call": call,
            "place": place,
            "loop_could_not_answer_ns": blocked,
            "order_within_ns": resolution,
        }
        where = {"pid": track.pid, "tid": track.tid}
        given = {key: value for key, value in args.items() if value}
        return _json({"name": state, "cat": "state", **where, "cname": _COLOURS[state], "args": given})[1:]

    for segment in lane.segments():
        start, end = segment.start, segment.end
        place = lane.wait_target_at(start) if segment.call else ""
        blocked = sum(lane.blocked_binned(start, end - start, 1)[0]) if of_loop else 0
        resolution = lane.resolution(start) if start < downsampled_until else 0
        rest = after_times(segment.state, segment.call, segment.known, place, blocked, resolution)
        yield f'{{"ph":"X","ts":{_micros(start)},"dur":{_length(start, end)},{rest}'


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


def _tasks(timeline: Timeline, tracks: Tracks, tasks: list[Task], track: TraceTrack) -> Iterator[str]:
    for task in tasks:
        start, end = tracks.extent(task)
        args: dict[str, Any] = {"task": task.number}
        if task.started is not None:
            args |= {"queued_ns": task.started - task.submitted, "states_ns": timeline.task_states(task)}
        if task.finished is None:
            args["unfinished"] = True
        elif task.error is not None:
            args["error"] = task.error
        else:
            args["result"] = task.result or ""
        more = {"cname": "terrible"} if task.error is not None else {}
        yield _event("X", start, task.name, track, end=end, cat="task", **more, args=args)


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
