import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.mock_server.running import site, stand_in
from threadviz.mock_server.sites import Trouble
from threadviz.workloads.fetch import LIMIT_BYTES, FetchError
from threadviz.workloads.mixed import ParseError, count_links, fetch_and_parse


def test_a_site() -> None:
    """What comes of it is the number of bytes, and of links."""
    with stand_in(site(size=152331)) as running:
        assert fetch_and_parse(running.urls[0], 30.0, LIMIT_BYTES, False) == "152331 bytes, 1214 links"


def test_a_site_with_trouble() -> None:
    """A fetch that fails is an error."""
    with (
        stand_in(site(Trouble.SERVER_ERROR)) as running,
        pytest.raises(FetchError, match="HTTP 500 Internal Server Error"),
    ):
        fetch_and_parse(running.urls[0], 30.0, LIMIT_BYTES, False)


@given(
    st.lists(
        st.sampled_from(['<a href="x">y</a>', "<A HREF=x>", "<a name=x>", "<b href=x>", "&lt;", "text "])
    )
)
def test_links_are_counted(pieces: list[str]) -> None:
    """A link is an `a` element with an `href`, however it is written."""
    assert count_links("".join(pieces)) == sum(
        "href" in piece.lower() and piece[1] in "aA" for piece in pieces
    )


@example("<![odd[x]]>")
@example("<!DOCTYPE [<!ODD x>]>")
@given(st.text(st.sampled_from("<>!-[]/&#;='\"ahref x\x00é")))
def test_any_page(page: str) -> None:
    """Any text at all has a number of links, or can't be parsed."""
    try:
        links = count_links(page)
    except ParseError:
        return
    assert 0 <= links <= page.count("<a")
