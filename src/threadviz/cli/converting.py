"""SVG to PNG, by the converter that is installed."""

import shutil
import subprocess

from threadviz.cli.exits import CommandError, Exit

CONVERTER = "rsvg-convert"


def to_png(svg: str) -> bytes:
    """Return the picture as PNG. Raises CommandError."""
    converter = shutil.which(CONVERTER)
    if converter is None:
        raise CommandError(
            f"PNG is made by {CONVERTER}, which is not installed: install it (Debian has it in librsvg2-bin,"
            " Homebrew in librsvg), or leave --png out and get SVG"
        )
    # librsvg draws no no-break space at either end of a text, and moves what stands between.
    kept = svg.replace("&#160;", " ").replace("<text ", '<text xml:space="preserve" ')
    done = subprocess.run([converter], input=kept.encode(), capture_output=True, check=False)
    if done.returncode or not done.stdout:
        raise CommandError(
            f"{CONVERTER} could not make a PNG of the picture (exit status {done.returncode})", Exit.BROKEN
        )
    return done.stdout
