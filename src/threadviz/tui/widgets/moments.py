"""How the moment that is shown lies to what is known of a run."""

from threadviz.picture.window import measured
from threadviz.tui.scene import Motion, Scene
from threadviz.tui.scene.shown import Shown


def at_end(scene: Scene, run: Shown) -> bool:
    """Whether the run is over, and was so by the moment that is shown."""
    return run.over and scene.until(run) >= measured(run.timeline).until


def observer_is_told(scene: Scene) -> bool:
    """Whether the observer's figures go with the picture: of a run that goes on, only the latest are known."""
    return not scene.growing or scene.playhead.motion is Motion.FOLLOWING
