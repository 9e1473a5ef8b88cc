"""What all lanes of a run have to know of each other."""

from dataclasses import dataclass


@dataclass
class Clock:
    """The latest moment (ns) that anything was said of, and how often what had been settled was worked out anew."""

    now: int = 0
    recuts: int = 0
