"""Ratios of paired measurements: their median, and how far it can be trusted."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

_RESAMPLES = 4000
_SEED = 20260101


@dataclass(frozen=True)
class Ratio:
    """The median of ratios, with its 95 % confidence interval by the bootstrap (percentile method)."""

    median: float
    low: float
    high: float
    pairs: int

    @classmethod
    def of(cls, pairs: Sequence[tuple[float, float]]) -> "Ratio":
        """Of each pair, the first by the second."""
        ratios = [a / b for a, b in pairs]
        chance = random.Random(_SEED)
        medians = sorted(median(chance.choices(ratios, k=len(ratios))) for _ in range(_RESAMPLES))
        tail = _RESAMPLES // 40
        return cls(median(ratios), medians[tail], medians[-1 - tail], len(ratios))

    def __str__(self) -> str:
        """The ratio for a table."""
        return f"{self.median:.3f} [{self.low:.3f}, {self.high:.3f}]"

    def as_dict(self) -> dict[str, Any]:
        """The ratio for JSON."""
        return {"median": self.median, "ci95": [self.low, self.high], "pairs": self.pairs}
