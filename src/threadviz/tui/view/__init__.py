"""The view: which runs are shown, which part of their time, up to which moment, and what is selected.

It is pure: it reads no clock, no key and no file, and draws nothing. Commands change it, and widgets draw it.
"""

from threadviz.tui.view.rows import GroupHeader, GroupKey, GroupKind, LaneSort, Row, RowOptions, ViewedRun
from threadviz.tui.view.view import ReplayLoop, View
from threadviz.tui.view.viewport import Motion, Playhead, Viewport

__all__ = [
    "GroupHeader",
    "GroupKey",
    "GroupKind",
    "LaneSort",
    "Motion",
    "Playhead",
    "ReplayLoop",
    "Row",
    "RowOptions",
    "View",
    "ViewedRun",
    "Viewport",
]
