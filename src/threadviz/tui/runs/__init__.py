"""The runs of a session: started from the app, read while they go on, and kept to go back to.

Textual is not imported here, and nothing is drawn.
"""

from threadviz.tui.runs.run import Run
from threadviz.tui.runs.session import RunGroup, Session

__all__ = ["Run", "RunGroup", "Session"]
