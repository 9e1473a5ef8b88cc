"""Sites, and sets of them."""

import enum
from typing import Annotated

import msgspec

MAX_BYTES = 100_000_000
"""The longest body of a site, in bytes."""

MAX_SECONDS = 600.0
"""The longest time of an answer, in seconds."""

MAX_SITES = 1000
"""The most sites of a set."""

MAX_TEXT = 200
"""The longest name or `about`, in characters."""

Text = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]


class Trouble(enum.StrEnum):
    """What is wrong with a site that does not simply answer."""

    REFUSED = "refused"
    """Nothing listens: the connection is refused at once."""
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
    """A site: its real URL, and how the mock server answers in its place.

    `bytes` is the length of the body, `seconds` how long the whole answer takes. `name` is the name of its tasks; a
    site that was read from a file has one.
    """

    url: str
    bytes: Annotated[int, msgspec.Meta(ge=0, le=MAX_BYTES)]
    seconds: Annotated[float, msgspec.Meta(ge=0, le=MAX_SECONDS)]
    name: Text = ""
    trouble: Trouble | None = None


class SiteSet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sites in the order in which they are fetched, and a sentence about them."""

    sites: Annotated[tuple[Site, ...], msgspec.Meta(min_length=1, max_length=MAX_SITES)]
    about: Text = ""
