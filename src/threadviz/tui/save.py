"""Saves the screen as a picture."""

from datetime import datetime
from pathlib import Path
from typing import Any

from textual.screen import Screen

from threadviz.atomic_write import finish, unfinished
from threadviz.text import printable


def write_svg(svg: str, folder: Path, now: datetime) -> Path:
    """Write a picture atomically into a new file in `folder`, and return its path. Raises OSError."""
    stem = f"threadviz-{now:%Y%m%d-%H%M%S}"
    path, number = folder / f"{stem}.svg", 1
    with unfinished(path) as part:
        part.write_text(svg, encoding="utf-8")
        while True:
            try:
                finish(part, path)
            except FileExistsError:
                number += 1
                path = folder / f"{stem}-{number}.svg"
            else:
                return path


def save_screenshot(screen: Screen[Any]) -> None:
    """Save a picture of the screen in the current folder, and notify the user of its path or of an error."""
    try:
        path = write_svg(screen.app.export_screenshot(), Path.cwd(), datetime.now())
    except OSError as error:
        screen.notify(
            f"The picture can't be saved in the current folder ({error.strerror}).",
            severity="error",
            markup=False,
        )
    else:
        screen.notify(printable(f"Saved {path}"), markup=False)
