"""The Chrome trace-event JSON, which Perfetto and speedscope read.

Each lane is a thread, its stretches slices; its tasks are slices of another thread below it, and the functions that it
was seen in are instants. A GIL is a thread above those of its process, whose slices are who held it. What is said of
the run as a whole (its begin and end, a process that died, how many lanes run or wait to) is in a process of its own.
Times are microseconds since the run's origin, which is a little before its begin, with three decimals: to the ns.
"""

import json
from collections.abc import Iterator
from itertools import islice
from math import ulp
from typing import Any

from threadviz import __version__
from threadviz.exports.counters import COUNTED, bin_width, steps
from threadviz.exports.tracks import TaskRow, Track, Tracks
from threadviz.findings import outcome_of
from threadviz.findings.words import count, seconds
from threadviz.picture.heading import cannot
from threadviz.timeline import Lane, Ribbon, Role, Task, Timeline
from threadviz.vocabulary import FREE, OPEN, State

_AT_A_TIME = 2000
"""So many events are written at a time."""

_ROUNDINGS = 4
"""So many times a viewer may have rounded, before it compares where one slice ends with where the next begins."""

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
"""By the names that chrome://tracing has for colours; Perfetto has colours of its own, by the slices' names."""


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
    notes = [cannot(header), dropped]
    if width := bin_width(timeline):
        notes.append(
            f"The run has very many stretches: its counters are averages over {seconds(width)} each."
        )
    if timeline.folded is not None:
        notes.append(
            f"{count(timeline.folded.threads, 'thread')} more came and went: no track or counter has them."
        )
    if any(lane.thinned_until > lane.start for lane in timeline.lanes):
        notes.append(
            "The run is too long to be kept as it was: of slices with 'order_within_ns' the lengths are right, and"
            " where they lie within so many ns is not known."
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
        yield from _stretches(lane, track)
        yield from _functions(lane, track)
    for ribbon, track in tracks.ribbons:
        yield from _holds(timeline, ribbon, track)
    for row in tracks.rows:
        yield from _tasks(timeline, row)


def _names(tracks: Tracks) -> Iterator[str]:
    for index, (pid, name) in enumerate(tracks.processes.items()):
        yield _named("process", Track(pid, 0, name), index)
    for index, track in enumerate(tracks.in_order):
        yield _named("thread", track, index)


def _named(what: str, track: Track, index: int) -> str:
    where: dict[str, Any] = {"ph": "M", "ts": 0, "pid": track.pid}
    if what == "thread":
        where["tid"] = track.tid
    name = _json({"name": f"{what}_name", **where, "args": {"name": track.name}})
    return f"{name},\n{_json({'name': f'{what}_sort_index', **where, 'args': {'sort_index': index}})}"


def _moments(timeline: Timeline, whole: Track) -> Iterator[str]:
    """The moments of the run, in the order of time."""
    moments: list[tuple[str, int | None, dict[str, Any]]] = [
        ("begin", timeline.begin, {}),
        ("end", timeline.end, {"error": timeline.error} if timeline.error else {}),
    ]
    moments += [(f"{died.who} died", died.t, {"pid": died.pid, "how": died.how}) for died in timeline.died]
    for name, t, args in sorted(
        ((name, t, args) for name, t, args in moments if t is not None), key=lambda each: each[1]
    ):
        yield _event("i", t, name, whole, cat="run", s="t", args=args)


def _counters(timeline: Timeline, whole: Track) -> Iterator[str]:
    for t, changed in steps(timeline):
        for state, number in changed:
            yield _event("C", t, COUNTED[state], whole, args={"lanes": number})


def _stretches(lane: Lane, track: Track) -> Iterator[str]:
    """The states of a lane. There may be a million of them: what stretches of a kind have in common is made once."""
    thinned, of_loop = lane.thinned_until, lane.role is Role.LOOP
    alike: dict[tuple[object, ...], str] = {}
    for stretch in lane.stretches():
        start, ns = stretch.start, stretch.end - stretch.start
        place = lane.place_at(start) if stretch.call else ""
        if of_loop or place or start < thinned:
            rest = _rest(lane, track, stretch.state, stretch.call, stretch.known, start, ns, place)
        else:
            kind = (stretch.state, stretch.call, stretch.known)
            rest = alike.get(kind) or alike.setdefault(kind, _rest(lane, track, *kind, start, ns))
        yield f'{{"ph":"X","ts":{_micros(start)},"dur":{_length(start, stretch.end)},{rest}'


def _rest(
    lane: Lane, track: Track, state: State, call: str, known: str, start: int, ns: int, place: str = ""
) -> str:
    """What a stretch's slice has beside its times."""
    args: dict[str, Any] = {"known": known}
    if call:
        args["call"] = call
    if place:
        args["place"] = place
    if blocked := sum(lane.blocked_binned(start, ns, 1)[0]):
        args["loop_could_not_answer_ns"] = blocked
    if grain := lane.grain(start):
        args["order_within_ns"] = grain
    where = {"pid": track.pid, "tid": track.tid}
    return _json({"name": state, "cat": "state", **where, "cname": _COLOURS[state], "args": args})[1:]


def _functions(lane: Lane, track: Track) -> Iterator[str]:
    """The functions that it was seen in, each at the moment at which that was."""
    for t, function in lane.functions:
        yield _event("i", t, function, track, cat="stack", s="t", args={})


def _holds(timeline: Timeline, ribbon: Ribbon, track: Track) -> Iterator[str]:
    """Who held the GIL: there is nothing where nobody did, or that was not seen."""
    names = {lane.number: lane.name for lane in timeline.lanes}
    for held in ribbon.stretches():
        if held.holder in (FREE, OPEN):
            continue
        args: dict[str, Any] = {"known": held.known}
        if held.holder >= 0:
            args["lane"] = held.holder
        if grain := ribbon.grain(held.start):
            args["order_within_ns"] = grain
        name = names.get(held.holder, "a thread without a lane")
        yield _event("X", held.start, name, track, end=held.end, cat="gil", args=args)


def _tasks(timeline: Timeline, row: TaskRow) -> Iterator[str]:
    for start, end, task in row.tasks:
        more = {"cname": "terrible"} if task.error is not None else {}
        yield _event(
            "X", start, task.name, row.track, end=end, cat="task", **more, args=_told(timeline, task)
        )


def _told(timeline: Timeline, task: Task) -> dict[str, Any]:
    """What is known of a task."""
    told: dict[str, Any] = {"task": task.number}
    if task.started is not None:
        told["queued_ns"] = task.started - task.submitted
        told["states_ns"] = timeline.task_states(task)
    if task.finished is None:
        told["unfinished"] = True
    elif task.error is not None:
        told["error"] = task.error
    else:
        told["result"] = task.result or ""
    return told


def _event(ph: str, t: int, name: str, track: Track, end: int | None = None, **more: Any) -> str:
    length = "" if end is None else f'"dur":{_length(t, end)},'
    rest = _json({"name": name, "pid": track.pid, "tid": track.tid, **more})[1:]
    return f'{{"ph":"{ph}","ts":{_micros(t)},{length}{rest}'


def _micros(ns: int) -> str:
    """As JSON has it, exactly."""
    return f"{ns // 1000}.{ns % 1000:03}"


def _length(start: int, end: int) -> str:
    """How long it is, to the ns; so little less that a viewer which adds it to the start is never behind the end.

    It adds in floats, which are not exact. Speedscope, for one, would then take the next slice for a part of this one.
    """
    length, missing = (end - start) / 1000, _ROUNDINGS * ulp(end / 1000)
    return repr(length - missing) if length > missing < _HALF_A_NS else _micros(end - start)


_json = json.JSONEncoder(separators=(",", ":")).encode
