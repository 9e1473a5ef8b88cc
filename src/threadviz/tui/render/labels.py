"""What stands beside a lane: its name, what it does, and its shares; and the headings above."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment

from threadviz.analysis.metrics import WAITING
from threadviz.presentation.axis import moment
from threadviz.presentation.cells import MARKS, ExtraMark, Mark, Window, mark_durations, run_window
from threadviz.protocol.events import ProcessSeen, State
from threadviz.text import brief_seconds, count, percent, printable, seconds
from threadviz.timeline import STATES, Lane, Role, Timeline
from threadviz.tui.render.ascii import in_ascii
from threadviz.tui.render.gil import GilPainter
from threadviz.tui.render.layout import FIGURE, GAP, SHARES, Columns
from threadviz.tui.render.strips import Piece, StripCache
from threadviz.tui.render.styles import LaneStyles
from threadviz.tui.view import GroupHeader, GroupKind, Row, View

# What a lane does at a moment, or did most of the time, in words.

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


def doing(view: View, row: Row, lane: Lane, seen: Window) -> Doing | None:
    """What the lane of `row` does at the cursor, or else at present; what it mostly did, where all is over.

    `seen` is from where to where its run is drawn, in ns since the run's origin. None where the lane was not there.
    """
    if view.cursor is None and _all_is_seen(row, seen):
        return _mostly(lane, seen)
    return _at(view.cursor, row.run.timeline, lane, seen)


def absence(view: View, row: Row, lane: Lane, seen: Window) -> str:
    """Why the lane of `row` does nothing, where `doing` says that it does not: it is not there yet, or not any more.

    `seen` is as there. Nothing, where it is about to begin.
    """
    moment = _looked_at(view.cursor, seen)
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
    return row.run.over and seen.until >= run_window(row.run.timeline).until


def _at(cursor: int | None, timeline: Timeline, lane: Lane, seen: Window) -> Doing | None:
    t = _looked_at(cursor, seen)
    segment = None if t > seen.until else lane.at(t)
    if segment is None:
        return None
    mark: Mark = segment.state
    if lane.role is Role.LOOP and segment.state in WAITING:
        last = min(t, segment.end - 1)
        if lane.blocked(last + 1)[0] > lane.blocked(last)[0]:
            mark = ExtraMark.BLOCKED
    task = timeline.task_on(lane, t)
    call = "" if segment.state in _CALL_SAYS_NOTHING else printable(segment.call)
    if mark is ExtraMark.BLOCKED:
        ways = ["blocked: can't answer", "blocked"]
    elif mark is State.IDLE and lane.role is Role.LOOP:
        ways = ["waits for events", "idle"]
    else:
        ways = [f"{mark} {call}", str(mark)] if call else [str(mark)]
        if place := printable(lane.wait_target_at(t)):
            ways.insert(0, f"{ways[0]} {place}")
    if cursor is not None:
        ways = _told_of_then(ways, max(0, segment.start - seen.since), lane.resolution(t))
    return Doing(mark, "" if task is None else printable(task.name), tuple(ways), _where(lane, t))


def _where(lane: Lane, t: int) -> str:
    """In which function the lane was, as it was last seen up to `t` (ns); nothing where it never was."""
    seen = lane.location_at(t)
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
    (parts,) = mark_durations(lane, seen.since, seen.length, 1)
    there = dict(zip(MARKS, parts, strict=True))
    del there[ExtraMark.AWAY]
    most = max(there, key=lambda mark: there[mark])
    if not there[most]:
        return None
    share = percent(there[most] / sum(there.values()))
    word = "waits for events" if most is State.IDLE and lane.role is Role.LOOP else str(most)
    return Doing(most, "", (f"{word}, {share}", f"{most}, {share}", str(most)))


_TAIL = 6
"""Of a name that is cut, so many characters at its end are kept."""


def label(
    view: View, row: Row, lane: Lane, seen: Window, columns: Columns, height: int, press: StripCache
) -> Sequence[Piece]:
    """Return what stands left of the cells of `lane`, which is that of `row`, on each of `height` lines.

    `seen` is from where to where its run is drawn, in ns since the run's origin.
    """
    inks, plain = press.paint.inks, press.paint.plain
    picked = view.is_selected(row)
    mark = (">" if plain else "▸") if picked else " "
    style = inks.bold if picked or lane.role is Role.LOOP else inks.text
    name = [
        Segment(mark, style),
        *_holder_mark(view, row, lane, columns, press),
        Segment(fit_name(lane.name, columns.name, plain), style),
    ]
    found = doing(view, row, lane, seen)
    if found is None:
        now, task, now_style = absence(view, row, lane, seen), "", inks.quiet
    else:
        now, task = words(found, columns.now, with_task=height == 1), found.within
        now_style = inks.quiet if found.mark is State.IDLE else inks.word(found.mark)
    below = [("" if lane.role in {Role.WORKER, Role.THREAD} else lane.kind, task), *[("", "")] * height][
        : height - 1
    ]
    return [
        press.words(*name, Segment(_now(now, columns, plain), now_style)),
        *(
            press.words(
                Segment(
                    f" {' ' * columns.mark}{fit(kind, columns.name, plain)}{_now(what, columns, plain)}",
                    inks.quiet,
                )
            )
            for kind, what in below
        ),
    ]


def shares(lane: Lane, seen: Window, columns: Columns, height: int, press: StripCache) -> Sequence[Piece]:
    """Return what stands right of the cells of `lane`, on each of `height` lines: the shares of its life so far."""
    blank = press.blank(columns.width - columns.right)
    return [_shares(lane, seen, columns, press), *[blank] * (height - 1)]


def _now(text: str, columns: Columns, plain: bool) -> str:
    return f" {fit(text, columns.now, plain)} " if columns.now else " "


def now_heading(view: View) -> str:
    """What stands above what the lanes do."""
    if view.cursor is not None:
        return f"at {moment(view.cursor, view.viewport.cell_ns)}"
    moving = view.growing or view.present < view.length
    return "now" if moving or not view.length else "mostly"


def share_headings(columns: Columns) -> str:
    """What stands above the shares."""
    return "".join(" " * GAP + heading.rjust(FIGURE) for heading, _ in SHARES[: columns.shares])


def fit(text: str, width: int, plain: bool) -> str:
    """Return `text`, printable, in exactly `width` characters' room; cut off visibly."""
    if text.isascii() and text.isprintable() and len(text) <= width:
        return text.ljust(width)
    text = in_ascii(printable(text)) if plain else printable(text)
    if width and cell_len(text) > width:
        return set_cell_size(text, width - 1) + ("~" if plain else "…")
    return set_cell_size(text, width)


