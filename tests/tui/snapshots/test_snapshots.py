import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import pytest
from textual.pilot import Pilot

from tests.tui.recorded import app, run
from threadviz.tui.runs import Run
from threadviz.tui.runs.terminal import TerminalText

SIZES = ((80, 24), (120, 40), (200, 50))

FETCHES = ("fetch-blocking", "fetch-threads", "fetch-processes")


@dataclass(frozen=True)
class Picture:
    """The runs on the screen, and the keys to press."""

    runs: Callable[[], list[Run]]
    keys: tuple[str, ...] = ()
    ascii_only: bool = False
    theme: str = "textual-dark"
    environ: dict[str, str] = field(default_factory=dict)


def finished(*names: str) -> Callable[[], list[Run]]:
    """Return a function that loads runs that are over."""
    return lambda: [run(name) for name in names]


def growing(name: str, until_ms: int) -> Callable[[], list[Run]]:
    """Return a function that loads a run up to this time."""
    return lambda: [run(name, until_ms)]


def broken() -> list[Run]:
    """Return a run whose observer died."""
    return [
        Run.of(run("fetch-threads", 60).timeline, "the run is broken: the observer died (killed by SIGKILL)")
    ]


def printing() -> list[Run]:
    """Return a running program with its output."""
    program = run("exec-serve", 450)
    program.output = TerminalText()
    program.output.feed(b"".join(b"[bold]%d[/bold] questions answered\n" % n for n in range(30)))
    return [program]


PICTURES = {
    "blocking-running": Picture(growing("fetch-blocking", 200)),
    "blocking-finished": Picture(finished("fetch-blocking")),
    "threads-running": Picture(growing("fetch-threads", 60)),
    "threads-finished": Picture(finished("fetch-threads")),
    "processes-running": Picture(growing("primes-processes", 300)),
    "processes-finished": Picture(finished("primes-processes")),
    "waiting-for-the-gil": Picture(finished("primes-threads")),
    "compared": Picture(finished(*FETCHES)),
    "frozen-with-the-cursor": Picture(
        growing("primes-threads", 400), ("space", *["left"] * 5, "down", "down")
    ),
    "zoomed": Picture(finished("primes-threads"), ("home", *["shift+right"] * 2, "plus", "plus", "plus")),
    "details": Picture(finished("primes-threads"), ("down", "down", "enter")),
    "failed-tasks": Picture(finished("fetch-threads"), ("t", "shift+down")),
    "code": Picture(finished("fetch-threads"), ("c",)),
    "help": Picture(finished("fetch-threads"), ("question_mark",)),
    "choose": Picture(finished("fetch-threads"), ("n",)),
    "broken": Picture(broken),
    "plumbing": Picture(finished("primes-processes"), ("p",)),
    "ascii": Picture(finished("primes-threads"), ascii_only=True),
    "no-colour": Picture(finished("primes-threads"), environ={"NO_COLOR": "1"}),
    "16-colours": Picture(finished("primes-threads"), environ={"COLORTERM": "", "TERM": "xterm"}),
    "program": Picture(finished("exec-serve")),
    "program-running": Picture(printing),
    "program-in-ascii": Picture(finished("exec-serve"), ascii_only=True),
    "program-of-which-lanes-are-sought": Picture(finished("exec-serve"), ("slash", *"gil", "enter", "v")),
    "process": Picture(finished("exec-serve"), ("down", "z", "d")),
    "light": Picture(finished("primes-threads"), theme="textual-light"),
}


@pytest.mark.parametrize("size", SIZES, ids=lambda size: "x".join(map(str, size)))
@pytest.mark.parametrize("picture", PICTURES.values(), ids=PICTURES)
def test_it_looks_as_it_did(
    picture: Picture,
    size: tuple[int, int],
    snap_compare: Callable[..., bool],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """After an intended change, check the new pictures and update them with --snapshot-update."""
    for name, value in picture.environ.items():
        monkeypatch.setenv(name, value)
    shown = app(*picture.runs(), ascii_only=picture.ascii_only)
    shown.theme = picture.theme

    async def press_and_settle(pilot: Pilot[None]) -> None:
        before, drawn = "", " "
        async with asyncio.timeout(30):
            while not shown.main.complete:
                await pilot.pause()
            await pilot.press(*picture.keys)
            while drawn != before or not shown.main.complete:  # drawing may take several frames
                shown.main.show_frame(0)
                await pilot.pause()
                before, drawn = drawn, shown.export_screenshot()

    assert snap_compare(shown, terminal_size=size, run_before=press_and_settle)
