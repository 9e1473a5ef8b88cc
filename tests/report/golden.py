"""What the reports on the recordings look like: `python -m tests.report.golden` writes it anew."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from tests.protocol.events import read_events
from threadviz.report.console import ReportConsole
from threadviz.report.text import comparison_report, run_report
from threadviz.timeline import Timeline

DATA = Path(__file__).parents[1] / "data"
GOLDEN = DATA / "golden"

RUNS = ("fetch-blocking", "fetch-threads", "primes-threads", "primes-processes")
PROGRAMS = ("exec-serve",)
WIDTHS = (80, 100, 200)


def recorded(name: str) -> Timeline:
    """The timeline of a recording."""
    timeline = Timeline()
    with (DATA / f"{name}.jsonl").open("rb") as source:
        timeline.extend(read_events(source))
    return timeline


def compared(*names: str) -> dict[str, Timeline]:
    """The timelines of recordings, by mode."""
    timelines = [recorded(name) for name in names]
    return {timeline.header.mode: timeline for timeline in timelines}


def reports() -> dict[str, Callable[[], str]]:
    """Every golden report, by the name of its file, as a function that returns its text."""
    found: dict[str, Callable[[], str]] = {}
    for width in WIDTHS:
        found |= {f"{name}-{width}.txt": partial(_report, name, width) for name in (*RUNS, *PROGRAMS)}
        found[f"compare-fetch-{width}.txt"] = partial(_comparison, width)
    return found


def _report(name: str, width: int) -> str:
    return run_report(recorded(name), ReportConsole(width, plain=True))


def _comparison(width: int) -> str:
    return comparison_report(compared("fetch-blocking", "fetch-threads"), ReportConsole(width, plain=True))


def main() -> None:
    """Write them all."""
    GOLDEN.mkdir(exist_ok=True)
    for name, text in reports().items():
        (GOLDEN / name).write_text(text(), encoding="ascii")


if __name__ == "__main__":
    main()
