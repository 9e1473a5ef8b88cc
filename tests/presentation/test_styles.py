import pytest

from threadviz.analysis import Finding
from threadviz.presentation.styles import News, news_of


@pytest.mark.parametrize(
    ("id_", "holds", "news"),
    [
        ("gil_waited_for", True, News.BAD),
        ("gil_waited_for", False, News.GOOD),
        ("cores_were_enough", True, News.GOOD),
        ("cores_were_enough", False, News.BAD),
        ("who_waited_most", True, News.NEITHER),
        ("threads_gain_nothing", False, News.NEITHER),
        ("of which nobody has heard", True, News.NEITHER),
    ],
)
def test_it_is_told_whether_a_finding_is_good_news(id_: str, holds: bool, news: News) -> None:
    """For whoever asked, whichever way the claim is put."""
    assert news_of(Finding(id_, holds, "")) is news
