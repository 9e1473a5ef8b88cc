"""Saves what is on the screen."""

from datetime import datetime
from pathlib import Path

from threadviz.whole_file import finish, unfinished


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
