"""The rows of the picture: lanes, and the headers above some of them."""

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, Protocol

from threadviz.protocol.events import State, TargetKind
from threadviz.timeline import STATES, Lane, Role, Timeline
from threadviz.timeline.history import Sums


class ViewedRun(Protocol):
    """A run, as far as the view is concerned."""

    @property
    def timeline(self) -> Timeline:
        """What was measured so far."""
        ...

    @property
    def over(self) -> bool:
        """Whether no more events will come."""
        ...

    @property
    def trouble(self) -> str:
        """What has gone wrong so far, as a sentence; empty if nothing has."""
        ...


class GroupKind(enum.Enum):
    """What the lanes below a header have in common."""

    PROCESS = "process"
    """Their process."""
    IDLE = "idle"
    """They did next to nothing in the visible time."""
    ENDED = "ended"
    """They ended a while ago, after a short life."""
    GONE = "gone"
    """The same, so long ago that the timeline has archived them."""


class GroupKey(NamedTuple):
    """Identifies a header, whatever lanes it has at the moment; `pid` is None for a group of the whole run."""

    run: ViewedRun
    kind: GroupKind
    pid: int | None


class GroupHeader(NamedTuple):
    """Stands above `lanes`, which have rows below it unless it is `folded`. `beyond` counts archived lanes."""

    key: GroupKey
    lanes: tuple[Lane, ...]
    folded: bool
    beyond: int = 0


class Row(NamedTuple):
    """A row of the picture: a lane, or a group header, or without both, the heading of a run."""

    run: ViewedRun
    lane: Lane | None
    head: GroupHeader | None = None

    @property
    def selectable(self) -> bool:
        return self.lane is not None or self.head is not None

    @property
    def pid(self) -> int | None:
        """The process of the lane or the group; None where it is of no single one."""
        if self.lane is not None:
            return self.lane.pid
        return None if self.head is None else self.head.key.pid

    def is_same(self, other: "Row") -> bool:
        """Whether it is the row of the same lane or the same group, even if that group has other lanes now."""
        heads = [None if each.head is None else each.head.key for each in (self, other)]
        return self.run is other.run and self.lane is other.lane and heads[0] == heads[1]


# Which lanes have rows, and in which order: each lane is shown, or counted, exactly once.

TRACE = 0.001
"""A lane that ran for a smaller share of the time is idle."""

MOSTLY = 0.1
"""The filter finds a lane by the name of a state if it was in it for at least this share of the time."""

LAST_ENDED = 8
"""The lanes that ended last, this many, keep their rows."""

SHORT = 0.1
"""Ended lanes that lived for at least this share of the run keep their rows too."""

WAITED = frozenset({State.READY, State.GIL, State.IO, State.LOCK, State.WAITING})
"""In these states a lane waits for something other than time to pass."""

_MIN_STATE_PREFIX = 2
"""The filter takes a word for a state from this many letters on."""


class LaneSort(enum.Enum):
    """What lanes are sorted by. The values are shown to the user."""

    APPEARED = "as they appeared"
    WAITING = "who waits most"
    RUNNING = "who runs most"
    GIL = "who waits for the GIL most"


_RUNNING = STATES.index(State.RUNNING)

_SORT_STATES: Mapping[LaneSort, Sequence[int]] = MappingProxyType(
    {
        LaneSort.WAITING: [STATES.index(state) for state in WAITED],
        LaneSort.RUNNING: [_RUNNING],
        LaneSort.GIL: [STATES.index(State.GIL)],
    }
)
"""The lanes that were longest in these states come first."""


@dataclass(frozen=True, slots=True)
class RowOptions:
    """How the lanes are arranged.

    `grouped` is whether by process; None means automatic. `words` are the filter, empty for all lanes. `idle_folded` is
    whether idle lanes are grouped. The `toggled` groups are folded though they are not by default, or the other way
    round. `plumbing` is whether plumbing has rows too.
    """

    grouped: bool | None = None
    sort: LaneSort = LaneSort.APPEARED
    words: str = ""
    idle_folded: bool = False
    toggled: frozenset[GroupKey] = frozenset()
    plumbing: bool = False

    @property
    def needs_activity(self) -> bool:
        """Whether the rows depend on what the lanes did."""
        return self.sort is not LaneSort.APPEARED or bool(self.words) or self.idle_folded


class LaneActivity(NamedTuple):
    """What a lane did in the visible time: `sums` are ns in each of `STATES`.

    `words` are what the filter finds it by besides its states, in lower case.
    """

    sums: Sums
    words: str


def arranged(
    run: ViewedRun,
    options: RowOptions,
    activity: Mapping[Lane, LaneActivity],
    until: int,
    selected: Lane | None,
) -> tuple[list[Row], int]:
    """Return the rows of a run as of `until` (ns since its origin), and the number of lanes without row and group.

    If the options need it, `activity` has all lanes. The `selected` lane has a row in any case.
    """
    timeline, matches = run.timeline, _matcher(options.words, activity)
    lanes = [
        lane
        for lane in timeline.lanes
        if lane is selected or ((options.plumbing or lane.role is not Role.PLUMBING) and matches(lane))
    ]
    long_ended = _long_ended(lanes, timeline, until)

    def kind_of(lane: Lane) -> GroupKind | None:
        if lane is selected:
            return None
        if lane in long_ended:
            return GroupKind.ENDED
        return GroupKind.IDLE if options.idle_folded and _is_idle(activity.get(lane)) else None

    rows: list[Row] = []
    if _by_process(options, timeline, lanes):
        for pid, members in _processes(lanes, options.sort, activity):
            header = _header(GroupKey(run, GroupKind.PROCESS, pid), members, options)
            rows.append(Row(run, None, header))
            below = [lane for lane in members if lane is selected or not header.folded]
            rows += _with_groups(run, pid, below, kind_of, options, activity)
    else:
        rows += _with_groups(run, None, lanes, kind_of, options, activity)
    archived = timeline.archived
    if archived is not None and archived.threads and not options.words:
        gone = GroupHeader(GroupKey(run, GroupKind.GONE, None), (), folded=True, beyond=archived.threads)
        rows.append(Row(run, None, gone))
    return rows, len(timeline.lanes) - len(lanes)


