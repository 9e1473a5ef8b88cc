"""Horizontal bars."""

_EIGHTHS = " ▏▎▍▌▋▊▉"


def bar(share: float, cells: int, plain: bool) -> str:
    """A bar of `share` (0 to 1) of `cells` characters; what is not nothing is seen, however little."""
    eighths = round(max(0.0, min(share, 1.0)) * cells * 8)
    if share > 0:
        eighths = max(eighths, 1)
    if plain:
        return "#" * max(round(eighths / 8), 1 if eighths else 0)
    whole, rest = divmod(eighths, 8)
    return "█" * whole + (_EIGHTHS[rest] if rest else "")
