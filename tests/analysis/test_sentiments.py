import pytest

from threadviz.analysis import Finding, Sentiment, sentiment_of


@pytest.mark.parametrize(
    ("id_", "holds", "sentiment"),
    [
        ("gil_waited_for", True, Sentiment.BAD),
        ("gil_waited_for", False, Sentiment.GOOD),
        ("cores_were_enough", True, Sentiment.GOOD),
        ("cores_were_enough", False, Sentiment.BAD),
        ("who_waited_most", True, Sentiment.NEUTRAL),
        ("threads_gain_nothing", False, Sentiment.NEUTRAL),
        ("an unknown one", True, Sentiment.NEUTRAL),
    ],
)
def test_sentiment_of_findings(id_: str, holds: bool, sentiment: Sentiment) -> None:
    """For the user, whichever way the claim is put."""
    assert sentiment_of(Finding(id_, holds, "")) is sentiment
