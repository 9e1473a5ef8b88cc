"""What a lane is, and what it was in at a moment, in words."""

from collections.abc import Iterator

from textual.content import Content

from threadviz.findings.figures import SHORT_NS
from threadviz.findings.words import NS_PER_S, count, percent, seconds
from threadviz.picture.heading import cannot
from threadviz.picture.plain import printable
from threadviz.timeline import Lane, Ribbon, Role, Stretch
from threadviz.tui.scene import Row, Scene, Shown
from threadviz.tui.scene.arranging import is_program
from threadviz.tui.widgets.loop import loop_is_slow
from threadviz.tui.widgets.moments import at_end
from threadviz.tui.widgets.state_bars import style_of
from threadviz.tui.widgets.wording import ALARM, FAINT, STRONG, cut, wrapped
from threadviz.vocabulary import Known, NamedBy

_KNOWN = {
    Known.COUNTED: "counted by the kernel",
    Known.SAMPLED: "sampled",
    Known.SAID: "said by the subject",
    Known.INFERRED: "inferred from what others did",
}
_NAMED_BY = {
    NamedBy.PROGRAM: "as the program says",
    NamedBy.SYSTEM: "as the system has it",
    NamedBy.STACKS: "as py-spy read it",
}
_ROLES = {
    Role.LOOP: "the event loop's thread",
    Role.WORKER: "a worker, which tasks run in",
    Role.THREAD: "a thread of the program",
    Role.PLUMBING: "plumbing: no task runs in it",
}


def about_lane(scene: Scene, row: Row, lane: Lane, width: int, plain: bool) -> Iterator[Content]:
    """Yield the lines about `lane`, which is that of `row`, each no wider than `width`."""
    run, until = row.run, scene.until(row.run)
    yield cut(Content.assemble((printable(lane.name), STRONG), f"  {_ROLES[lane.role]}"), width, plain)
    yield from wrapped(Content.styled(_who(run, lane), FAINT), width)
    begin = seconds(max(0, lane.start - scene.origin(run)))
    lived = f"Alive since {begin}"
    if lane.end is not None and has_ended(lane, until):
        lived = f"Lived from {begin} to {seconds(max(0, lane.end - scene.origin(run)))}"
    yield Content.styled(lived, FAINT)
    yield Content()
    yield from _now(scene, row, lane, width)
    if lane.role is Role.LOOP:
        yield from _blocked(scene, run, lane, width)
    for ribbon in run.timeline.ribbons:
        if ribbon.pid == lane.pid:
            yield from _held(scene, run, lane, ribbon, width)
    if unseen := cannot(run.timeline.header):
        yield from wrapped(Content.styled(unseen, FAINT), width)


def has_ended(lane: Lane, t: int) -> bool:
    """Whether a lane was gone by `t` (ns)."""
    return lane.end is not None and lane.end <= t


def doing_then(stretch: Stretch) -> str:
    """What a stretch was spent in: its state, and the system call."""
    return printable(f"{stretch.state} {stretch.call}".rstrip())


def _who(run: Shown, lane: Lane) -> str:
    """Which thread of which process it is, what it is called, and by whom."""
    who = f"{lane.kind}, pid {lane.pid}, tid {lane.tid}"
    if is_program(run.timeline):
        who = f"{printable(lane.process_name)}, {who}"
    if lane.own_name != f"tid {lane.tid}":  # which stands in where there is none
        who += f", named {printable(lane.own_name)}"
        who += f", {_NAMED_BY[lane.named_by]}" if lane.named_by is not None else ""
    return who


def _now(scene: Scene, row: Row, lane: Lane, width: int) -> Iterator[Content]:
    """What the lane is in at the cursor, or at present."""
    run = row.run
    origin, until = scene.origin(run), scene.until(run)
    t = until - origin if scene.cursor is None else scene.cursor
    ended = at_end(scene, run)
    where = "At the cursor," if scene.cursor is not None else "At the end," if ended else "Now, at"
    when = f"{where} {seconds(t)}:"
    stretch = lane.at(origin + t) if origin + t <= until else None
    if stretch is None:
        gone = has_ended(lane, min(until, origin + t))
        yield Content.assemble((f"{when} ", STRONG), "had ended" if gone else "not there")
        return
    end = (
        ("to the end" if ended else "so far")
        if stretch.end >= until
        else f"until {seconds(stretch.end - origin)}"
    )
    task = scene.task_at(row, t)
    place = printable(lane.place_at(origin + t))
    what = Content.assemble(
        (f"{when} ", STRONG),
        (doing_then(stretch), style_of(stretch.state)),
        (f" {place}", STRONG) if place else "",
        f" since {seconds(max(0, stretch.start - origin))}, {end}, {_KNOWN[stretch.known]}",
        f"; task {printable(task.name)}" if task else "",
        f" (in some order within {seconds(grain)})" if (grain := lane.grain(origin + t)) else "",
    )
    yield from wrapped(what, width)
    if (seen := lane.function_at(origin + t)) is not None:
        at, function = seen
        since = f", as py-spy first saw it at {seconds(max(0, at - origin))}"
        yield from wrapped(Content.assemble("In ", (printable(function), STRONG), since), width)


def _held(scene: Scene, run: Shown, lane: Lane, ribbon: Ribbon, width: int) -> Iterator[Content]:
    """For how much of its time the lane held a GIL, and how often that was handed to it."""
    origin, until = scene.origin(run), scene.until(run)
    held, taken = ribbon.of_lane(lane.number, until)
    length = min(until, lane.end or until) - max(lane.start, origin)
    if not held or length <= 0:
        return
    often = f"{taken * NS_PER_S / length:.0f} times a second" if length >= SHORT_NS else count(taken, "time")
    which = f" of interpreter {ribbon.interpreter}" if ribbon.interpreter else ""
    text = f"It held the GIL{which} for {percent(held / length)} of its time, and was handed it {often}, at least."
    yield from wrapped(Content(text), width)


def _blocked(scene: Scene, run: Shown, lane: Lane, width: int) -> Iterator[Content]:
    until = scene.until(run)
    in_all, at_most = lane.blocked(until if run.timeline.end is None else min(until, run.timeline.end))
    text = f"It could not answer for {seconds(in_all)} in all, {seconds(at_most)} at a stretch."
    yield from wrapped(Content.styled(text, ALARM if loop_is_slow(run.timeline, until) else ""), width)
