"""mixed: fetches a page, then parses it with `html.parser`: it waits first, and then holds the GIL."""

from html.parser import HTMLParser

from threadviz.workloads.base import WorkloadError
from threadviz.workloads.fetch import download


class ParseError(WorkloadError):
    """The page can't be parsed."""


def fetch_and_parse(url: str, timeout_s: float, limit_bytes: int, proxies: bool) -> str:
    """Return how many bytes and links the page at `url` has. Raises FetchError and ParseError."""
    body = download(url, timeout_s, limit_bytes, proxies)
    return f"{len(body)} bytes, {count_links(body.decode(errors='replace'))} links"


def count_links(page: str) -> int:
    """Return how many `a` elements with an `href` there are. Raises ParseError."""
    counter = _LinkCounter()
    try:
        counter.feed(page)
        counter.close()
    except AssertionError as error:  # _markupbase raises it for an unknown declaration
        raise ParseError("the page can't be parsed") from error
    return counter.links


class _LinkCounter(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a" and any(name == "href" for name, _ in attrs):
            self.links += 1
