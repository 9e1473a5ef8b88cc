from tests.tui.recorded import run
from threadviz.tui.view.view import HOLD_NS, ReplayLoop, View
from threadviz.tui.view.viewport import Motion, Playhead


def test_it_begins_again_when_the_end_was_seen() -> None:
    """After a while, and again after the next end."""
    view, loop = View([run("fetch-threads")]), ReplayLoop()
    for _ in range(2):
        loop.advance(view, HOLD_NS - 1)
        assert view.playhead.motion is Motion.FOLLOWING
        loop.advance(view, 1)
        assert (view.playhead.motion, view.present) == (Motion.REPLAYING, 0)
        loop.advance(view, HOLD_NS)
        assert view.present == 0
        view.advance(view.length)
        assert view.playhead.motion is Motion.FOLLOWING


def test_who_looks_around_is_left_in_peace() -> None:
    """The cursor or a freeze keeps it where it is; so does a run that goes on."""
    growing, loop = View([run("fetch-threads", until_ms=60)]), ReplayLoop()
    loop.advance(growing, HOLD_NS)
    assert growing.playhead.motion is Motion.FOLLOWING
    view = View([run("fetch-threads")])
    view.jump(0)
    loop.advance(view, HOLD_NS)
    assert view.playhead.motion is Motion.FOLLOWING
    view.clear_cursor()
    view.toggle_freeze()
    loop.advance(view, HOLD_NS)
    assert view.playhead == Playhead(Motion.FROZEN, at=view.length)
