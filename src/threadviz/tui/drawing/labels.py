"""What stands beside a lane: its name, what it does, and its shares; and the headings above."""

from collections.abc import Sequence

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment

from threadviz.picture.axis import moment
from threadviz.picture.plain import printable
from threadviz.picture.window import Window
from threadviz.timeline import Lane, Role
from threadviz.tui.drawing.columns import FIGURE, GAP, SHARES, Columns
from threadviz.tui.drawing.doing import absence, doing, words
from threadviz.tui.drawing.gil_paint import GilPaint
from threadviz.tui.drawing.plain import in_ascii
from threadviz.tui.drawing.press import Piece, Press
from threadviz.tui.scene import Row, Scene
from threadviz.vocabulary import State

_TAIL = 6
"""Of a name that is cut, so many characters at its end are kept."""


def label(
    scene: Scene, row: Row, lane: Lane, seen: Window, columns: Columns, height: int, press: Press
) -> Sequence[Piece]:
    """Return what stands left of the cells of `lane`, which is that of `row`, on each of `height` lines.

    `seen` is from where to where its run is drawn, in ns since the run's origin.
    """
    inks, plain = press.paint.inks, press.paint.plain
    picked = scene.is_picked(row)
    mark = (">" if plain else "▸") if picked else " "
    style = inks.bold if picked or lane.role is Role.LOOP else inks.text
    name = [
        Segment(mark, style),
        *_holder_mark(scene, row, lane, columns, press),
        Segment(fit_name(lane.name, columns.name, plain), style),
    ]
    found = doing(scene, row, lane, seen)
    if found is None:
        now, task, now_style = absence(scene, row, lane, seen), "", inks.quiet
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


def shares(lane: Lane, seen: Window, columns: Columns, height: int, press: Press) -> Sequence[Piece]:
    """Return what stands right of the cells of `lane`, on each of `height` lines: the shares of its life so far."""
    blank = press.blank(columns.width - columns.right)
    return [_shares(lane, seen, columns, press), *[blank] * (height - 1)]


def _now(text: str, columns: Columns, plain: bool) -> str:
    return f" {fit(text, columns.now, plain)} " if columns.now else " "


def now_heading(scene: Scene) -> str:
    """What stands above what the lanes do."""
    if scene.cursor is not None:
        return f"at {moment(scene.cursor, scene.camera.cell_ns)}"
    moving = scene.growing or scene.present < scene.length
    return "now" if moving or not scene.length else "mostly"


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


def _holder_mark(scene: Scene, row: Row, lane: Lane, columns: Columns, press: Press) -> list[Segment]:
    """Return by what a lane is known in the ribbon of who holds the GIL."""
    if not columns.mark:
        return []
    mark = scene.holders.mark(row.run, lane)
    blank = Segment(" " * (columns.mark - 1 if mark else columns.mark), press.paint.inks.text)
    return [*([GilPaint(press.paint.inks, press.paint.plain).badge(mark)] if mark else []), blank]


def _shares(lane: Lane, seen: Window, columns: Columns, press: Press) -> Piece:
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
