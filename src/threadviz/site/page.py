"""What the stand-in site's bodies consist of: one page of HTML with links, over and over, cut at any length.

The page is made once, and bodies are views of it, so that serving them takes little from what is measured.
"""

from collections.abc import Iterator

PAGE_BYTES = 64 * 1024
"""The length of the page, and of the largest piece."""


def _page() -> bytes:
    """Return a page in which each 130 bytes or so hold one link."""
    head = "<!doctype html>\n<html lang='en'><head><title>Stand-in</title></head><body>\n"
    paragraphs = "".join(
        f"<p>Paragraph {number} stands in for what somebody would have written here; "
        f'<a href="/paragraphs/{number}">number {number}</a> says more.</p>\n'
        for number in range(1, PAGE_BYTES // 100)
    )
    return (head + paragraphs).encode()[:PAGE_BYTES]


_PAGE = memoryview(_page())


def pieces(start: int, stop: int) -> Iterator[memoryview]:
    """Yield the bytes of a body from `start` up to `stop`, in pieces that are not copied."""
    while start < stop:
        offset = start % PAGE_BYTES
        piece = _PAGE[offset : offset + stop - start]
        yield piece
        start += len(piece)
