"""What is said where the observer itself has failed."""

import errno
import traceback
from pathlib import Path


def fault_of(error: Exception) -> str:
    """Return, as a clause, that the observer has failed: what an exception says, and where it was raised."""
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        why = "it takes three open files for each thread, and may have no more: raise the limit (ulimit -n)"
    else:
        last = traceback.extract_tb(error.__traceback__)[-1]
        why = f"{type(error).__name__}: {error} ({Path(last.filename).name}, line {last.lineno})"
    return f"the observer failed: {why}"
