"""Text from outside, made safe to print."""


def printable(text: str) -> str:
    r"""Return `text` with every character that is not printable written as an escape, such as '\x1b'.

    Those are the C0 and C1 controls, format characters (which turn the direction of the text, for one), lone
    surrogates, and what Unicode has not assigned: see `str.isprintable`.
    """
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in text
    )


def clipped(text: str, most: int) -> str:
    """Return `text`, or where it is longer than `most` characters, so many of it and '...'."""
    return text if len(text) <= most else f"{text[:most]}..."
