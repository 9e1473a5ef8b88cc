"""The scene: which runs are looked at, which part of their time, until which moment, and what is picked.

It is pure: it reads no clock, no key and no file, and draws nothing. Commands change it, and widgets draw what it says.
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
