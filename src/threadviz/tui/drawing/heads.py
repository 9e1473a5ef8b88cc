"""What stands above lanes that have something in common: a process, or that they are idle, or ended long ago."""

from collections.abc import Iterator

from rich.segment import Segment

from threadviz.events import ProcessSeen
from threadviz.findings.words import count
from threadviz.picture.plain import printable
from threadviz.timeline import STATES
from threadviz.tui.drawing.inks import Inks
from threadviz.tui.drawing.labels import fit
from threadviz.tui.scene import Head, Kind, Row, Scene
from threadviz.vocabulary import State

_RUNNING = STATES.index(State.RUNNING)
_GAP = "  "

_NAMED = {Kind.IDLE: "idle lane", Kind.ENDED: "ended lane"}


def head_line(scene: Scene, row: Row, head: Head, width: int, inks: Inks, plain: bool) -> list[Segment]:
    """Return the line of a head, `width` characters wide: as many of its words as there is room for."""
    picked = scene.is_picked(row)
    mark = (">" if plain else "▸") if picked else " "
    words = list(_process(scene, head) if head.key.kind is Kind.PROCESS else _alike(head))
    sign = " " if head.key.kind is Kind.GONE else "+" if head.folded else "-"
    line = f"{sign} {words[0]}"
    rest = ""
    for part in words[1:]:
        if len(mark) + len(line) + len(rest) + len(_GAP) + len(part) <= width:
            rest += _GAP + part
    room = max(0, width - len(mark) - len(line))
    return [
        Segment(mark + fit(line, min(len(line), width - len(mark)), plain), inks.bold),
        Segment(fit(rest, room, plain), inks.quiet),
    ]


def _process(scene: Scene, head: Head) -> Iterator[str]:
    """Yield what is known of a process, the most important first."""
    pid = head.key.pid
    assert pid is not None  # a process has one
    seen = head.key.run.timeline.processes.get(pid)
    yield f"{name_of(seen)} {pid}"
    yield count(len(head.lanes), "thread")
    if share := _running(scene, head):
        yield share
    yield from python_of(seen)


def name_of(seen: ProcessSeen | None) -> str:
    """What to call a process."""
    return printable(seen.name) if seen is not None and seen.name else "process"


def python_of(seen: ProcessSeen | None) -> Iterator[str]:
    """Yield on which Python a process runs, and whether that has a GIL: as far as it is known."""
    if seen is None:
        return
    if seen.python:
        yield f"Python {printable(seen.python)}"
    if seen.gil is not None:
        yield "GIL" if seen.gil else "no GIL"


def _running(scene: Scene, head: Head) -> str:
    """For how much of the time in sight its lanes were running, together: of one core."""
    did = scene.lanes.did
    length = scene.in_sight(head.key.run).length
    if not length or not did:
        return ""
    running = sum([did[lane].sums[_RUNNING] for lane in head.lanes if lane in did])
    return f"{running / length:.0%} of a core".replace("%", " %")


def _alike(head: Head) -> Iterator[str]:
    """Yield how many lanes there are."""
    if head.key.kind is Kind.GONE:
        yield count(head.beyond, "thread")
        yield "ended long ago: only counted, and in the sums"
    else:
        yield count(len(head.lanes), _NAMED[head.key.kind])
