"""Atomic writes: a file is written under a temporary name, and gets its own name when it is whole."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, and remove that file in the end."""
    part = path.with_name(f".{path.name}-{os.getpid()}.part")
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def finish(part: Path, path: Path, replace: bool = False) -> None:
    """Give a finished file its name. Raises FileExistsError if the name is taken, unless it may `replace`."""
    if not replace:
        try:
            os.link(part, path)  # unlike a rename, this fails if the name is taken
        except FileExistsError:
            raise
        except OSError:
            # A file system without links, such as exFAT: take the name first, then overwrite it.
            path.open("x").close()
        else:
            return
    part.replace(path)
