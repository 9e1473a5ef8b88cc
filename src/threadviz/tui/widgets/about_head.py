"""What lanes have in common that are below one head, in words."""

from collections import Counter
from collections.abc import Iterator

from textual.content import Content

from threadviz.findings.words import count, percent, seconds
from threadviz.picture.plain import printable
from threadviz.timeline import Lane
from threadviz.tui.drawing.heads import name_of, python_of
from threadviz.tui.scene import Head, Kind, Scene, Shown
from threadviz.tui.widgets.state_bars import state_lines
from threadviz.tui.widgets.wording import FAINT, STRONG, wrapped
from threadviz.vocabulary import State

_ABOUT = {
    Kind.IDLE: "They did next to nothing in the time that is in sight.",
    Kind.ENDED: "They have ended; others ended later, or lived for longer.",
    Kind.GONE: "They ended so long ago that nothing more is kept of each: they are in the sums.",
}


def about_head(scene: Scene, head: Head, width: int, plain: bool) -> Iterator[Content]:
    """Yield the lines about a head and its lanes, as of the scene's present, each no wider than `width`."""
    run = head.key.run
    if head.key.kind is Kind.PROCESS and head.key.pid is not None:
        yield from _process(scene, run, head.key.pid, width)
    else:
        number = len(head.lanes) + head.beyond
        yield Content.styled(f"{count(number, 'thread')}, put together", STRONG)
        yield from wrapped(Content.styled(_ABOUT[head.key.kind], FAINT), width)
    if head.lanes:
        yield Content()
        yield from _states(scene, run, head.lanes, width, plain)


def _process(scene: Scene, run: Shown, pid: int, width: int) -> Iterator[Content]:
    seen, timeline = run.timeline.processes.get(pid), run.timeline
    yield Content.assemble((name_of(seen), STRONG), f"  process {pid}")
    if seen is None:
        return
    parent = timeline.processes.get(seen.parent)
    words = [
        f"child of {name_of(parent)} {seen.parent}" if parent else f"parent {seen.parent}",
        *python_of(seen),
    ]
    yield from wrapped(Content.styled(", ".join(words), FAINT), width)
    if seen.cannot:
        yield from wrapped(Content(f"Not all can be told of it: {printable(seen.cannot)}."), width)
    origin, until = scene.origin(run), scene.until(run)
    for ribbon in timeline.ribbons:
        share = ribbon.shares(origin, until).held_share
        if ribbon.pid == pid and share is not None:
            which = f" of interpreter {ribbon.interpreter}" if ribbon.interpreter else ""
            yield from wrapped(
                Content(f"Its GIL{which} was held for {percent(share)} of the time seen."), width
            )


def _states(scene: Scene, run: Shown, lanes: tuple[Lane, ...], width: int, plain: bool) -> Iterator[Content]:
    """What its lanes were in, added up."""
    sums = Counter[State]()
    for lane in lanes:
        sums.update(lane.states(scene.origin(run), scene.until(run)))
    life = sums.total()
    if not life:
        return
    yield Content.styled(f"States, of the {seconds(life)} of its {count(len(lanes), 'lane')}", STRONG)
    yield from state_lines(sums, width, plain)
