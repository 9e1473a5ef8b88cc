"""The rows of the picture: lanes, and what stands above some of them."""

import enum
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, Protocol

from threadviz.protocol.events import State, TargetKind
from threadviz.timeline import STATES, Lane, Role, Timeline
from threadviz.timeline.history import Sums

# What the scene needs to know of a run.


class ViewedRun(Protocol):
    """A run, as far as the scene is concerned."""

    @property
    def timeline(self) -> Timeline:
        """What is known of it."""
        ...

    @property
    def over(self) -> bool:
        """Whether no more will come."""
        ...

    @property
    def trouble(self) -> str:
        """What has gone wrong with it so far, as a sentence; nothing where nothing has."""
        ...


class GroupKind(enum.Enum):
    """What the lanes have in common that are below a head."""

    PROCESS = "process"
    """They are of one process."""
    IDLE = "idle"
    """They did next to nothing in the time that is in sight."""
    ENDED = "ended"
    """They ended a while ago, after a short life."""
    GONE = "gone"
    """The same, so long ago that the timeline does not keep them any more."""


class GroupKey(NamedTuple):
    """Which head it is, whatever lanes it has at the moment: process `pid`'s, or where None, one of the whole run."""

    run: ViewedRun
    kind: GroupKind
    pid: int | None


class GroupHeader(NamedTuple):
    """What stands above `lanes`, which have rows of their own below it unless it is `folded`.

    `beyond` is how many more there are that the timeline does not keep.
    """

    key: GroupKey
    lanes: tuple[Lane, ...]
    folded: bool
    beyond: int = 0


class Row(NamedTuple):
    """A row of the picture: a lane of a run, or a head above some of its lanes, or else what stands above them all."""

    run: ViewedRun
    lane: Lane | None
    head: GroupHeader | None = None

    @property
    def selectable(self) -> bool:
        """Whether there is more to be had of it."""
        return self.lane is not None or self.head is not None

    def is_same(self, other: "Row") -> bool:
        """Whether it is the row of the same lane, or the same head, whatever has come of that."""
        heads = [None if each.head is None else each.head.key for each in (self, other)]
        return self.run is other.run and self.lane is other.lane and heads[0] == heads[1]


# Which lanes have rows, and in which order: each lane is shown, or counted, exactly once.

TRACE = 0.001
"""Who ran for a smaller share of the time did nothing."""

MOSTLY = 0.1
"""A lane is found by a state's name where it was in it for such a share of the time, or a larger one."""

LAST_ENDED = 8
"""So many lanes keep their rows after they have ended, in any case: those that ended last."""

SHORT = 0.1
"""Others do that lived for such a share of the run, or a larger one."""

WAITED = frozenset({State.READY, State.GIL, State.IO, State.LOCK, State.WAITING})
"""In these a lane waits for something, other than for time to pass."""

_LEAST_OF_STATE = 2
"""So many letters of a state's name are enough."""


class LaneSort(enum.Enum):
    """By what lanes are sorted, with the words for it."""

    APPEARED = "as they appeared"
    WAITING = "who waits most"
    RUNNING = "who runs most"
    GIL = "who waits for the GIL most"


_RUNNING, _GIL = STATES.index(State.RUNNING), STATES.index(State.GIL)
_WAITED = [STATES.index(state) for state in WAITED]

_BY: Mapping[LaneSort, Callable[[Sums], int]] = MappingProxyType(
    {
        LaneSort.WAITING: lambda sums: sum([sums[index] for index in _WAITED]),
        LaneSort.RUNNING: lambda sums: sums[_RUNNING],
        LaneSort.GIL: lambda sums: sums[_GIL],
    }
)
"""What lanes are sorted by, the largest first, where it is not the order in which they appeared."""


@dataclass(frozen=True, slots=True)
class RowOptions:
    """How the lanes are to be arranged.

    `grouped` is whether by process; None for as it suits the run. `words` are what a lane is found by, nothing for all.
    `idle_folded` is whether idle lanes are put together. Of `toggled` heads the lanes are folded though they are not by
    themselves, or the other way round. `plumbing` is whether plumbing has rows too.
    """

    grouped: bool | None = None
    sort: LaneSort = LaneSort.APPEARED
    words: str = ""
    idle_folded: bool = False
    toggled: frozenset[GroupKey] = frozenset()
    plumbing: bool = False

    @property
    def asks(self) -> bool:
        """Whether it depends on what the lanes have done."""
        return self.sort is not LaneSort.APPEARED or bool(self.words) or self.idle_folded


class LaneActivity(NamedTuple):
    """What a lane did in the time in sight: `sums` are ns in each state, in the order of `STATES`.

    `words` are all that it can be found by, in small letters, beside its states.
    """

    sums: Sums
    words: str


class ArrangedRows(NamedTuple):
    """The rows of a run; the lanes that have one, and those that are in no row and below no head."""

    rows: list[Row]
    hidden: tuple[Lane, ...]


def arranged(
    run: ViewedRun,
    how: RowOptions,
    did: Mapping[Lane, LaneActivity],
    until: int,
    picked: Lane | None = None,
) -> ArrangedRows:
    """Arrange the lanes of a run, as of `until` (ns since the run's origin). `did` is of all lanes where `how` asks.

    The lane that is `picked` has a row in any case.
    """
    timeline = run.timeline
    there: list[Lane] = []
    hidden: list[Lane] = []
    found = _finder(how.words, did)
    for lane in timeline.lanes:
        has_row = lane is picked or ((how.plumbing or lane.role is not Role.PLUMBING) and found(lane))
        (there if has_row else hidden).append(lane)
    gone = _long_gone(there, timeline, until)
    rows: list[Row] = []
    if by_process(how, timeline, there):
        for pid, lanes in _processes(there, how.sort, did):
            head = _head(GroupKey(run, GroupKind.PROCESS, pid), lanes, how)
            rows.append(Row(run, None, head))
            below = [lane for lane in lanes if lane is picked] if head.folded else lanes
            rows += _with_folds(run, pid, below, how, did, gone, picked)
    else:
        rows += _with_folds(run, None, there, how, did, gone, picked)
    folded = timeline.archived
    if folded is not None and folded.threads and not how.words:
        rows.append(
            Row(
                run,
                None,
                GroupHeader(GroupKey(run, GroupKind.GONE, None), (), folded=True, beyond=folded.threads),
            )
        )
    return ArrangedRows(rows, tuple(hidden))


