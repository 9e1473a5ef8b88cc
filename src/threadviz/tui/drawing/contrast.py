"""Contrast: whether a colour can be told from what is below it."""

from textual.color import Color

LEAST_CONTRAST = 3.0
"""A lane's colour against what is below it: what WCAG 2.1 asks for graphics that carry a meaning (1.4.11)."""

_STEP = 0.08


def contrast(a: Color, b: Color) -> float:
    """How much two colours differ in luminance, from 1 to 21: WCAG 2.1's contrast ratio."""
    darker, lighter = sorted((_luminance(a), _luminance(b)))
    return (lighter + 0.05) / (darker + 0.05)


def readable(colour: Color, ground: Color) -> Color:
    """Return `colour`, or what is nearest to it and stands out from the ground."""
    away = Color.parse("white" if ground.brightness < 0.5 else "black")
    while contrast(colour, ground) < LEAST_CONTRAST:
        colour = colour.blend(away, _STEP)
    return colour


def _luminance(of: Color) -> float:
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in of.normalized]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))
