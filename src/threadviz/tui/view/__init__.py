"""The scene: which runs are looked at, which part of their time, until which moment, and what is picked.

It is pure: it reads no clock, no key and no file, and draws nothing. Commands change it, and widgets draw what it says.
"""

from threadviz.tui.view.rows import Arranging, Head, Key, Kind, Row, Shown, Sort
from threadviz.tui.view.view import Loop, Scene
from threadviz.tui.view.viewport import Camera, Motion, Playhead

__all__ = [
    "Arranging",
    "Camera",
    "Head",
    "Key",
    "Kind",
    "Loop",
    "Motion",
    "Playhead",
    "Row",
    "Scene",
    "Shown",
    "Sort",
]
