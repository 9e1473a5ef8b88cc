import pytest

from tests.tui.screens.asking import Asking, shown
from threadviz.presentation.styles import STATE_STYLES
from threadviz.tui.app import ThreadvizApp
from threadviz.tui.commands import COMMANDS
from threadviz.tui.commands.beside import KEYS, MOUSE
from threadviz.tui.screens.help import HelpScreen, keys


def asking(*, plain: bool = False) -> Asking[None]:
    """An app with the help open."""
    return Asking(HelpScreen(COMMANDS, plain=plain))


def words(app: Asking[None]) -> str:
    """What is in sight, without frames and line breaks."""
    return " ".join(shown(app.screen).translate(str.maketrans("│|", "  ")).split())


async def test_all_is_there() -> None:
    """Each command with its keys and its sentence, each state with what it means."""
    app = asking()
    async with app.run_test(size=(80, 300)):
        told = words(app)
        for command in COMMANDS:
            assert " ".join(f"{keys(command)} {command.label}. {command.about}".split()) in told
        for mark, look in STATE_STYLES.items():
            assert f" {mark} {look.meaning} " in told
        for line in (*KEYS, *MOUSE):
            assert f" {line.how} {line.label}. {line.about} " in told


def test_the_palette_has_its_key() -> None:
    """The one that is told is the one that Textual listens to."""
    assert [line.how for line in KEYS] == [ThreadvizApp.COMMAND_PALETTE_BINDING]


async def test_two_columns_where_there_is_room() -> None:
    """The lanes are explained beside the keys on a wide terminal, below them on a narrow one."""
    for width, beside in [(80, False), (120, True)]:
        app = asking()
        async with app.run_test(size=(width, 200)):
            keys_line, lanes_line = (
                next(y for y, line in enumerate(shown(app.screen).splitlines()) if text in line)
                for text in ("New run", "How to read the lanes")
            )
            assert (lanes_line < keys_line) is beside


def test_keys_are_those_of_a_keyboard() -> None:
    """Signs are shown as such, keys without a sign by their name, in ASCII."""
    by_id = {command.id: keys(command) for command in COMMANDS}
    assert by_id["zoom_in"] == "+  ="
    assert by_id["earlier"] == "left  h"
    assert by_id["freeze"] == "space"
    assert by_id["help"] == "?  f1"
    assert all(text.isascii() for text in by_id.values())


async def test_keys_leave() -> None:
    """Escape does, and what opened it."""
    for key in ("escape", "question_mark", "f1", "q", "enter"):
        app = asking()
        async with app.run_test() as pilot:
            await pilot.press(key)
            assert app.answers == [None]


async def test_all_of_it_comes_in_sight() -> None:
    """On 80x24 page by page, from the first line to the last."""
    app = asking()
    async with app.run_test() as pilot:
        dialog = app.screen.query_one(".dialog")
        seen = {words(app)}
        for _ in range(dialog.max_scroll_y):  # a page has a line at least
            await pilot.press("pagedown")
            await pilot.wait_for_scheduled_animations()
            seen.add(words(app))
            if dialog.scroll_offset.y >= dialog.max_scroll_y:
                break
        assert dialog.scroll_offset.y == dialog.max_scroll_y
        for command in COMMANDS:
            assert any(f"{command.label}. " in text for text in seen)
        for mark in STATE_STYLES:
            assert any(f" {mark} " in text for text in seen)


async def test_vim_keys_scroll() -> None:
    """J goes down by a line, and k up again."""
    app = asking()
    async with app.run_test() as pilot:
        dialog = app.screen.query_one(".dialog")
        for key, line in [("j", 1), ("j", 2), ("k", 1)]:
            await pilot.press(key)
            await pilot.pause()
            assert dialog.scroll_offset.y == line


async def test_ascii() -> None:
    """A plain help shows the plain marks, in a plain frame."""
    app = asking(plain=True)
    async with app.run_test(size=(80, 200)):
        assert shown(app.screen).isascii()
        assert "ggg gil" in words(app)
        assert "neighbouring ones share" in words(app)


async def test_without_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not speak of heights of green where none are drawn."""
    told = []
    for _ in range(2):
        app = asking()
        async with app.run_test(size=(80, 200)):
            told.append("the height of the green" in words(app))
        monkeypatch.setenv("NO_COLOR", "1")
    assert told == [True, False]