def _with_groups(
    run: ViewedRun,
    pid: int | None,
    lanes: Iterable[Lane],
    kind_of: Callable[[Lane], GroupKind | None],
    options: RowOptions,
    activity: Mapping[Lane, LaneActivity],
) -> Iterator[Row]:
    """Yield the rows of lanes that stand alone, then those of each group."""
    parts: dict[GroupKind | None, list[Lane]] = {None: [], GroupKind.IDLE: [], GroupKind.ENDED: []}
    for lane in lanes:
        parts[kind_of(lane)].append(lane)
    for kind, part in parts.items():
        ordered = _sorted(part, options.sort, activity)
        if kind is not None and part:
            header = _header(GroupKey(run, kind, pid), ordered, options)
            yield Row(run, None, header)
            if header.folded:
                continue
        yield from [Row(run, lane) for lane in ordered]


def _header(key: GroupKey, lanes: Iterable[Lane], options: RowOptions) -> GroupHeader:
    folded_by_default = key.kind is not GroupKind.PROCESS
    return GroupHeader(key, tuple(lanes), folded_by_default is not (key in options.toggled))


def is_program(timeline: Timeline) -> bool:
    """Whether the target is a user's program, which starts threads as it likes."""
    return timeline.begun and timeline.header.watches is not TargetKind.WORKLOAD


def _by_process(options: RowOptions, timeline: Timeline, lanes: Iterable[Lane]) -> bool:
    """Whether lanes are grouped by process: unless the user decided, if a program has several."""
    if options.grouped is not None:
        return options.grouped
    return is_program(timeline) and len({lane.pid for lane in lanes}) > 1


def _matcher(words: str, activity: Mapping[Lane, LaneActivity]) -> Callable[[Lane], bool]:
    """Return the filter: each of `words` is among those of a lane, or begins a state that it was in for long."""
    states = {
        word: [
            index
            for index, state in enumerate(STATES)
            if len(word) >= _MIN_STATE_PREFIX and state.value.startswith(word)
        ]
        for word in words.casefold().split()
    }

    def matches(lane: Lane) -> bool:
        did = activity.get(lane)
        if did is None:
            return True
        least = max(1, MOSTLY * sum(did.sums))
        return all(
            word in did.words or any(did.sums[index] >= least for index in of) for word, of in states.items()
        )

    return matches if states else lambda lane: True


def _sort_ns(lane: Lane, sort: LaneSort, activity: Mapping[Lane, LaneActivity]) -> int:
    return sum([activity[lane].sums[index] for index in _SORT_STATES[sort]]) if lane in activity else 0


def _processes(
    lanes: Iterable[Lane], sort: LaneSort, activity: Mapping[Lane, LaneActivity]
) -> Iterable[tuple[int, Sequence[Lane]]]:
    """Return the lanes of each process, sorted by what its lanes did together."""
    by_pid: dict[int, list[Lane]] = {}
    for lane in lanes:
        by_pid.setdefault(lane.pid, []).append(lane)
    if sort is LaneSort.APPEARED:
        return by_pid.items()
    return sorted(by_pid.items(), key=lambda item: -sum([_sort_ns(lane, sort, activity) for lane in item[1]]))


def _sorted(lanes: Sequence[Lane], sort: LaneSort, activity: Mapping[Lane, LaneActivity]) -> Sequence[Lane]:
    """Return sorted lanes, the event loop's before all others."""
    if sort is LaneSort.APPEARED:
        return lanes
    return sorted(lanes, key=lambda lane: (lane.role is not Role.LOOP, -_sort_ns(lane, sort, activity)))


def _is_idle(did: LaneActivity | None) -> bool:
    return did is not None and did.sums[_RUNNING] <= TRACE * sum(did.sums)


def _long_ended(lanes: Iterable[Lane], timeline: Timeline, until: int) -> frozenset[Lane]:
    """Return the ended lanes of a program, except those that ended last, and those that lived for long."""
    if not is_program(timeline):
        return frozenset()
    ended = [(lane.end, lane.number, lane) for lane in lanes if lane.end is not None and lane.end <= until]
    least = SHORT * (until - (timeline.begin or 0))
    ended.sort(reverse=True, key=lambda each: each[:2])
    return frozenset(lane for end, _, lane in ended[LAST_ENDED:] if end - lane.start < least)


def filter_words(lane: Lane, t: int) -> str:
    """Return what the filter finds a lane by as of `t` (ns since the run's origin), in lower case.

    These are its names, its process, its wait target, and the function in which it was last seen.
    """
    function = lane.location_at(t)
    words = [
        *(lane.name, lane.thread_name, lane.process_name, str(lane.pid), str(lane.tid)),
        lane.wait_target_at(t),
        "" if function is None else function[1],
    ]
    return "\n".join(words).casefold()
