import pytest

from threadviz.analysis import Finding
from threadviz.presentation.styles import Sentiment, sentiment_of


@pytest.mark.parametrize(
    ("id_", "holds", "news"),
    [
        ("gil_waited_for", True, Sentiment.BAD),
        ("gil_waited_for", False, Sentiment.GOOD),
        ("cores_were_enough", True, Sentiment.GOOD),
        ("cores_were_enough", False, Sentiment.BAD),
        ("who_waited_most", True, Sentiment.NEUTRAL),
        ("threads_gain_nothing", False, Sentiment.NEUTRAL),
        ("of which nobody has heard", True, Sentiment.NEUTRAL),
    ],
)
def test_it_is_told_whether_a_finding_is_good_news(id_: str, holds: bool, news: Sentiment) -> None:
    """For whoever asked, whichever way the claim is put."""
    assert sentiment_of(Finding(id_, holds, "")) is news
