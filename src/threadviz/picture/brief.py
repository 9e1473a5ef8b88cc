"""Figures as briefly as a column has them: '<0.1 ms', where a sentence has 'under 0.1 ms'."""

from threadviz.findings.words import percent, seconds


def brief_seconds(ns: int) -> str:
    """A duration in ns."""
    return _brief(seconds(ns))


def brief_percent(share: float) -> str:
    """A share of 1."""
    return _brief(percent(share))


def _brief(words: str) -> str:
    return words.replace("under ", "<")
