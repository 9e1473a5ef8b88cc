"""Reads a file of sets of sites, such as `assets/urls.toml`. An error is one sentence on what is wrong with it."""

import bisect
import importlib.resources
import re
import stat
import tomllib
from collections.abc import Sequence
from functools import reduce
from operator import getitem
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from threadviz.mock_server.sites import MAX_TEXT, Site, SiteSet

# The line of a value in a TOML text, which `tomllib` does not give.

Key = str | int
"""One step on the path to a value: a key of a table, or the index of an item."""


def line_of(text: str, path: Sequence[Key]) -> int | None:
    """Return the line, from 1, in which the value at `path` begins; None where that can't be found out.

    It is the first line with which the text up to there has such a value. A text that ends in an array is read with the
    array closed. Where it can't be read even so, None is returned.
    """
    lines = text.split("\n")
    try:
        count = bisect.bisect_left(
            range(len(lines)), True, key=lambda n: _has_value("\n".join(lines[: n + 1]), path)
        )
    except (ValueError, RecursionError):
        return None
    return count + 1 if count < len(lines) else None


def _has_value(text: str, path: Sequence[Key]) -> bool:
    """Raises as `tomllib.loads` does where it is no TOML, even with an array closed."""
    try:
        value: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError:
        value = tomllib.loads(text + "\n]")
    try:
        reduce(getitem, path, value)
    except (LookupError, TypeError):
        return False
    return True


MAX_FILE = 1_000_000
"""The largest file that is read, in bytes."""

MAX_URL = 2000
"""The longest URL, in characters."""

_SET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_VALIDATION_MESSAGE = re.compile(r"\A(.*?)(?: - at `\$([\w.\[\]]*)`)?\Z", re.DOTALL)
_AS_DESCRIBED = "see the head of the shipped assets/urls.toml for what may stand here"


class SetsError(ValueError):
    """A file of sets can't be used. The text is one printable sentence: where, what, and what to do."""


class _ValueAtError(ValueError):
    """An error of the value at `path`. The text is a clause."""

    def __init__(self, path: tuple[Key, ...], clause: str) -> None:
        super().__init__(clause)
        self.path = path


def load(path: Path | None) -> dict[str, SiteSet]:
    """Return the sets in the file at `path`, or in the shipped file for None, by name and in the file's order.

    Each of their sites has a name and a URL that can be fetched. Raises SetsError.
    """
    path = path or _shipped()
    shown = _printable(str(path))
    try:
        text = _read(path, shown)
        document = tomllib.loads(text)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SetsError(f"{shown} can't be read ({reason}); give the path of a file of sets") from error
    except UnicodeDecodeError as error:
        number = error.object.count(b"\n", 0, error.start) + 1
        raise SetsError(f"{shown}, line {number}: this is not UTF-8; save the file as UTF-8") from error
    except SetsError:
        raise
    except ValueError as error:  # TOMLDecodeError, or that of an integer with too many digits
        raise SetsError(f"{shown} is not TOML: {_printable(str(error))}; mend that place") from error
    except RecursionError as error:
        raise SetsError(f"{shown} is nested too deeply; {_AS_DESCRIBED}") from error
    try:
        return _sets(document)
    except _ValueAtError as error:
        line = line_of(text, error.path)
        where = shown if line is None else f"{shown}, line {line}"
        raise SetsError(f"{where}: {_joined(error.path)}: {_printable(str(error))}") from error


def _shipped() -> Path:
    """Return the path of the shipped file: in the installed package, or else at the top of the checkout."""
    installed = importlib.resources.files("threadviz") / "assets" / "urls.toml"
    if isinstance(installed, Path) and installed.is_file():
        return installed
    return Path(__file__).parents[3] / "assets" / "urls.toml"


def _read(path: Path, shown: str) -> str:
    if not stat.S_ISREG(path.stat().st_mode):
        raise SetsError(f"{shown} is not a regular file; give the path of a file of sets")
    with path.open("rb") as file:
        data = file.read(MAX_FILE + 1)
    if len(data) > MAX_FILE:
        raise SetsError(f"{shown} is larger than {MAX_FILE} bytes; give the path of a file of sets")
    if not data.strip():
        raise SetsError(f"{shown} is empty; {_AS_DESCRIBED}")
    return data.decode()


