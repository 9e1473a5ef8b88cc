"""The timeline: a pure model of a run. Events go in; lanes, tasks and totals at any moment come out.

It reads no clock, no file and no process, and draws nothing.
"""

from threadviz.timeline.account import STATES, Role
from threadviz.timeline.gil import GilTimeline, Part
from threadviz.timeline.lane import Lane, LaneSegment
from threadviz.timeline.tasks import Task
from threadviz.timeline.timeline import Timeline, Totals

__all__ = [
    "STATES",
    "GilTimeline",
    "Lane",
    "LaneSegment",
    "Part",
    "Role",
    "Task",
    "Timeline",
    "Totals",
]