def by_process(how: RowOptions, timeline: Timeline, lanes: Iterable[Lane]) -> bool:
    """Whether lanes are grouped by process: unless somebody said, those of a program that has several."""
    if how.grouped is not None:
        return how.grouped
    return is_program(timeline) and len({lane.pid for lane in lanes}) > 1


def is_program(timeline: Timeline) -> bool:
    """Whether what is watched is somebody's program, which makes threads as it likes."""
    return timeline.begun and timeline.header.watches is not TargetKind.WORKLOAD


def _finder(words: str, did: Mapping[Lane, LaneActivity]) -> Callable[[Lane], bool]:
    """Return what tells whether a lane is found: each word is in what is told of it, or a state that it is much in."""
    asked = [
        (word, [index for index, state in enumerate(STATES) if _begins(state, word)])
        for word in words.casefold().split()
    ]

    def found(lane: Lane) -> bool:
        of = did.get(lane)
        return of is None or all(word in of.words or _is_in(states, of.sums) for word, states in asked)

    return found if asked else lambda lane: True


def _begins(state: State, word: str) -> bool:
    return len(word) >= _LEAST_OF_STATE and state.value.startswith(word)


def _is_in(states: Sequence[int], sums: Sums) -> bool:
    least = max(1, MOSTLY * sum(sums))
    return any(sums[index] >= least for index in states)


def _processes(
    lanes: Iterable[Lane], sort: LaneSort, did: Mapping[Lane, LaneActivity]
) -> Iterable[tuple[int, Sequence[Lane]]]:
    """Return the lanes of each process: as it appeared, or by what its lanes did together."""
    of: dict[int, list[Lane]] = {}
    for lane in lanes:
        of.setdefault(lane.pid, []).append(lane)
    if (by := _BY.get(sort)) is None:
        return of.items()
    return sorted(of.items(), key=lambda item: -sum([by(did[lane].sums) for lane in item[1] if lane in did]))


def _with_folds(
    run: ViewedRun,
    pid: int | None,
    lanes: Sequence[Lane],
    how: RowOptions,
    did: Mapping[Lane, LaneActivity],
    gone: frozenset[Lane],
    picked: Lane | None,
) -> Iterator[Row]:
    """Yield the rows of lanes in their order, and below them those that are put together."""
    parts: dict[GroupKind | None, list[Lane]] = {None: [], GroupKind.IDLE: [], GroupKind.ENDED: []}
    for lane in lanes:
        if lane is picked:
            kind = None
        elif lane in gone:
            kind = GroupKind.ENDED
        else:
            kind = GroupKind.IDLE if how.idle_folded and _is_idle(lane, did) else None
        parts[kind].append(lane)
    for kind, part in parts.items():
        ordered = _sorted(part, how.sort, did)
        if kind is not None:
            if not part:
                continue
            head = _head(GroupKey(run, kind, pid), ordered, how)
            yield Row(run, None, head)
            if head.folded:
                continue
        yield from [Row(run, lane) for lane in ordered]


def _sorted(lanes: Sequence[Lane], sort: LaneSort, did: Mapping[Lane, LaneActivity]) -> Sequence[Lane]:
    """Return lanes by what they did most, the event loop's before all others."""
    if (by := _BY.get(sort)) is None:
        return lanes
    return sorted(
        lanes,
        key=lambda lane: (lane.role is not Role.LOOP, -by(did[lane].sums) if lane in did else 0),
    )


def _head(key: GroupKey, lanes: Sequence[Lane], how: RowOptions, beyond: int = 0) -> GroupHeader:
    by_itself = key.kind is not GroupKind.PROCESS
    return GroupHeader(key, tuple(lanes), by_itself is not (key in how.toggled), beyond)


def _is_idle(lane: Lane, did: Mapping[Lane, LaneActivity]) -> bool:
    of = did.get(lane)
    return of is not None and of.sums[_RUNNING] <= TRACE * sum(of.sums)


def _long_gone(lanes: Iterable[Lane], timeline: Timeline, until: int) -> frozenset[Lane]:
    """Return the lanes of a program that have ended, but for the last of them, and for those that lived for long."""
    if not is_program(timeline):
        return frozenset()
    ended = [(lane.end, lane.number, lane) for lane in lanes if lane.end is not None and lane.end <= until]
    if len(ended) <= LAST_ENDED:
        return frozenset()
    least = SHORT * (until - (timeline.begin or 0))
    ended.sort(reverse=True, key=lambda each: each[:2])
    return frozenset(lane for end, _, lane in ended[LAST_ENDED:] if end - lane.start < least)


# What a lane is found by, beside its states.


def found_by(lane: Lane, t: int) -> str:
    """Return the words that stand for a lane as of `t` (ns since the run's origin), in small letters.

    These are its names, its process, what it waits on, and the function that it was last seen in.
    """
    function = lane.location_at(t)
    words = [
        *(lane.name, lane.thread_name, lane.process_name, str(lane.pid), str(lane.tid)),
        lane.wait_target_at(t),
        "" if function is None else function[1],
    ]
    return "\n".join(words).casefold()
