"""The timeline once more, nanosecond by nanosecond: slow, and so plain that it can be seen to be right."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from threadviz.protocol.events import (
    Event,
    Evidence,
    Header,
    LaneEnded,
    LaneStarted,
    Present,
    RunEnded,
    RunStarted,
    Spans,
    State,
    TaskFinished,
    TaskStarted,
)

Moment = tuple[State, Evidence, str]
UNKNOWN: Moment = (State.UNKNOWN, Evidence.SAMPLED, "")


@dataclass
class NaiveLane:
    """A lane: what it was in during each nanosecond from its start on."""

    start: LaneStarted
    end: int | None = None
    said: list[Moment] = field(default_factory=list)
    present: Present | None = None
    tasks: list[TaskStarted] = field(default_factory=list)
    shown: list[Moment] = field(default_factory=list)
    blocked: list[bool] = field(default_factory=list)


@dataclass
class Naive:
    """A whole run."""

    lanes: dict[int, NaiveLane]
    finished: dict[int, int]
    loop: NaiveLane | None
    begin: int | None
    end: int | None
    now: int


def naive(events: Sequence[Event]) -> Naive:
    """What `events` say, all of them being there."""
    lanes: dict[int, NaiveLane] = {}
    now = 0
    for event in events:
        now = max(now, getattr(event, "t", 0))
        if isinstance(event, LaneStarted):
            lanes[event.lane] = NaiveLane(event)
        elif isinstance(event, LaneEnded):
            lanes[event.lane].end = event.t
        elif isinstance(event, Spans):
            lane = lanes[event.lane]
            lane.said += [UNKNOWN] * (event.start - lane.start.t - len(lane.said))
            for span in event.spans:
                lane.said += [(span.state, span.known, span.call)] * span.ns
            lane.present = event.present
            now = max(now, lane.start.t + len(lane.said))
    finished = {event.task: event.t for event in events if isinstance(event, TaskFinished)}
    for event in events:
        if isinstance(event, TaskStarted) and (home := _home(lanes, event.pid, event.tid, event.t)):
            home.tasks.append(event)
    begin = next((event for event in events if isinstance(event, RunStarted)), None)
    loop = None if begin is None else _home(lanes, begin.pid, begin.tid, begin.t)
    for lane in lanes.values():
        _show(lane, now, finished, is_loop=lane is loop)
    end = next((event.t for event in events if isinstance(event, RunEnded)), None)
    assert isinstance(events[0], Header)
    return Naive(lanes, finished, loop, None if begin is None else begin.t, end, now)


def _home(lanes: dict[int, NaiveLane], pid: int, tid: int, t: int) -> NaiveLane | None:
    same = [lane for lane in lanes.values() if (lane.start.pid, lane.start.tid) == (pid, tid)]
    alive = [lane for lane in same if lane.end is None or lane.end >= t]
    return min(alive, key=lambda lane: lane.start.t, default=None)


def _show(lane: NaiveLane, now: int, finished: dict[int, int], is_loop: bool) -> None:
    said = list(lane.said)
    life = (now if lane.end is None else lane.end) - lane.start.t
    present = (lane.present.state, Evidence.SAMPLED, lane.present.call) if lane.present else UNKNOWN
    said += [present] * (life - len(said))
    main_of_worker = lane.start.process == "worker" and lane.start.pid == lane.start.tid
    is_worker = not is_loop and (bool(lane.tasks) or main_of_worker)
    in_task = [
        any(task.t <= t < finished.get(task.task, t + 1) for task in lane.tasks)
        for t in range(lane.start.t, lane.start.t + len(said))
    ]
    for index, moment in enumerate(said):
        state, known, _ = moment
        if not in_task[index] and is_worker and state in ("io", "lock", "sleep", "waiting"):
            moment = (State.IDLE, Evidence.SAID, "")
        if not in_task[index] and is_loop and state == "io" and _for_events(said, in_task, index):
            moment = (State.IDLE, known, "")
        lane.shown.append(moment)
        lane.blocked.append(in_task[index] or moment[0] not in ("idle", "unknown", "waiting"))


def _for_events(said: list[Moment], in_task: list[bool], index: int) -> bool:
    call = said[index][2]
    if call != "poll":
        return call == "epoll_wait"
    first = last = index
    while first > 0 and said[first - 1] == said[index]:
        first -= 1
    while last + 1 < len(said) and said[last + 1] == said[index]:
        last += 1
    return not any(in_task[first : last + 1])
