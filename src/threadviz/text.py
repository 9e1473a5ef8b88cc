"""Figures in words, and text from outside made safe to print."""

NS_PER_S = 1_000_000_000
_NS_PER_MS = 1_000_000


def seconds(ns: int) -> str:
    """Return a duration (ns) as '6.74 s', '105 ms' or '2.1 ms'."""
    if ns >= 0.9995 * NS_PER_S:
        return f"{ns / NS_PER_S:.2f} s"
    if ns >= 9.95 * _NS_PER_MS:
        return f"{ns / _NS_PER_MS:.0f} ms"
    if 0 < ns < 0.05 * _NS_PER_MS:
        return "under 0.1 ms"
    return f"{ns / _NS_PER_MS:.1f} ms" if ns else "0 ms"


def percent(share: float) -> str:
    """Return a share of 1 as '47 %' or '2.3 %'."""
    if 0 < share < 0.0005:
        return "under 0.1 %"
    return f"{share:.1%}".replace("%", " %") if 0 < share < 0.0995 else f"{share:.0%}".replace("%", " %")


def count(number: int, noun: str) -> str:
    """Return a number of things as '1 task' or '6 tasks'."""
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def brief_seconds(ns: int) -> str:
    """Return a duration (ns) for a table: '<0.1 ms' instead of 'under 0.1 ms'."""
    return seconds(ns).replace("under ", "<")


def brief_percent(share: float) -> str:
    """Return a share of 1 for a table: '<0.1 %' instead of 'under 0.1 %'."""
    return percent(share).replace("under ", "<")


def printable(text: str) -> str:
    r"""Return `text` with every unprintable character as an escape such as '\x1b'.

    Those are control characters, format characters (some change the direction of text), lone surrogates and unassigned
    characters: see `str.isprintable`.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text
    )


def clipped(text: str, most: int) -> str:
    """Return `text`, cut after `most` characters with '...' behind it."""
    return text if len(text) <= most else f"{text[:most]}..."
