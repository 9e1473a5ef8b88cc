"""The text beside a lane: its name, what it does, and its shares; and the headers above lanes."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment

from threadviz.analysis.metrics import WAITING
from threadviz.presentation.axis import moment
from threadviz.presentation.cells import MARKS, ExtraMark, Mark, Window, mark_durations, run_window
from threadviz.protocol.events import ProcessSeen, State
from threadviz.text import brief_seconds, count, percent, printable, seconds
from threadviz.timeline import STATES, Lane, LaneSegment, Role, Timeline
from threadviz.tui.render.ascii import in_ascii
from threadviz.tui.render.gil import GilPainter
from threadviz.tui.render.layout import FIGURE, GAP, SHARES, Columns
from threadviz.tui.render.strips import Piece, StripCache
from threadviz.tui.render.styles import LaneStyles
from threadviz.tui.view.rows import GroupHeader, GroupKind, Row
from threadviz.tui.view.view import View

_MIN_TASK = 8
"""If there is room for fewer characters of a task's name, it is left out."""

_CALL_IS_KNOWN = frozenset({State.GIL, State.LOCK})
"""These are always waited for in the same system call, so it is left out."""


class LaneText(NamedTuple):
    """What a lane does, in `texts`: the longest first. `task` is on it, and it was last seen in `function`, if known.

    `mark` is None if the lane does not exist at that moment.
    """

    mark: Mark | None
    texts: Sequence[str]
    task: str = ""
    function: str = ""

    def fit(self, width: int, with_task: bool) -> str:
        """Return the longest text that fits into `width` characters, with the task or the function if there is room."""
        text = next((each for each in self.texts if len(each) <= width), self.texts[-1])
        within = self.task or self.function
        if with_task and within and width - len(text) - len(", ") >= _MIN_TASK:
            text += f", {within}"
        return text


def lane_text(view: View, row: Row, lane: Lane, window: Window) -> LaneText:
    """Return what the lane of `row` does at the cursor, or else at present; what it mostly did, if the run is over.

    Of its run, `window` is drawn (ns since the run's origin).
    """
    all_visible = row.run.over and window.until >= run_window(row.run.timeline).until
    t = window.until if view.cursor is None else window.since + view.cursor
    segment = None
    if view.cursor is None and all_visible:
        if (mostly := _mostly(lane, window)) is not None:
            return mostly
    elif t <= window.until:
        segment = lane.at(t)
    if segment is not None:
        start = None if view.cursor is None else max(0, segment.start - window.since)
        return _at(row.run.timeline, lane, segment, t, start)
    if t > window.until:
        return LaneText(None, ["run over" if all_visible else "not yet"])
    if t < lane.start:
        return LaneText(None, ["not yet"])
    return LaneText(None, ["ended" if lane.end is not None and lane.end <= t else ""])


def _at(timeline: Timeline, lane: Lane, segment: LaneSegment, t: int, start: int | None) -> LaneText:
    """Return what a lane does at `t` (ns), with the `start` (ns) of the segment unless it is None."""
    mark: Mark = segment.state
    if lane.role is Role.LOOP and segment.state in WAITING:
        last = min(t, segment.end - 1)
        if lane.blocked(last + 1)[0] > lane.blocked(last)[0]:
            mark = ExtraMark.BLOCKED
    call = "" if segment.state in _CALL_IS_KNOWN else printable(segment.call)
    if mark is ExtraMark.BLOCKED:
        texts = ["blocked: can't answer", "blocked"]
    elif mark is State.IDLE and lane.role is Role.LOOP:
        texts = ["waits for events", "idle"]
    else:
        texts = [f"{mark} {call}", str(mark)] if call else [str(mark)]
        if wait_target := printable(lane.wait_target_at(t)):
            texts.insert(0, f"{texts[0]} {wait_target}")
    if start is not None:
        texts = _with_start(texts, start, lane.resolution(t))
    task, location = timeline.task_on(lane, t), lane.location_at(t)
    function = "" if location is None else f"in {printable(location[1])}"
    return LaneText(mark, texts, "" if task is None else printable(task.name), function)


