"""Functions for `--call`, that don't go well."""

import os
from typing import NoReturn


def fails() -> NoReturn:
    """Raise an error."""
    raise ValueError("it fails")


def dies() -> NoReturn:
    """End the process that it is in."""
    os._exit(3)
