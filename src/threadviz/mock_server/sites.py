"""What a set of sites consists of."""

import enum
from typing import Annotated

import msgspec

MAX_BYTES = 100_000_000
"""The longest body that a site may be said to have."""

MAX_SECONDS = 600.0
"""The longest time that a site may be said to take."""

MAX_SITES = 1000
"""The most sites that a set may have."""

MAX_TEXT = 200
"""The most characters that a name or an `about` may have."""

Text = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]


class Trouble(enum.StrEnum):
    """What is wrong with a site that does not simply answer."""

    REFUSED = "refused"
    """Nobody listens: the connection is refused at once."""
    NOT_FOUND = "not-found"
    """The answer is 404."""
    SERVER_ERROR = "server-error"
    """The answer is 500."""
    RESET = "reset"
    """The connection is reset after half of the body, or after its first 32 KiB if that is less."""
    TRICKLE = "trickle"
    """The body comes in small pieces, spread over the seconds."""
    HANG = "hang"
    """No answer ever comes."""
    REDIRECT_LOOP = "redirect-loop"
    """The answer is a redirect to the same place."""
    ENDLESS = "endless"
    """The body has no stated length and does not end: larger than any limit."""


class Site(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A site: where it really is, and how the stand-in site answers in its place.

    `bytes` is the length of the body, `seconds` how long the whole answer takes when it is fetched plainly.
    `name` is what its tasks are called; a site that was read from a file has one.
    """

    url: str
    bytes: Annotated[int, msgspec.Meta(ge=0, le=MAX_BYTES)]
    seconds: Annotated[float, msgspec.Meta(ge=0, le=MAX_SECONDS)]
    name: Text = ""
    trouble: Trouble | None = None


class SiteSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sites in the order in which they are fetched, and one sentence about them."""

    sites: Annotated[tuple[Site, ...], msgspec.Meta(min_length=1, max_length=MAX_SITES)]
    about: Text = ""