def _with_start(texts: Sequence[str], start: int, resolution: int) -> list[str]:
    """Add the start (ns) of a segment to its texts; or the resolution (ns) of downsampled time, which has no order."""
    shortest = texts[-1]
    if resolution:
        within = seconds(resolution)
        return [*(f"about {text}, within {within}" for text in texts), f"about {shortest}", f"~{shortest}"]
    since, brief = seconds(start), brief_seconds(start).replace(" ", "")
    return [
        *(f"{text} since {since}" for text in texts),
        f"{shortest} from {since}",
        f"{shortest} @{brief}",
        shortest,
    ]


def _mostly(lane: Lane, window: Window) -> LaneText | None:
    (durations,) = mark_durations(lane, window.since, window.length, 1)
    there = dict(zip(MARKS, durations, strict=True))
    del there[ExtraMark.AWAY]
    mark = max(there, key=there.__getitem__)
    if not there[mark]:
        return None
    share = percent(there[mark] / sum(there.values()))
    text = "waits for events" if mark is State.IDLE and lane.role is Role.LOOP else str(mark)
    return LaneText(mark, (f"{text}, {share}", f"{mark}, {share}", str(mark)))


def label(
    view: View, row: Row, lane: Lane, window: Window, columns: Columns, height: int, strips: StripCache
) -> Sequence[Piece]:
    """Return what stands left of the cells of `lane`, which is that of `row`, on each of `height` lines.

    Of its run, `window` is drawn (ns since the run's origin).
    """
    styles, ascii_only = strips.painter.styles, strips.painter.ascii_only
    selected = view.is_selected(row)
    style = styles.bold if selected or lane.role is Role.LOOP else styles.text
    text = lane_text(view, row, lane, window)
    now_style = styles.quiet if text.mark in (None, State.IDLE) else styles.word(text.mark)
    kind = "" if lane.role in {Role.WORKER, Role.THREAD} else lane.kind
    below = [(kind, text.task or text.function), *[("", "")] * height][: height - 1]
    margin = " " * columns.mark
    return [
        strips.words(
            Segment(_selection_mark(selected, ascii_only), style),
            *_holder_mark(view, row, lane, columns, strips),
            Segment(fit_name(lane.name, columns.name, ascii_only), style),
            Segment(_now(text.fit(columns.now, height == 1), columns, ascii_only), now_style),
        ),
        *(
            strips.words(
                Segment(
                    f" {margin}{fit(what, columns.name, ascii_only)}{_now(within, columns, ascii_only)}",
                    styles.quiet,
                )
            )
            for what, within in below
        ),
    ]


def shares(lane: Lane, window: Window, columns: Columns, height: int, strips: StripCache) -> Sequence[Piece]:
    """Return what stands right of the cells of `lane`, on each of `height` lines: the shares of its life so far."""
    states, styles = lane.states(*window), strips.painter.styles
    life = sum(states.values())
    drawn = []
    for heading, of in SHARES[: columns.shares]:
        share = sum([ns for state, ns in states.items() if state in of]) / life if life else 0
        figure = ("<1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %") if life else ""
        style = styles.word(State.RUNNING) if share and heading == "run" else styles.quiet
        drawn.append(Segment(" " * GAP + figure.rjust(FIGURE), style))
    return [strips.words(*drawn), *[strips.blank(columns.width - columns.right)] * (height - 1)]


def now_heading(view: View) -> str:
    """Return the heading of what the lanes do."""
    if view.cursor is not None:
        return f"at {moment(view.cursor, view.viewport.cell_ns)}"
    moving = view.growing or view.present < view.length
    return "now" if moving or not view.length else "mostly"


def share_headings(columns: Columns) -> str:
    """Return the headings of the shares."""
    return "".join(" " * GAP + heading.rjust(FIGURE) for heading, _ in SHARES[: columns.shares])


