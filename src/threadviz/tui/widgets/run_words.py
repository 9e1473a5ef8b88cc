"""What tells several runs apart in a word or two."""

from collections.abc import Iterator, Sequence

from threadviz.analysis.workload_rules import SLOW_CALLBACK_NS
from threadviz.presentation.cells import measured
from threadviz.presentation.summary import LOOP_FIGURES, Row
from threadviz.protocol.events import ELSEWHERE, FREE, OPEN, Header
from threadviz.text import brief_seconds, printable, seconds
from threadviz.timeline import Timeline
from threadviz.tui.render.labels import name_of
from threadviz.tui.view import Motion, Scene
from threadviz.tui.view.gil_marks import Ribboned
from threadviz.tui.view.rows import Shown
from threadviz.tui.widgets.panel import ALARM, STRONG

NOT_BEGUN = "starting"


def header_of(timeline: Timeline) -> Header | None:
    """A run's header; None as long as nothing came of it."""
    return timeline.header if timeline.begun else None


def labels(runs: Sequence[Shown]) -> list[str]:
    """A label for each of `runs`, no two of them equal: its mode, with its workload where that is not enough.

    Further runs of the same are numbered, as in a report.
    """
    names, numbers = _names(runs), label_numbers(runs)
    return [f"{name} ({nth})" if nth > 1 else name for name, nth in zip(names, numbers, strict=True)]


def label_numbers(runs: Sequence[Shown]) -> list[int]:
    """The numbers in the labels of `runs`: 1, where a label has none."""
    names = _names(runs)
    return [names[: index + 1].count(name) for index, name in enumerate(names)]


def _names(runs: Sequence[Shown]) -> list[str]:
    headers = [header_of(run.timeline) for run in runs]
    modes = [NOT_BEGUN if header is None else printable(header.mode) for header in headers]
    if len(set(modes)) == len(modes) or len({header.workload for header in headers if header}) < 2:
        return modes
    return [
        NOT_BEGUN if header is None else printable(f"{header.workload} {header.mode}") for header in headers
    ]


# Who holds the GIL, and for how much of the time somebody does, in words from long to short.


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


# How a figure stands out that says that the event loop could not answer.


def figure_style(row: Row, timeline: Timeline, t: int) -> str:
    """The style of a figure as of `t` (ns)."""
    return ALARM if row.name in LOOP_FIGURES and loop_is_slow(timeline, t) else STRONG


def loop_is_slow(timeline: Timeline, t: int) -> bool:
    """Whether the event loop could not answer for so long at a stretch that asyncio would complain, by `t` (ns)."""
    until = t if timeline.end is None else min(t, timeline.end)
    return timeline.loop is not None and timeline.loop.blocked(until)[1] >= SLOW_CALLBACK_NS


# How the moment that is shown lies to what is known of a run.


def at_end(scene: Scene, run: Shown) -> bool:
    """Whether the run is over, and was so by the moment that is shown."""
    return run.over and scene.until(run) >= measured(run.timeline).until


def observer_is_told(scene: Scene) -> bool:
    """Whether the observer's figures go with the picture: of a run that goes on, only the latest are known."""
    return not scene.growing or scene.playhead.motion is Motion.FOLLOWING
