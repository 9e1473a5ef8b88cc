"""The page's style and script, and the fingerprints that its policy lets them through by."""

from base64 import b64encode
from hashlib import sha256
from pathlib import Path

from threadviz.exports.markup import Markup
from threadviz.picture.palette import ON_DARK, ON_LIGHT

_HERE = Path(__file__).parent


def fingerprint(content: Markup) -> str:
    """Return what a Content-Security-Policy names a style or a script by."""
    return f"sha256-{b64encode(sha256(content.encode()).digest()).decode()}"


def _read(name: str) -> str:
    return (_HERE / name).read_text(encoding="ascii")


def _variables() -> str:
    """The marks' colours as the style's variables."""
    on_light, on_dark = (
        "".join(f"--{mark}:{colour};" for mark, colour in colours.items()) for colours in (ON_LIGHT, ON_DARK)
    )
    inks = "".join(f".{mark}-ink{{--ink:var(--{mark})}}\n" for mark in ON_LIGHT)
    return f":root{{{on_light}}}\n@media screen and (prefers-color-scheme:dark){{:root{{{on_dark}}}}}\n{inks}"


STYLE = Markup(_variables() + _read("page.css"))
SCRIPT = Markup(_read("page.js"))
