"""The timeline: a pure model of a run. Events go in; lanes, tasks and totals at any moment come out.

It reads no clock, no file and no process, and draws nothing. Findings and views look at it; it looks at
the vocabulary of events alone.
"""

from threadviz.timeline.kinds import STATES
from threadviz.timeline.lane import Lane, Stretch
from threadviz.timeline.model import Timeline
from threadviz.timeline.reading import Role
from threadviz.timeline.tasks import Task
from threadviz.timeline.totals import Totals, Watching

__all__ = ["STATES", "Lane", "Role", "Stretch", "Task", "Timeline", "Totals", "Watching"]
