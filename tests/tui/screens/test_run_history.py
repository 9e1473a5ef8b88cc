from textual.pilot import Pilot
from textual.widgets import Button

from tests.tui.recorded import run, timeline
from tests.tui.screens.asking import Asking, shown
from threadviz.tui.runs import Run, RunGroup
from threadviz.tui.screens.run_history import RunHistoryScreen

GROUPS = (
    RunGroup([run("fetch-threads")]),
    RunGroup([run("primes-processes")]),
    RunGroup([run("fetch-blocking"), run("fetch-threads")]),
    RunGroup([Run.of(timeline("primes-threads"), "the run is broken: the observer [bold]died\x1b[31m")]),
)
FETCH, PRIMES, COMPARED, BROKEN = GROUPS


def asking(
    groups: tuple[RunGroup, ...] = GROUPS, current: RunGroup | None = BROKEN, *, plain: bool = False
) -> Asking[tuple[RunGroup, ...]]:
    """An app with the dialog open."""
    return Asking(RunHistoryScreen(groups, current, plain=plain))


def lines(pilot: Pilot[None]) -> list[str]:
    """What the dialog shows."""
    return [line.strip(" │|") for line in shown(pilot.app.screen).splitlines()]


async def test_runs_are_told_apart() -> None:
    """Newest first, each with what ran, for how long, and what went wrong."""
    async with asking().run_test() as pilot:
        told = [line for line in lines(pilot) if line.startswith("[ ]")]
    assert [line.split("  ")[0] for line in told] == [
        "[ ] primes, threads: 3 tasks, 3 workers",
        "[ ] fetch: blocking, threads",
        "[ ] primes, processes: 3 tasks, 2 workers",
        "[ ] fetch, threads: 4 tasks, 4 workers",
    ]
    assert [line.split("  ")[-1].strip() for line in told] == [
        "595 ms, went wrong",
        "338 ms, 176 ms, 2 tasks failed",
        "574 ms",
        "176 ms, 1 task failed",
    ]


async def test_enter_goes_back_to_one() -> None:
    """It begins at the one that is looked at; arrows and Vim's keys go to others."""
    for keys, picked in [((), PRIMES), (("down",), FETCH), (("k", "k"), BROKEN), (("end", "up", "j"), FETCH)]:
        app = asking(current=PRIMES)
        async with app.run_test() as pilot:
            await pilot.press(*keys, "enter")
            assert app.answer == (picked,)


async def test_escape_leaves() -> None:
    """Nothing is picked, whatever was marked."""
    app = asking()
    async with app.run_test() as pilot:
        await pilot.press("space", "escape")
        assert app.answer is None


async def test_several_are_compared() -> None:
    """Space marks and unmarks; enter picks all that are marked, oldest first, and its button says so."""
    app = asking()
    async with app.run_test() as pilot:
        button = pilot.app.screen.query_one("#look", Button)
        await pilot.press("space", "down", "space", "space", "down", "space", "end", "space")
        await pilot.pause()
        assert str(button.label) == "Compare 3"
        assert sum(line.startswith("[x]") for line in lines(pilot)) == 3
        await pilot.press("enter")
        assert app.answer == (FETCH, PRIMES, BROKEN)


async def test_one_that_is_marked_is_picked() -> None:
    """Also where the cursor has gone on."""
    app = asking()
    async with app.run_test() as pilot:
        await pilot.press("space", "down", "enter")
        assert app.answer == (BROKEN,)


async def test_all_by_mouse() -> None:
    """A click on a box marks, a click beside it goes there, and the buttons do what enter and escape do."""
    app = asking()
    async with app.run_test() as pilot:
        assert await pilot.click("RunList", offset=(1, 1))
        assert await pilot.click("RunList", offset=(1, 3))
        assert await pilot.click("RunList", offset=(20, 0))
        assert app.answers == []
        assert await pilot.click("#look")
        assert app.answer == (FETCH, COMPARED)
    app = asking()
    async with app.run_test() as pilot:
        assert await pilot.click("RunList", offset=(20, 2))
        assert await pilot.click("#look")
        assert app.answer == (PRIMES,)
    app = asking()
    async with app.run_test() as pilot:
        assert await pilot.click("#leave")
        assert app.answer is None


async def test_one_that_goes_on_is_not_compared() -> None:
    """It has no box, and can't be marked; one can go back to it."""
    going = RunGroup([run("fetch-threads", until_ms=60)])
    app = asking((FETCH, going), going)
    async with app.run_test() as pilot:
        assert any("so far" in line and "[ ]" not in line for line in lines(pilot))
        await pilot.press("space")
        await pilot.click("RunList", offset=(1, 0))
        await pilot.press("enter")
        assert app.answer == (going,)


async def test_what_went_wrong_is_told() -> None:
    """Of the run under the cursor, in its words, letter by letter; of others it is not."""
    async with asking().run_test() as pilot:
        told = " ".join(lines(pilot))
        assert "! primes, threads: the run is broken: the observer [bold]died\\x1b[31m." in told
        await pilot.press("down")
        await pilot.pause()
        assert "broken" not in " ".join(lines(pilot))


async def test_nothing_yet() -> None:
    """Where nothing was run, enter leaves."""
    app = asking((), None)
    async with app.run_test() as pilot:
        await pilot.press("space", "enter")
        assert app.answer is None


async def test_small_and_plain() -> None:
    """In ASCII, on a small terminal, the buttons are in sight."""
    async with asking(GROUPS * 4, BROKEN, plain=True).run_test(size=(60, 12)) as pilot:
        text = shown(pilot.app.screen)
        assert "Look at it" in text and "Leave" in text
    async with asking(plain=True).run_test() as pilot:
        assert shown(pilot.app.screen).isascii()
