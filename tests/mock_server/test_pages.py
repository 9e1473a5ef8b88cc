from hypothesis import given
from hypothesis import strategies as st

from threadviz.mock_server.__main__ import PAGE_BYTES, pieces

OFFSETS = st.integers(0, 3 * PAGE_BYTES)


@given(OFFSETS, OFFSETS)
def test_pieces_are_parts_of_one_endless_body(start: int, stop: int) -> None:
    """Any stretch of a body holds the same bytes as the body from its beginning on."""
    whole = b"".join(pieces(0, max(start, stop)))
    assert len(whole) == max(start, stop)
    assert b"".join(pieces(start, stop)) == whole[start:stop]


def test_a_body_is_html_with_links() -> None:
    """The body begins as a page does, and has about a link for each 130 bytes."""
    body = b"".join(pieces(0, 130_000))
    assert body.startswith(b"<!doctype html>")
    assert 900 < body.count(b"<a href=") < 1100
