"""What a report is printed on: its width, and whether it takes colours and more than ASCII."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from typing import TextIO

from rich.console import Console, RenderableType

PIPED_WIDTH = 100
"""The width in characters if there is no terminal and no COLUMNS in the environment."""

MIN_WIDTH = 80
"""No report is narrower; a narrower terminal wraps it."""

MAX_WIDTH = 1000


@dataclass(frozen=True, slots=True)
class ReportConsole:
    """What a report is printed on, `width` characters wide. A plain one takes only ASCII and no colours."""

    width: int
    plain: bool

    @classmethod
    def of(cls, file: TextIO, environ: Mapping[str, str]) -> "ReportConsole":
        """Return the console for `file`: plain unless it is a terminal with UTF-8 and colours.

        NO_COLOR in the environment, set and not empty, turns colours off (no-color.org).
        """
        if not file.isatty():
            columns = environ.get("COLUMNS", "")
            return cls(_clamp(int(columns) if columns.isdecimal() else PIPED_WIDTH), plain=True)
        unicode = (file.encoding or "").lower().replace("-", "") == "utf8"
        colours = not environ.get("NO_COLOR") and environ.get("TERM") not in {"dumb", "unknown"}
        return cls(_clamp(os.get_terminal_size(file.fileno()).columns), plain=not (unicode and colours))

    def render(self, *parts: RenderableType) -> str:
        """Return `parts` as text, one below the other, each ending its last line."""
        console = Console(
            file=StringIO(),
            width=self.width,
            force_terminal=not self.plain,
            color_system=None if self.plain else "auto",
            markup=False,
            emoji=False,
            highlight=False,
            legacy_windows=False,
        )
        with console.capture() as capture:
            for part in parts:
                console.print(part)
        return "\n".join(line.rstrip() for line in capture.get().split("\n"))


def _clamp(columns: int) -> int:
    return min(max(MIN_WIDTH, columns), MAX_WIDTH)
