"""Tells the frames in which nothing changes, so that they cost next to nothing."""

from collections.abc import Hashable

from threadviz.tui.scene import Motion, Scene

LOOK_ANYWAY = 6
"""While nothing changes, every so many frames it is made sure that there is nothing to draw: it would cost too much to
do so in each."""

LASTING = 15
"""From so many frames without a change on, none is expected soon."""


class Calm:
    """For how many frames nothing has changed."""

    def __init__(self) -> None:
        self._state: tuple[Hashable, ...] = ()
        self._frames = 0

    @property
    def lasting(self) -> bool:
        """Whether nothing has changed for a while."""
        return self._frames > LASTING

    def asks_for_a_look(self, scene: Scene, told: bool, whole: bool) -> bool:
        """Whether this frame may have anything to draw.

        `told` says whether anything was told of a run since the frame before, `whole` whether that drew all there was.
        """
        state = scene.state
        seen = told and scene.playhead.motion is not Motion.FROZEN
        self._frames = 0 if seen or not whole or state != self._state else self._frames + 1
        self._state = state
        return self._frames % LOOK_ANYWAY == 0
