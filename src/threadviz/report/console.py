"""What a report is printed on: how wide it is, and whether it takes colours and more than ASCII."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from io import StringIO
from typing import TextIO

from rich.console import Console, RenderableType

PIPED_WIDTH = 100
"""The width in characters where there is no terminal, and no COLUMNS in the environment."""

MIN_WIDTH = 80
"""No report is narrower; a narrower terminal folds it."""

MAX_WIDTH = 1000
"""Nor wider, whatever COLUMNS says."""


@dataclass(frozen=True, slots=True)
class ReportConsole:
    """`width` characters wide. Plain paper takes ASCII characters and no colours, of the report's own."""

    width: int
    plain: bool

    @classmethod
    def of(cls, file: TextIO, environ: Mapping[str, str]) -> "ReportConsole":
        """Return what `file` is as paper: plain unless it is a terminal that has UTF-8 and wants colours.

        NO_COLOR in the environment, set and not empty, says that it does not want them (no-color.org).
        """
        if not file.isatty():
            wished = environ.get("COLUMNS", "")
            return cls(_clamp(int(wished) if wished.isdecimal() else PIPED_WIDTH), plain=True)
        columns = os.get_terminal_size(file.fileno()).columns
        unicode = (file.encoding or "").lower().replace("-", "") == "utf8"
        wanted = not environ.get("NO_COLOR") and environ.get("TERM") not in {"dumb", "unknown"}
        return cls(_clamp(columns), plain=not (unicode and wanted))

    def render(self, *parts: RenderableType) -> str:
        """Return `parts` as they are written, one below the other, each ending its last line."""
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
        lines = capture.get().split("\n")
        return "\n".join(line.rstrip() for line in lines)


def _clamp(columns: int) -> int:
    return min(max(MIN_WIDTH, columns), MAX_WIDTH)
