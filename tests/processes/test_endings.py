"""How a process ended, in words."""

import pytest

from threadviz.processes import how_it_ended


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0, "exit status 0"),
        (3, "exit status 3"),
        (-9, "killed by SIGKILL"),
        (-15, "killed by SIGTERM"),
        (-40, "killed by signal 40"),
    ],
)
def test_a_status_is_put_into_words(status: int, words: str) -> None:
    """A real-time signal has a number only."""
    assert how_it_ended(status) == words
