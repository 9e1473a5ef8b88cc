from tests.tui.recorded import run
from threadviz.tui.runs import Run
from threadviz.tui.view.view import HOLD_NS, View
from threadviz.tui.view.viewport import Motion, Playhead


def looping(shown: Run) -> View:
    """A view that replays this run again and again."""
    view = View([shown])
    view.loops = True
    return view


def test_it_begins_again_when_the_end_was_seen() -> None:
    """After a while, and again after the next end."""
    view = looping(run("fetch-threads"))
    for _ in range(2):
        view.advance(HOLD_NS - 1)
        assert view.playhead.motion is Motion.FOLLOWING
        view.advance(1)
        assert (view.playhead.motion, view.present) == (Motion.REPLAYING, 0)
        view.advance(view.length)
        assert view.playhead.motion is Motion.FOLLOWING


def test_who_looks_around_is_left_in_peace() -> None:
    """The cursor or a freeze keeps it where it is; so does a run that goes on."""
    growing = looping(run("fetch-threads", until_ms=60))
    growing.advance(HOLD_NS)
    assert growing.playhead.motion is Motion.FOLLOWING
    view = looping(run("fetch-threads"))
    view.jump(0)
    view.advance(HOLD_NS)
    assert view.playhead.motion is Motion.FOLLOWING
    view.cursor = None
    view.toggle_freeze()
    view.advance(HOLD_NS)
    assert view.playhead == Playhead(Motion.FROZEN, at=view.length)
