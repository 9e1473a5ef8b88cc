"""The timeline: a pure model of a run. Events go in; lanes, tasks and totals at any moment come out.

It reads no clock, no file and no process, and draws nothing. Findings and views look at it; it looks at
the vocabulary of events alone.
"""

from threadviz.timeline.folded import Folded
from threadviz.timeline.kinds import STATES
from threadviz.timeline.lane import Lane
from threadviz.timeline.model import Timeline
from threadviz.timeline.reading import Role
from threadviz.timeline.ribbon import Held, Part, Ribbon, Shares
from threadviz.timeline.stretch import Stretch
from threadviz.timeline.tasks import Task
from threadviz.timeline.totals import Totals, Watching

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