def _sets(document: dict[str, Any]) -> dict[str, SiteSet]:
    for key in document:
        if key != "sets":
            raise _ValueAtError((key,), f"this key is not known here; {_AS_DESCRIBED}")
    tables = document.get("sets")
    if not isinstance(tables, dict) or not tables:
        raise _ValueAtError(("sets",), f"there is no set here; {_AS_DESCRIBED}")
    return {name: _set(name, table) for name, table in tables.items()}


def _set(name: str, table: object) -> SiteSet:
    path: tuple[Key, ...] = ("sets", name)
    if not _SET_NAME.fullmatch(name):
        raise _ValueAtError(
            path, "a set's name has 1 to 64 letters, digits, '.', '_' and '-'; give it another name"
        )
    try:
        read = msgspec.convert(table, SiteSet)
    except msgspec.ValidationError as error:
        raise _validation_error(path, str(error)) from error
    _check_text((*path, "about"), read.about)
    sites = tuple(_site((*path, "sites", number), site) for number, site in enumerate(read.sites))
    return msgspec.structs.replace(read, sites=sites)


def _validation_error(path: tuple[Key, ...], message: str) -> _ValueAtError:
    """Return the error for msgspec's `message` on the set at `path`.

    It reads "Expected `int`, got `str` - at `$.sites[2].bytes`", without the last part where it is about the set
    itself. For an unknown key, its path is that of the table.
    """
    clause, inner = _VALIDATION_MESSAGE.findall(message)[0]
    steps = re.findall(r"\.(\w+)|\[(\d+)\]", inner)
    path += tuple(int(number) if number else word for word, number in steps)
    unknown = re.fullmatch(r"Object contains unknown field `(.*)`", clause, re.DOTALL)
    if unknown:
        return _ValueAtError((*path, unknown[1]), f"this key is not known here; {_AS_DESCRIBED}")
    words = clause.replace("`object`", "a table").replace("`", "")
    return _ValueAtError(path, f"{words[:1].lower()}{words[1:]}; {_AS_DESCRIBED}")


def _site(path: tuple[Key, ...], site: Site) -> Site:
    _check_text((*path, "name"), site.name)
    host = _host((*path, "url"), site.url)
    return site if site.name else msgspec.structs.replace(site, name=host)


def _check_text(path: tuple[Key, ...], text: str) -> None:
    if not text.isprintable():
        raise _ValueAtError(path, "there are control characters in this text; take them out")


def _host(path: tuple[Key, ...], url: str) -> str:
    """Return the host of a URL that can be fetched, with its port where it has one. Raises _ValueAtError."""
    if len(url) > MAX_URL:
        raise _ValueAtError(path, f"the URL is longer than {MAX_URL} characters; give a shorter one")
    if not re.fullmatch(r"[!-~]+", url):
        ascii_only = "a URL has ASCII characters only, no spaces and no control characters"
        raise _ValueAtError(path, f"{ascii_only}; percent-encode them")
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises where it is none
    except ValueError as error:
        raise _ValueAtError(path, f"this is not a URL ({error}); write it as http://host/path") from error
    if parts.scheme not in {"http", "https"}:
        fetched = "only http and https are fetched; give such a URL"
        raise _ValueAtError(path, f"the scheme is {parts.scheme!r}, but {fetched}")
    if not parts.hostname:
        raise _ValueAtError(path, "the URL has no host; write it as http://host/path")
    if "@" in parts.netloc:
        raise _ValueAtError(path, "the URL names a user; take out what stands before the @, and the @")
    if len(parts.netloc) > MAX_TEXT:
        raise _ValueAtError(path, f"the host is longer than {MAX_TEXT} characters; give a shorter one")
    return parts.netloc.lower()


def _joined(path: tuple[Key, ...]) -> str:
    """Return `path` as one text, such as `sets.default.sites[2].url`."""
    keys = (f"[{key}]" if isinstance(key, int) else f".{_printable(key)}" for key in path)
    return "".join(keys).removeprefix(".")


def _printable(text: str) -> str:
    """Return `text` with each character that is not printable written as an escape."""
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text
    )
