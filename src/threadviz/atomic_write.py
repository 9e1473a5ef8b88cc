"""Files that are written whole: under a passing name first, so that none is ever seen half done or written over."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def unfinished(path: Path) -> Iterator[Path]:
    """The passing name, beside `path`, of what is to become that file; nothing of it is left when this is."""
    part = path.with_name(f".{path.name}-{os.getpid()}.part")
    try:
        yield part
    finally:
        part.unlink(missing_ok=True)


def finish(part: Path, path: Path, replace: bool = False) -> None:
    """Give a finished file its name. Raises FileExistsError where there is one of that name, unless it is replaced."""
    if not replace:
        try:
            os.link(part, path)  # unlike a rename, it fails where the name is taken
        except FileExistsError:
            raise
        except (
            OSError
        ):  # a file system without links, such as exFAT: take the name first, and then write over it
            path.open("x").close()
        else:
            return
    part.replace(path)
