"""`python -m docs.pictures`: makes the pictures in this folder from the recordings beside it, without a terminal.

The recordings were made by real runs, on a machine with 2 cores that had nothing else to do:

    threadviz run fetch --mode blocking --record docs/recordings/fetch-blocking.jsonl
    threadviz run fetch --mode threads --record docs/recordings/fetch-threads.jsonl
    threadviz run fetch --mode processes --record docs/recordings/fetch-processes.jsonl
    threadviz run primes --mode threads --workers 4 --record docs/recordings/primes-threads.jsonl
"""

import asyncio
from pathlib import Path

from threadviz.stream import read_events
from threadviz.timeline import Timeline
from threadviz.tui.runs import Run
from threadviz.tui.shot import View, shot

HERE = Path(__file__).parent

THEME = "textual-dark"


def main() -> None:
    """Make all of them."""
    modes = ("fetch-blocking", "fetch-threads", "fetch-processes")
    _save("compare", asyncio.run(shot([_run(name) for name in modes], View((120, 38), THEME))))
    _save("gil", asyncio.run(shot([_run("primes-threads")], View((120, 30), THEME))))


def _run(name: str) -> Run:
    timeline = Timeline()
    with (HERE / "recordings" / f"{name}.jsonl").open("rb") as source:
        timeline.extend(read_events(source))
    return Run.of(timeline)


def _save(name: str, svg: str) -> None:
    (HERE / f"{name}.svg").write_text(svg, encoding="utf-8")


if __name__ == "__main__":
    main()
