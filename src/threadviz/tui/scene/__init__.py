"""The scene: which runs are looked at, which part of their time, until which moment, and what is picked.

It is pure: it reads no clock, no key and no file, and draws nothing. Commands change it, and widgets draw what it says.
"""

from threadviz.tui.scene.arranging import Arranging, Sort
from threadviz.tui.scene.camera import Camera
from threadviz.tui.scene.loop import Loop
from threadviz.tui.scene.playhead import Motion, Playhead
from threadviz.tui.scene.rows import Head, Key, Kind, Row
from threadviz.tui.scene.scene import Scene
from threadviz.tui.scene.shown import Shown

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
