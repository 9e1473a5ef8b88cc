import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from textual.pilot import Pilot

from tests.tui.recorded import app, run
from threadviz.tui.runs import Run
from threadviz.tui.runs.ansi import TerminalText

SIZES = ((80, 24), (120, 40), (200, 50))

FETCHES = ("fetch-blocking", "fetch-threads", "fetch-processes")


@dataclass(frozen=True)
class Picture:
    """What is on the screen: the runs, and the keys that were pressed since they came into view."""

    runs: Callable[[], list[Run]]
    keys: tuple[str, ...] = ()
    plain: bool = False
    theme: str = "textual-dark"
    environ: dict[str, str] = field(default_factory=dict)


def whole(*names: str) -> Callable[[], list[Run]]:
    """Runs that are over."""
    return lambda: [run(name) for name in names]


def growing(name: str, until_ms: int) -> Callable[[], list[Run]]:
    """A run in its middle."""
    return lambda: [run(name, until_ms)]


def broken() -> list[Run]:
    """A run whose observer died on the way."""
    return [
        Run.of(run("fetch-threads", 60).timeline, "the run is broken: the observer died (killed by SIGKILL)")
    ]


def printing() -> list[Run]:
    """A program in its middle, and what it has printed."""
    program = run("exec-serve", 450)
    program.output = TerminalText()
    program.output.feed(b"".join(b"[bold]%d[/bold] questions answered\n" % n for n in range(30)))
    return [program]


PICTURES = {
    "blocking-running": Picture(growing("fetch-blocking", 200)),
    "blocking-finished": Picture(whole("fetch-blocking")),
    "threads-running": Picture(growing("fetch-threads", 60)),
    "threads-finished": Picture(whole("fetch-threads")),
    "processes-running": Picture(growing("primes-processes", 300)),
    "processes-finished": Picture(whole("primes-processes")),
    "waiting-for-the-gil": Picture(whole("primes-threads")),
    "compared": Picture(whole(*FETCHES)),
    "frozen-with-the-cursor": Picture(
        growing("primes-threads", 400), ("space", *["left"] * 5, "down", "down")
    ),
    "zoomed": Picture(whole("primes-threads"), ("home", *["shift+right"] * 2, "plus", "plus", "plus")),
    "details": Picture(whole("primes-threads"), ("down", "down", "enter")),
    "failed-tasks": Picture(whole("fetch-threads"), ("t", "shift+down")),
    "code": Picture(whole("fetch-threads"), ("c",)),
    "help": Picture(whole("fetch-threads"), ("question_mark",)),
    "choose": Picture(whole("fetch-threads"), ("n",)),
    "broken": Picture(broken),
    "plumbing": Picture(whole("primes-processes"), ("p",)),
    "ascii": Picture(whole("primes-threads"), plain=True),
    "no-colour": Picture(whole("primes-threads"), environ={"NO_COLOR": "1"}),
    "16-colours": Picture(whole("primes-threads"), environ={"COLORTERM": "", "TERM": "xterm"}),
    "program": Picture(whole("exec-serve")),
    "program-running": Picture(printing),
    "program-in-ascii": Picture(whole("exec-serve"), plain=True),
    "program-of-which-lanes-are-sought": Picture(whole("exec-serve"), ("slash", *"gil", "enter", "v")),
    "process": Picture(whole("exec-serve"), ("down", "z", "d")),
    "light": Picture(whole("primes-threads"), theme="textual-light"),
}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)
def test_it_looks_as_it_did(
    picture: Picture,
    size: tuple[int, int],
    snap_compare: Callable[..., bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever means to change it looks at the new pictures, and takes them with --snapshot-update."""
    for name, value in picture.environ.items():
        monkeypatch.setenv(name, value)
    shown = app(*picture.runs(), plain=picture.plain)
    shown.theme = picture.theme

    async def press_and_settle(pilot: Pilot[None]) -> None:
        before, drawn = "", " "
        async with asyncio.timeout(30):
            while not shown.main.complete:
                await pilot.pause()
            await pilot.press(*picture.keys)
            while drawn != before or not shown.main.complete:  # it may come in several frames
                shown.main.show_frame(0)
                await pilot.pause()
                before, drawn = drawn, shown.export_screenshot()

    assert snap_compare(shown, terminal_size=size, run_before=press_and_settle)
