"""How a figure stands out that says that the event loop could not answer."""

from threadviz.findings.shape import SLOW_CALLBACK_NS
from threadviz.picture.figures import LOOP_FIGURES, Row
from threadviz.timeline import Timeline
from threadviz.tui.widgets.wording import ALARM, STRONG


def figure_style(row: Row, timeline: Timeline, t: int) -> str:
    """The style of a figure as of `t` (ns)."""
    return ALARM if row.name in LOOP_FIGURES and loop_is_slow(timeline, t) else STRONG


def loop_is_slow(timeline: Timeline, t: int) -> bool:
    """Whether the event loop could not answer for so long at a stretch that asyncio would complain, by `t` (ns)."""
    until = t if timeline.end is None else min(t, timeline.end)
    return timeline.loop is not None and timeline.loop.blocked(until)[1] >= SLOW_CALLBACK_NS
