"""`python -m tests.contract.write` writes down what has come in since: it refuses where anything would be lost."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from tests.contract.lost import CONTRACT, lost, pretty, read
from tests.contract.outputs import COMPARED, MADE, RECORDINGS, comparison, outputs
from tests.contract.situations import SITUATIONS
from tests.contract.surface import surface


def contract() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Yield the name of each file, and what makes what is to be in it."""
    yield "surface", surface
    yield "exit-statuses", statuses
    for name in (*RECORDINGS, *MADE):
        yield f"recordings/{name}", partial(outputs, name)
    for name in COMPARED:
        yield f"recordings/{name}", partial(comparison, name)


def statuses() -> dict[str, int]:
    """With which status the command ends in each situation."""
    found = {}
    for name, situation in SITUATIONS.items():
        with tempfile.TemporaryDirectory(prefix="contract-") as folder:
            found[name] = situation(Path(folder))
    return found


def main() -> int:
    """Write all files of which nothing would be lost."""
    refused = 0
    for name, make in contract():
        now, path = make(), CONTRACT / f"{name}.json"
        gone = [*lost(read(name), now, sets=name == "surface")] if path.exists() else []
        if gone:
            refused = 1
            sys.stderr.write("\n".join([f"{path.name} stays as it is:", *gone, ""]))
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(pretty(now) + "\n", encoding="ascii")
    return refused


if __name__ == "__main__":
    sys.exit(main())
