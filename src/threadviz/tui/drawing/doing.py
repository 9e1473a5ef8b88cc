"""What a lane does at a moment, or did most of the time, in words."""

from collections.abc import Sequence
from typing import NamedTuple

from threadviz.findings.words import percent, seconds
from threadviz.picture.brief import brief_seconds
from threadviz.picture.plain import printable
from threadviz.picture.strip import MARKS, WAITS, Beyond, Mark, cut
from threadviz.picture.window import Window, measured
from threadviz.timeline import Lane, Role, Timeline
from threadviz.tui.scene import Row, Scene
from threadviz.vocabulary import State

_LEAST_TASK = 8
"""With fewer characters of it than this, a task is not named."""

_CALL_SAYS_NOTHING = frozenset({State.GIL, State.LOCK})
"""These are always waited for in the same system call."""


class Doing(NamedTuple):
    """In `mark`; `task` is on the lane, where there is one. `ways` says it in words, the longest first.

    `function` is where the lane was seen last, where somebody looks for that.
    """

    mark: Mark
    task: str
    ways: tuple[str, ...]
    function: str = ""

    @property
    def within(self) -> str:
        """What it does that in: the task, else the function."""
        return self.task or self.function


def doing(scene: Scene, row: Row, lane: Lane, seen: Window) -> Doing | None:
    """What the lane of `row` does at the cursor, or else at present; what it mostly did, where all is over.

    `seen` is from where to where its run is drawn, in ns since the run's origin. None where the lane was not there.
    """
    if scene.cursor is None and _all_is_seen(row, seen):
        return _mostly(lane, seen)
    return _at(scene.cursor, row.run.timeline, lane, seen)


def absence(scene: Scene, row: Row, lane: Lane, seen: Window) -> str:
    """Why the lane of `row` does nothing, where `doing` says that it does not: it is not there yet, or not any more.

    `seen` is as there. Nothing, where it is about to begin.
    """
    moment = _looked_at(scene.cursor, seen)
    if moment > seen.until:
        return "run over" if _all_is_seen(row, seen) else "not yet"
    if moment < lane.start:
        return "not yet"
    return "ended" if lane.end is not None and lane.end <= moment else ""


def words(of: Doing, width: int, with_task: bool) -> str:
    """What is done, as much of it as makes sense in `width` characters."""
    found = next((way for way in of.ways if len(way) <= width), of.ways[-1])
    if with_task and of.within and width - len(found) - len(", ") >= _LEAST_TASK:
        found += f", {of.within}"
    return found


def _looked_at(cursor: int | None, seen: Window) -> int:
    """The moment at which it is looked at, in ns since the run's origin."""
    return seen.until if cursor is None else seen.since + cursor


def _all_is_seen(row: Row, seen: Window) -> bool:
    """Whether the run is over, and drawn up to its end."""
    return row.run.over and seen.until >= measured(row.run.timeline).until


def _at(cursor: int | None, timeline: Timeline, lane: Lane, seen: Window) -> Doing | None:
    t = _looked_at(cursor, seen)
    stretch = None if t > seen.until else lane.at(t)
    if stretch is None:
        return None
    mark: Mark = stretch.state
    if lane.role is Role.LOOP and stretch.state in WAITS:
        last = min(t, stretch.end - 1)
        if lane.blocked(last + 1)[0] > lane.blocked(last)[0]:
            mark = Beyond.BLOCKED
    task = timeline.task_on(lane, t)
    call = "" if stretch.state in _CALL_SAYS_NOTHING else printable(stretch.call)
    if mark is Beyond.BLOCKED:
        ways = ["blocked: can't answer", "blocked"]
    elif mark is State.IDLE and lane.role is Role.LOOP:
        ways = ["waits for events", "idle"]
    else:
        ways = [f"{mark} {call}", str(mark)] if call else [str(mark)]
        if place := printable(lane.place_at(t)):
            ways.insert(0, f"{ways[0]} {place}")
    if cursor is not None:
        ways = _told_of_then(ways, max(0, stretch.start - seen.since), lane.grain(t))
    return Doing(mark, "" if task is None else printable(task.name), tuple(ways), _where(lane, t))


def _where(lane: Lane, t: int) -> str:
    """In which function the lane was, as it was last seen up to `t` (ns); nothing where it never was."""
    seen = lane.function_at(t)
    return "" if seen is None else f"in {printable(seen[1])}"


def _told_of_then(ways: Sequence[str], since: int, grain: int) -> list[str]:
    """Add since when it was so; where times are thinned, there only is a grain of time in which it was so."""
    if grain:
        within = seconds(grain)
        return [*(f"about {way}, within {within}" for way in ways), f"about {ways[-1]}", f"~{ways[-1]}"]
    begin, at, shortest = seconds(since), brief_seconds(since).replace(" ", ""), ways[-1]
    return [
        *(f"{way} since {begin}" for way in ways),
        f"{shortest} from {begin}",
        f"{shortest} @{at}",
        shortest,
    ]


def _mostly(lane: Lane, seen: Window) -> Doing | None:
    (parts,) = cut(lane, seen.since, seen.length, 1)
    there = dict(zip(MARKS, parts, strict=True))
    del there[Beyond.AWAY]
    most = max(there, key=lambda mark: there[mark])
    if not there[most]:
        return None
    share = percent(there[most] / sum(there.values()))
    word = "waits for events" if most is State.IDLE and lane.role is Role.LOOP else str(most)
    return Doing(most, "", (f"{word}, {share}", f"{most}, {share}", str(most)))