def fit_name(name: str, width: int, plain: bool) -> str:
    """Return a lane's name in exactly `width` characters' room: cut in its middle, for names differ at their ends."""
    begin = width - _TAIL - 1
    if len(name) <= width or begin < _TAIL:
        return fit(name, width, plain)
    return f"{fit(name[:begin], begin, plain)}{'~' if plain else '…'}{fit(name[-_TAIL:], _TAIL, plain)}"


def _holder_mark(view: View, row: Row, lane: Lane, columns: Columns, press: StripCache) -> list[Segment]:
    """Return by what a lane is known in the ribbon of who holds the GIL."""
    if not columns.mark:
        return []
    mark = view.gil_rows.mark(row.run, lane)
    blank = Segment(" " * (columns.mark - 1 if mark else columns.mark), press.paint.inks.text)
    return [*([GilPainter(press.paint.inks, press.paint.plain).badge(mark)] if mark else []), blank]


def _shares(lane: Lane, seen: Window, columns: Columns, press: StripCache) -> Piece:
    states = lane.states(*seen)
    there = sum(states.values())
    inks = press.paint.inks
    drawn = []
    for heading, of in SHARES[: columns.shares]:
        share = sum([ns for state, ns in states.items() if state in of]) / there if there else 0
        figure = _percent(share) if there else ""
        style = inks.word(State.RUNNING) if share and heading == "run" else inks.quiet
        drawn.append(Segment(" " * GAP + figure.rjust(FIGURE), style))
    return press.words(*drawn)


def _percent(share: float) -> str:
    return "<1 %" if 0 < share < 0.005 else f"{share:.0%}".replace("%", " %")


# What stands above lanes that have something in common: a process, or that they are idle, or ended long ago.

_RUNNING = STATES.index(State.RUNNING)
_GAP = "  "

_NAMED = {GroupKind.IDLE: "idle lane", GroupKind.ENDED: "ended lane"}


def head_line(
    view: View, row: Row, head: GroupHeader, width: int, inks: LaneStyles, plain: bool
) -> list[Segment]:
    """Return the line of a head, `width` characters wide: as many of its words as there is room for."""
    picked = view.is_selected(row)
    mark = (">" if plain else "▸") if picked else " "
    words = list(_process(view, head) if head.key.kind is GroupKind.PROCESS else _alike(head))
    sign = " " if head.key.kind is GroupKind.GONE else "+" if head.folded else "-"
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


def _process(view: View, head: GroupHeader) -> Iterator[str]:
    """Yield what is known of a process, the most important first."""
    pid = head.key.pid
    assert pid is not None  # a process has one
    seen = head.key.run.timeline.processes.get(pid)
    yield f"{name_of(seen)} {pid}"
    yield count(len(head.lanes), "thread")
    if share := _running(view, head):
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


def _running(view: View, head: GroupHeader) -> str:
    """For how much of the time in sight its lanes were running, together: of one core."""
    did = view.row_cache.activity
    length = view.visible_window(head.key.run).length
    if not length or not did:
        return ""
    running = sum([did[lane].sums[_RUNNING] for lane in head.lanes if lane in did])
    return f"{running / length:.0%} of a core".replace("%", " %")


def _alike(head: GroupHeader) -> Iterator[str]:
    """Yield how many lanes there are."""
    if head.key.kind is GroupKind.GONE:
        yield count(head.beyond, "thread")
        yield "ended long ago: only counted, and in the sums"
    else:
        yield count(len(head.lanes), _NAMED[head.key.kind])
