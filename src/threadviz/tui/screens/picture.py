"""The picture that a screen is saved as."""

from datetime import datetime
from pathlib import Path
from typing import Any

from textual.screen import Screen

from threadviz.picture.plain import printable
from threadviz.tui.saving import save_picture


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
