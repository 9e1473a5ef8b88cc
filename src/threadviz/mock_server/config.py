"""Reads a file of sets of sites, such as `assets/urls.toml`; says in one sentence what is wrong with it."""

import bisect
import importlib.resources
import re
import stat
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from threadviz.mock_server.sites import MAX_TEXT, Site, SiteSet

# Tells in which line of a TOML text a value stands, which `tomllib` does not.

Step = str | int
"""One step on the way to a value: a key of a table, or the number of an item, from 0."""


def line_of(text: str, place: Sequence[Step]) -> int | None:
    """Return the line, from 1, in which the value at `place` begins; None where that can't be told.

    It is the first line with which the text up to there holds such a value. A text that ends in the middle of
    an array counts with the array closed; where a part of the text can't be read even so, nothing is told.
    """
    lines = text.split("\n")
    try:
        count = bisect.bisect_left(
            range(len(lines)), True, key=lambda n: _holds("\n".join(lines[: n + 1]), place)
        )
    except (ValueError, RecursionError):
        return None
    return count + 1 if count < len(lines) else None


def _holds(text: str, place: Sequence[Step]) -> bool:
    """Raises what `tomllib.loads` raises for what is no TOML, even with an array closed."""
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        value = tomllib.loads(text + "\n]")
    return _reaches(value, place)


def _reaches(value: Any, place: Sequence[Step]) -> bool:
    for step in place:
        try:
            value = value[step]
        except (LookupError, TypeError):
            return False
    return True


MAX_FILE = 1_000_000
"""The largest file that is read, in bytes."""

MAX_URL = 2000
"""The longest URL, in characters."""

_SET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_MISFIT = re.compile(r"\A(.*?)(?: - at `\$([\w.\[\]]*)`)?\Z", re.DOTALL)
_AS_DESCRIBED = "see the head of the shipped assets/urls.toml for what may stand here"


class SetsError(ValueError):
    """A file of sets can't be used. The text is one printable sentence: where, what, and what to do."""


class _FileError(ValueError):
    """What is wrong with the file as a whole, as the rest of a sentence about it."""


class _PlaceError(ValueError):
    """What is wrong with the value at `place`, as a clause."""

    def __init__(self, place: tuple[Step, ...], clause: str) -> None:
        super().__init__(clause)
        self.place = place
        self.clause = clause


def load(path: Path | None) -> dict[str, SiteSet]:
    """Return the sets in the file at `path`, None for the shipped file, by name and in the file's order.

    Each site of them has a name and a URL that can be fetched. Raises SetsError.
    """
    path = path or _shipped()
    shown = _printable(str(path))
    try:
        text = _read(path)
        document = tomllib.loads(text)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SetsError(f"{shown} can't be read ({reason}); give the path of a file of sets") from error
    except UnicodeDecodeError as error:
        number = error.object.count(b"\n", 0, error.start) + 1
        raise SetsError(f"{shown}, line {number}: this is not UTF-8; save the file as UTF-8") from error
    except _FileError as error:
        raise SetsError(f"{shown} {error}") from error
    except ValueError as error:  # TOMLDecodeError, or that of an integer with too many digits
        raise SetsError(f"{shown} is not TOML: {_printable(str(error))}; mend that place") from error
    except RecursionError as error:
        raise SetsError(f"{shown} is nested too deeply; {_AS_DESCRIBED}") from error
    try:
        return _sets(document)
    except _PlaceError as wrong:
        line = line_of(text, wrong.place)
        where = shown if line is None else f"{shown}, line {line}"
        raise SetsError(f"{where}: {_key(wrong.place)}: {_printable(wrong.clause)}") from wrong


def _shipped() -> Path:
    """Return where the shipped file is: in the installed package, else at the top of the checkout."""
    installed = importlib.resources.files("threadviz") / "assets" / "urls.toml"
    if isinstance(installed, Path) and installed.is_file():
        return installed
    return Path(__file__).parents[3] / "assets" / "urls.toml"


def _read(path: Path) -> str:
    if not stat.S_ISREG(path.stat().st_mode):
        raise _FileError("is not a regular file; give the path of a file of sets")
    with path.open("rb") as file:
        data = file.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise _FileError(f"is larger than {MAX_FILE} bytes; give the path of a file of sets")
    if not data.strip():
        raise _FileError(f"is empty; {_AS_DESCRIBED}")
    return data.decode()


