"""Who holds the GIL, and for how much of the time somebody does, in words from long to short."""

from collections.abc import Iterator, Sequence

from threadviz.findings.words import seconds
from threadviz.picture.brief import brief_seconds
from threadviz.picture.plain import printable
from threadviz.tui.drawing.heads import name_of
from threadviz.tui.scene import Scene
from threadviz.tui.scene.holders import Ribboned
from threadviz.tui.widgets.labels import labels
from threadviz.vocabulary import ELSEWHERE, FREE, OPEN


def share_words(scene: Scene, of: Ribboned, until: int) -> Sequence[str]:
    """Return which GIL it is, and for how much of the time until then (ns) it was held, as far as that was seen."""
    words, ribbon = _whose(scene, of), of.ribbon
    shares = ribbon.shares(scene.origin(of.run), until)
    if shares.open > shares.held + shares.free:
        seen = of.run.timeline.processes.get(ribbon.pid)
        on = f" on {printable(seen.python)}" if seen is not None and seen.python else ""
        return [f"{words}: mostly not seen{on}", f"{words}: mostly not seen", f"{words} ?", "GIL ?", "GIL"]
    held = shares.held_share
    if held is None:
        return [words, "GIL"]
    several = any(each.pid != ribbon.pid for each in of.run.timeline.ribbons)
    shorter = [f"GIL of {ribbon.pid} {held:.0%}", f"{ribbon.pid} {held:.0%}"] if several else []
    return [f"{words} {100 * held:.0f} %", *shorter, f"GIL {100 * held:.0f} %", f"GIL {held:.0%}", "GIL"]


def holder_words(scene: Scene, of: Ribboned, until: int) -> Iterator[str]:
    """Yield who holds it at the cursor, or while time passes, at `until` (ns); nothing where that is not told."""
    if scene.cursor is None and not scene.moving:
        return
    origin, ribbon = scene.origin(of.run), of.ribbon
    t = until if scene.cursor is None else origin + scene.cursor
    held = ribbon.at(min(t, ribbon.end)) if t <= scene.until(of.run) else None
    if held is None:
        return
    who = _who(of, held.holder)
    if scene.cursor is not None:
        if grain := ribbon.grain(t):
            yield f"about {who}, within {seconds(grain)}"
        else:
            since = max(0, held.start - origin)
            yield f"{who} since {seconds(since)}, for {seconds(held.end - held.start)}"
            yield f"{who} since {seconds(since)}"
            yield f"{who} @{brief_seconds(since).replace(' ', '')}"
    elif held.holder == OPEN:
        return
    yield who


def _whose(scene: Scene, of: Ribboned) -> str:
    """Return whose GIL it is, where there are several."""
    timeline, ribbon = of.run.timeline, of.ribbon
    words = "GIL"
    if scene.comparing:
        words = f"{labels(scene.runs)[scene.runs.index(of.run)]}: GIL"
    ribbons = timeline.ribbons
    if any(each.pid != ribbon.pid for each in ribbons):
        words += f" of {name_of(timeline.processes.get(ribbon.pid))} {ribbon.pid}"
    if any(each.pid == ribbon.pid and each is not ribbon for each in ribbons):
        words += f", interpreter {ribbon.interpreter}"
    return words


def _who(of: Ribboned, holder: int) -> str:
    if holder in (FREE, OPEN):
        return "free" if holder == FREE else "not seen"
    if holder != ELSEWHERE:
        for lane in of.run.timeline.lanes:
            if lane.number == holder:
                return printable(lane.name)
    return "another thread"
