"""Saves what is on the screen."""

from datetime import datetime
from pathlib import Path
from typing import Any

from textual.screen import Screen

from threadviz.atomic_write import finish, unfinished
from threadviz.text import printable


def save_picture(svg: str, folder: Path, now: datetime) -> Path:
    """Write a picture into `folder`, whole, under a name that no file there has. Return its path; raises OSError."""
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


# The picture that a screen is saved as.


def save_picture_of(screen: Screen[Any]) -> None:
    """Save a screen as it is, in the current folder, and say there how that went."""
    try:
        path = save_picture(screen.app.export_screenshot(), Path.cwd(), datetime.now())
    except OSError as error:
        screen.notify(
            f"The picture can't be saved in the current folder ({error.strerror}).",
            severity="error",
            markup=False,
        )
    else:
        screen.notify(printable(f"Saved {path}"), markup=False)
