"""A scene that shows the same again and again, as a screen on a wall does."""

from threadviz.tui.scene.playhead import Motion
from threadviz.tui.scene.scene import Scene

HOLD_NS = 3_000_000_000
"""For so long the end is shown before it begins again."""


class Loop:
    """Begins a replay of what is over when its end was shown for long enough.

    Whoever freezes the picture, or puts the cursor somewhere, is left in peace.
    """

    def __init__(self) -> None:
        self._held = 0

    def advance(self, scene: Scene, elapsed: int) -> None:
        """`elapsed` ns have passed for who looks on."""
        at_end = scene.playhead.motion is Motion.FOLLOWING and not scene.growing
        if not at_end or scene.cursor is not None or not scene.length:
            self._held = 0
            return
        self._held += elapsed
        if self._held >= HOLD_NS:
            self._held = 0
            scene.replay()
