"""What a lane does at a moment, or did most of the time, in words."""

from typing import NamedTuple

from threadviz.events import State
from threadviz.findings.words import percent, seconds
from threadviz.picture.plain import printable
from threadviz.picture.strip import MARKS, WAITS, Beyond, Mark, cut
from threadviz.picture.window import measured
from threadviz.timeline import Lane, Role
from threadviz.tui.scene import Row, Scene

_LEAST_TASK = 8
"""With fewer characters of it than this, a task is not named."""


class Doing(NamedTuple):
    """In `mark`; `task` is on the lane, where there is one. `ways` says it in words, the longest first."""

    mark: Mark
    task: str
    ways: tuple[str, ...]


def doing(scene: Scene, row: Row, lane: Lane) -> Doing | None:
    """What the lane of `row` does at the cursor, or else at present; what it mostly did, where all is over.

    None where it was not there.
    """
    if scene.cursor is None and row.run.over and scene.present >= measured(row.run.timeline).length:
        return _mostly(scene, row, lane)
    return _at(scene, row, lane)


def words(of: Doing, width: int, with_task: bool) -> str:
    """What is done, as much of it as makes sense in `width` characters."""
    found = next((way for way in of.ways if len(way) <= width), of.ways[-1])
    if with_task and of.task and width - len(found) - len(", ") >= _LEAST_TASK:
        found += f", {of.task}"
    return found


def _at(scene: Scene, row: Row, lane: Lane) -> Doing | None:
    origin = scene.origin(row.run)
    t = scene.until(row.run)
    if scene.cursor is not None:
        t = min(t, origin + scene.cursor)
    stretch = lane.at(t)
    if stretch is None:
        return None
    mark: Mark = stretch.state
    if lane.role is Role.LOOP and stretch.state in WAITS:
        last = min(t, stretch.end - 1)
        if lane.blocked(last + 1)[0] > lane.blocked(last)[0]:
            mark = Beyond.BLOCKED
    task = scene.task_at(row)
    name, call = "" if task is None else printable(task.name), printable(stretch.call)
    if mark is Beyond.BLOCKED:
        ways = ["blocked: can't answer", "blocked"]
    elif mark is State.IDLE and lane.role is Role.LOOP:
        ways = ["waits for events", "idle"]
    else:
        ways = [f"{mark} {call}", str(mark)] if call else [str(mark)]
    if scene.cursor is not None:
        since = seconds(max(0, stretch.start - origin))
        ways = [*(f"{way} since {since}" for way in ways), f"{ways[-1]} {since}", ways[-1]]
    return Doing(mark, name, tuple(ways))


def _mostly(scene: Scene, row: Row, lane: Lane) -> Doing | None:
    origin = scene.origin(row.run)
    (parts,) = cut(lane, origin, scene.until(row.run) - origin, 1)
    there = dict(zip(MARKS, parts, strict=True))
    del there[Beyond.AWAY]
    most = max(there, key=lambda mark: there[mark])
    if not there[most]:
        return None
    share = percent(there[most] / sum(there.values()))
    word = "waits for events" if most is State.IDLE and lane.role is Role.LOOP else str(most)
    return Doing(most, "", (f"{word}, {share}", f"{most} {share}"))
