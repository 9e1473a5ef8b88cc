import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadviz.tui.view.viewport import SPEEDS, Motion, Playhead

S = 1_000_000_000
lengths = st.integers(0, 100 * S)
growths = st.lists(st.tuples(st.integers(0, S), st.integers(0, S)), max_size=10)
"""What passes for who looks on, and what a run grows by."""


@given(lengths, growths, st.sampled_from(Motion), lengths, st.sampled_from(SPEEDS))
def test_the_present_is_known(
    length: int, growths: list[tuple[int, int]], motion: Motion, at: int, speed: float
) -> None:
    """It is never after the latest moment that anything is known of."""
    playhead = Playhead(motion, at, speed)
    for elapsed, grown in growths:
        length += grown
        playhead.advance(elapsed, length)
        assert 0 <= playhead.present(length) <= length


@given(lengths, growths)
def test_frozen_stands_still(length: int, growths: list[tuple[int, int]]) -> None:
    """It is where it was frozen, however much comes; followed again, it is the latest."""
    playhead = Playhead()
    playhead.freeze(length)
    grown = length
    for elapsed, more in growths:
        grown += more
        playhead.advance(elapsed, grown)
        playhead.freeze(grown)
        assert playhead.present(grown) == length
    playhead.follow()
    assert playhead.present(grown) == grown


@given(st.sampled_from(SPEEDS), st.integers(0, S), st.lists(st.integers(0, S), max_size=10))
def test_replay_goes_on_at_its_speed(speed: float, since: int, frames: list[int]) -> None:
    """It advances by what has passed, times its speed, to the ns; and follows from the end on."""
    length = 5 * S
    playhead = Playhead(speed=speed)
    playhead.replay(since)
    expected = since
    for elapsed in frames:
        playhead.advance(elapsed, length)
        expected += int(elapsed * speed)
        if expected >= length:
            assert playhead.motion is Motion.FOLLOWING
            break
        assert playhead.motion is Motion.REPLAYING
        assert playhead.present(length) == expected


def test_a_replay_catches_up_with_a_run_that_goes_on() -> None:
    """At ten times the speed it gets to the present, and follows it."""
    playhead = Playhead(speed=10.0)
    playhead.replay(0)
    length = 2 * S
    for _ in range(10):
        length += S // 30
        playhead.advance(S // 30, length)
    assert playhead.motion is Motion.FOLLOWING
    assert playhead.present(length) == length


def test_it_remembers_what_was_frozen() -> None:
    """Frozen in mid-replay, it is known to have been in one, also where it is frozen twice; else not."""
    playhead = Playhead()
    playhead.replay(S)
    playhead.freeze(3 * S)
    playhead.freeze(4 * S)
    assert playhead.in_replay and playhead.present(4 * S) == S
    playhead.follow()
    playhead.freeze(5 * S)
    assert not playhead.in_replay


@pytest.mark.parametrize(
    ("steps", "speed"), [(1, 2.0), (-1, 0.5), (3, 10.0), (9, 10.0), (-3, 0.1), (-9, 0.1)]
)
def test_speeds_have_ends(steps: int, speed: float) -> None:
    """Faster and slower go step by step, from a tenth of the run's own speed to ten times it."""
    playhead = Playhead()
    playhead.change_speed(steps)
    assert playhead.speed == speed
