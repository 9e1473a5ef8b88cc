from tests.tui.recorded import run
from threadviz.tui.view import Loop, Motion, Playhead, Scene
from threadviz.tui.view.view import HOLD_NS


def test_it_begins_again_when_the_end_was_seen() -> None:
    """After a while, and again after the next end."""
    scene, loop = Scene([run("fetch-threads")]), Loop()
    for _ in range(2):
        loop.advance(scene, HOLD_NS - 1)
        assert scene.playhead.motion is Motion.FOLLOWING
        loop.advance(scene, 1)
        assert (scene.playhead.motion, scene.present) == (Motion.REPLAYING, 0)
        loop.advance(scene, HOLD_NS)
        assert scene.present == 0
        scene.advance(scene.length)
        assert scene.playhead.motion is Motion.FOLLOWING


def test_who_looks_around_is_left_in_peace() -> None:
    """The cursor or a freeze keeps it where it is; so does a run that goes on."""
    growing, loop = Scene([run("fetch-threads", until_ms=60)]), Loop()
    loop.advance(growing, HOLD_NS)
    assert growing.playhead.motion is Motion.FOLLOWING
    scene = Scene([run("fetch-threads")])
    scene.jump(0)
    loop.advance(scene, HOLD_NS)
    assert scene.playhead.motion is Motion.FOLLOWING
    scene.drop_cursor()
    scene.toggle_freeze()
    loop.advance(scene, HOLD_NS)
    assert scene.playhead == Playhead(Motion.FROZEN, at=scene.length)