def fit(text: str, width: int, ascii_only: bool) -> str:
    """Return `text`, printable, in exactly `width` characters, with an ellipsis if it was cut."""
    if text.isascii() and text.isprintable() and len(text) <= width:
        return text.ljust(width)
    text = in_ascii(printable(text)) if ascii_only else printable(text)
    if width and cell_len(text) > width:
        return set_cell_size(text, width - 1) + ("~" if ascii_only else "…")
    return set_cell_size(text, width)


_TAIL = 6
"""Of a name that is cut, this many characters at its end are kept."""


def fit_name(name: str, width: int, ascii_only: bool) -> str:
    """Return a lane's name in exactly `width` characters: cut in its middle, since names differ at their ends."""
    begin = width - _TAIL - 1
    if len(name) <= width or begin < _TAIL:
        return fit(name, width, ascii_only)
    ellipsis = "~" if ascii_only else "…"
    return f"{fit(name[:begin], begin, ascii_only)}{ellipsis}{fit(name[-_TAIL:], _TAIL, ascii_only)}"


def _now(text: str, columns: Columns, ascii_only: bool) -> str:
    return f" {fit(text, columns.now, ascii_only)} " if columns.now else " "


def _selection_mark(selected: bool, ascii_only: bool) -> str:
    return (">" if ascii_only else "▸") if selected else " "


def _holder_mark(view: View, row: Row, lane: Lane, columns: Columns, strips: StripCache) -> Iterator[Segment]:
    """Yield the mark of a lane in the GIL timeline, in the column for it."""
    if not columns.mark:
        return
    painter, mark = strips.painter, view.gil_rows.mark(row.run, lane)
    if mark:
        yield GilPainter(painter.styles, painter.ascii_only).badge(mark)
    yield Segment(" " * (columns.mark - bool(mark)), painter.styles.text)


# Group headers

_RUNNING = STATES.index(State.RUNNING)
_GAP = "  "

_GROUP_NAMES = {GroupKind.IDLE: "idle lane", GroupKind.ENDED: "ended lane"}


def header_line(
    view: View, row: Row, header: GroupHeader, width: int, styles: LaneStyles, ascii_only: bool
) -> list[Segment]:
    """Return the line of a group header, `width` characters wide, with as much of its text as fits."""
    mark = _selection_mark(view.is_selected(row), ascii_only)
    first, *parts = _header_parts(view, header)
    sign = " " if header.key.kind is GroupKind.GONE else "+" if header.folded else "-"
    line = f"{sign} {first}"
    rest = ""
    for part in parts:
        if len(mark) + len(line) + len(rest) + len(_GAP) + len(part) <= width:
            rest += _GAP + part
    room = max(0, width - len(mark) - len(line))
    return [
        Segment(mark + fit(line, min(len(line), width - len(mark)), ascii_only), styles.bold),
        Segment(fit(rest, room, ascii_only), styles.quiet),
    ]


def _header_parts(view: View, header: GroupHeader) -> Iterator[str]:
    """Yield what is known of a group, the most important first."""
    run, kind, pid = header.key
    if kind is GroupKind.GONE:
        yield count(header.beyond, "thread")
        yield "ended long ago: only counted, and in the sums"
    elif kind is not GroupKind.PROCESS or pid is None:
        yield count(len(header.lanes), _GROUP_NAMES[kind])
    else:
        process, activity = run.timeline.processes.get(pid), view.row_cache.activity
        yield f"{name_of(process)} {pid}"
        yield count(len(header.lanes), "thread")
        if activity and (length := view.visible_window(run).length):
            running = sum([activity[lane].sums[_RUNNING] for lane in header.lanes if lane in activity])
            yield f"{100 * running / length:.0f} % of a core"
        yield from python_of(process)


def name_of(process: ProcessSeen | None) -> str:
    """Return the name of a process."""
    return printable(process.name) if process is not None and process.name else "process"


def python_of(process: ProcessSeen | None) -> Iterator[str]:
    """Yield the Python of a process, and whether that has a GIL, as far as known."""
    if process is not None and process.python:
        yield f"Python {printable(process.python)}"
    if process is not None and process.gil is not None:
        yield "GIL" if process.gil else "no GIL"
