from textual.pilot import Pilot
from textual.widgets import Button

from tests.tui.recorded import run, timeline
from tests.tui.screens.dialog_app import DialogApp, text_of
from threadviz.tui.runs import Run, RunGroup
from threadviz.tui.screens.run_history import RunHistoryScreen

GROUPS = (
    RunGroup([run("fetch-threads")]),
    RunGroup([run("primes-processes")]),
    RunGroup([run("fetch-blocking"), run("fetch-threads")]),
    RunGroup([Run.of(timeline("primes-threads"), "the run is broken: the observer [bold]died\x1b[31m")]),
)
FETCH, PRIMES, COMPARED, BROKEN = GROUPS


def dialog_app(
    groups: tuple[RunGroup, ...] = GROUPS, current: RunGroup = BROKEN, *, ascii_only: bool = False
) -> DialogApp[tuple[RunGroup, ...]]:
    """Return an app with the dialog open."""
    return DialogApp(RunHistoryScreen(groups, current), ascii_only=ascii_only)


def lines(pilot: Pilot[None]) -> list[str]:
    """Return the lines of the dialog."""
    return [line.strip(" │|") for line in text_of(pilot.app.screen).splitlines()]


async def test_each_run_has_its_title_and_ending() -> None:
    """Newest first, each with what ran, for how long, and what went wrong."""
    async with dialog_app().run_test() as pilot:
        listed = [line for line in lines(pilot) if line.startswith("[ ]")]
    assert [line.split("  ")[0] for line in listed] == [
        "[ ] primes, threads: 3 tasks, 3 workers",
        "[ ] fetch: blocking, threads",
        "[ ] primes, processes: 3 tasks, 2 workers",
        "[ ] fetch, threads: 4 tasks, 4 workers",
    ]
    assert [line.split("  ")[-1].strip() for line in listed] == [
        "595 ms, went wrong",
        "338 ms, 176 ms, 2 tasks failed",
        "574 ms",
        "176 ms, 1 task failed",
    ]


async def test_enter_chooses_the_run_under_the_cursor() -> None:
    """The cursor starts at the current one; arrows and Vim's keys move it."""
    for keys, chosen in [((), PRIMES), (("down",), FETCH), (("k", "k"), BROKEN), (("end", "up", "j"), FETCH)]:
        app = dialog_app(current=PRIMES)
        async with app.run_test() as pilot:
            await pilot.press(*keys, "enter")
            assert app.answer == (chosen,)


async def test_escape_closes_it() -> None:
    """Nothing is chosen, whatever is marked."""
    app = dialog_app()
    async with app.run_test() as pilot:
        await pilot.press("space", "escape")
        assert app.answer is None


async def test_marked_runs_are_compared() -> None:
    """Space marks and unmarks; enter chooses all that are marked, oldest first, as its button says."""
    app = dialog_app()
    async with app.run_test() as pilot:
        button = pilot.app.screen.query_one("#look", Button)
        await pilot.press("space", "down", "space", "space", "down", "space", "end", "space")
        await pilot.pause()
        assert str(button.label) == "Compare 3"
        assert sum(line.startswith("[x]") for line in lines(pilot)) == 3
        await pilot.press("enter")
        assert app.answer == (FETCH, PRIMES, BROKEN)


async def test_a_marked_run_is_chosen() -> None:
    """Even if the cursor is elsewhere."""
    app = dialog_app()
    async with app.run_test() as pilot:
        await pilot.press("space", "down", "enter")
        assert app.answer == (BROKEN,)


async def test_mouse() -> None:
    """A click on a box marks, a click beside it moves the cursor, and the buttons do what enter and escape do."""
    app = dialog_app()
    async with app.run_test() as pilot:
        assert await pilot.click("RunList", offset=(1, 1))
        assert await pilot.click("RunList", offset=(1, 3))
        assert await pilot.click("RunList", offset=(20, 0))
        assert app.answers == []
        assert await pilot.click("#look")
        assert app.answer == (FETCH, COMPARED)
    app = dialog_app()
    async with app.run_test() as pilot:
        assert await pilot.click("RunList", offset=(20, 2))
        assert await pilot.click("#look")
        assert app.answer == (PRIMES,)
    app = dialog_app()
    async with app.run_test() as pilot:
        assert await pilot.click("#leave")
        assert app.answer is None


async def test_a_run_that_goes_on_cannot_be_marked() -> None:
    """It has no box, but it can be chosen."""
    going = RunGroup([run("fetch-threads", until_ms=60)])
    app = dialog_app((FETCH, going), going)
    async with app.run_test() as pilot:
        assert any("so far" in line and "[ ]" not in line for line in lines(pilot))
        await pilot.press("space")
        await pilot.click("RunList", offset=(1, 0))
        await pilot.press("enter")
        assert app.answer == (going,)


async def test_trouble_is_shown() -> None:
    """That of the run under the cursor only, without markup being interpreted."""
    async with dialog_app().run_test() as pilot:
        text = " ".join(lines(pilot))
        assert "! primes, threads: the run is broken: the observer [bold]died\\x1b[31m." in text
        await pilot.press("down")
        await pilot.pause()
        assert "broken" not in " ".join(lines(pilot))


async def test_no_runs() -> None:
    """Enter closes the empty dialog."""
    app = dialog_app((), RunGroup(()))
    async with app.run_test() as pilot:
        await pilot.press("space", "enter")
        assert app.answer is None


async def test_small_and_ascii() -> None:
    """The buttons are visible on a small terminal, in ASCII."""
    async with dialog_app(GROUPS * 4, BROKEN, ascii_only=True).run_test(size=(60, 12)) as pilot:
        text = text_of(pilot.app.screen)
        assert "Look at it" in text and "Leave" in text
    async with dialog_app(ascii_only=True).run_test() as pilot:
        assert text_of(pilot.app.screen).isascii()
