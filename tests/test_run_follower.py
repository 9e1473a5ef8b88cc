import errno

import pytest

from tests.protocol.header import HEADER
from threadviz.protocol.codec import StreamError
from threadviz.protocol.events import AnyEvent, Outcome, ProcessDied, StreamClosed
from threadviz.run_follower import RunFollower

DIED = ProcessDied(3, "observer", 7, "killed by SIGKILL")


@pytest.mark.parametrize(
    ("events", "begun", "trouble"),
    [
        ([], False, ""),
        ([HEADER], True, ""),
        ([HEADER, StreamClosed(5, Outcome.FINISHED)], True, ""),
        ([HEADER, StreamClosed(5, Outcome.INTERRUPTED, "it was interrupted")], True, ""),
        ([HEADER, StreamClosed(5, Outcome.BROKEN, "it fell.")], True, "the run is broken: it fell"),
        ([HEADER, DIED], True, "the run is broken: the observer died (killed by SIGKILL)"),
        (
            [HEADER, DIED, StreamClosed(5, Outcome.BROKEN, "the observer died (killed by SIGKILL)")],
            True,
            "the run is broken: the observer died (killed by SIGKILL)",
        ),
        ([DIED, StreamClosed(0, Outcome.BROKEN, "it fell")], False, "the run is broken: it fell"),
        ([StreamClosed(0, Outcome.INTERRUPTED, "it was interrupted")], False, ""),
    ],
)
def test_what_went_wrong_is_one_sentence(events: list[AnyEvent], begun: bool, trouble: str) -> None:
    """Also of a run that died before its header, of which there is no timeline."""
    following = RunFollower()
    for event in events:
        following.take(event)
    assert (following.timeline.begun, following.trouble) == (begun, trouble)


def test_a_run_goes_on_without_its_recording() -> None:
    """What went wrong with it later is told too."""
    following = RunFollower()
    following.take(HEADER)
    following.not_recorded("No space left on device")
    sentence = "the recording is incomplete: it can't be written any further (No space left on device)"
    assert following.trouble == sentence
    following.take(DIED)
    assert following.trouble == f"{sentence}; the run is broken: the observer died (killed by SIGKILL)"


def test_what_ends_the_following_is_all_that_is_told() -> None:
    """The run could not be started, or what it says can't be."""
    following = RunFollower()
    following.not_started(OSError(errno.EAGAIN, "Resource temporarily unavailable"))
    assert following.trouble == "the run can't be started (Resource temporarily unavailable)"
    following = RunFollower()
    following.take(HEADER)
    with pytest.raises(StreamError) as raised:
        following.take(HEADER)
    following.take(DIED)
    following.impossible(raised.value)
    assert (
        following.trouble
        == "the run was ended because its observer reported something impossible: a second header"
    )