def _sets(document: dict[str, Any]) -> dict[str, SiteSet]:
    for key in document:
        if key != "sets":
            raise _PlaceError((key,), f"this key is not known here; {_AS_DESCRIBED}")
    tables = document.get("sets")
    if not isinstance(tables, dict) or not tables:
        raise _PlaceError(("sets",), f"there is no set here; {_AS_DESCRIBED}")
    return {name: _set(name, table) for name, table in tables.items()}


def _set(name: str, table: object) -> SiteSet:
    place: tuple[Step, ...] = ("sets", name)
    if not _SET_NAME.fullmatch(name):
        raise _PlaceError(
            place, "a set's name has 1 to 64 letters, digits, '.', '_' and '-'; give it another name"
        )
    try:
        read = msgspec.convert(table, SiteSet)
    except msgspec.ValidationError as error:
        raise _misfit(place, str(error)) from error
    _check_text((*place, "about"), read.about)
    sites = tuple(_site((*place, "sites", number), site) for number, site in enumerate(read.sites))
    return msgspec.structs.replace(read, sites=sites)


def _misfit(place: tuple[Step, ...], message: str) -> _PlaceError:
    """Return what msgspec's `message` says about the set at `place`.

    It reads "Expected `int`, got `str` - at `$.sites[2].bytes`", without the last part where it is about the
    set itself. Of a key that is not known it tells the place of the table that the key stands in.
    """
    clause, path = _MISFIT.findall(message)[0]
    steps = re.findall(r"\.(\w+)|\[(\d+)\]", path)
    place += tuple(int(number) if number else word for word, number in steps)
    unknown = re.fullmatch(r"Object contains unknown field `(.*)`", clause, re.DOTALL)
    if unknown:
        return _PlaceError((*place, unknown[1]), f"this key is not known here; {_AS_DESCRIBED}")
    words = clause.replace("`object`", "a table").replace("`", "")
    return _PlaceError(place, f"{words[:1].lower()}{words[1:]}; {_AS_DESCRIBED}")


def _site(place: tuple[Step, ...], site: Site) -> Site:
    _check_text((*place, "name"), site.name)
    try:
        host = _host(site.url)
    except ValueError as error:
        raise _PlaceError((*place, "url"), str(error)) from error
    return site if site.name else msgspec.structs.replace(site, name=host)


def _check_text(place: tuple[Step, ...], text: str) -> None:
    if not text.isprintable():
        raise _PlaceError(place, "there are control characters in this text; take them out")


def _host(url: str) -> str:
    """Return the host, with its port where one is given, of a URL that can be fetched.

    Raises ValueError, whose text is a clause, for any other.
    """
    if len(url) > MAX_URL:
        raise ValueError(f"the URL is longer than {MAX_URL} characters; give a shorter one")
    if not re.fullmatch(r"[!-~]+", url):
        raise ValueError(
            "a URL has ASCII characters only, no spaces and no control characters; percent-encode them"
        )
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises where it is none
    except ValueError as error:
        raise ValueError(f"this is not a URL ({error}); write it as http://host/path") from error
    if parts.scheme not in {"http", "https"}:
        raise ValueError(
            f"the scheme is {parts.scheme!r}, but only http and https are fetched; give such a URL"
        )
    if not parts.hostname:
        raise ValueError("the URL has no host; write it as http://host/path")
    if "@" in parts.netloc:
        raise ValueError("the URL names a user; take out what stands before the @, and the @")
    if len(parts.netloc) > MAX_TEXT:
        raise ValueError(f"the host is longer than {MAX_TEXT} characters; give a shorter one")
    return parts.netloc.lower()


def _key(place: tuple[Step, ...]) -> str:
    """Return `place` as it is written in words, such as `sets.default.sites[2].url`."""
    words = (f"[{step}]" if isinstance(step, int) else f".{_printable(step)}" for step in place)
    return "".join(words).removeprefix(".")


def _printable(text: str) -> str:
    """Return `text` with whatever is no printable character written as an escape."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text
    )
