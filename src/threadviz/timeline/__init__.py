"""The timeline: a pure model of a run. Events go in; lanes, tasks and totals at any moment come out.

It reads no clock, no file and no process, and draws nothing. Findings and views look at it; it looks at
the vocabulary of events alone.
"""

from threadviz.timeline.account import STATES, Role
from threadviz.timeline.gil import Held, Part, Ribbon, Shares
from threadviz.timeline.lane import Lane, Stretch
from threadviz.timeline.lane_index import Folded
from threadviz.timeline.tasks import Task
from threadviz.timeline.timeline import Timeline, Totals, Watching

__all__ = [
    "STATES",
    "Folded",
    "Held",
    "Lane",
    "Part",
    "Ribbon",
    "Role",
    "Shares",
    "Stretch",
    "Task",
    "Timeline",
    "Totals",
    "Watching",
]
