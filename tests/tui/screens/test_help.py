import pytest

from tests.tui.screens.dialog_app import DialogApp, text_of
from threadviz.presentation.styles import STATE_STYLES
from threadviz.tui.app import ThreadvizApp
from threadviz.tui.commands import COMMANDS
from threadviz.tui.screens.help import MOUSE, OTHER_KEYS, HelpScreen, key_labels


def dialog_app(*, ascii_only: bool = False) -> DialogApp[None]:
    """Return an app with the help open."""
    return DialogApp(HelpScreen(list(COMMANDS.values())), ascii_only=ascii_only)


def words(app: DialogApp[None]) -> str:
    """Return the visible text, without frames and line breaks."""
    return " ".join(text_of(app.screen).translate(str.maketrans("│|", "  ")).split())


async def test_every_command_and_state_is_explained() -> None:
    """Each command has its keys and its sentence, each state its meaning."""
    app = dialog_app()
    async with app.run_test(size=(80, 300)):
        text = words(app)
        for command in COMMANDS.values():
            assert " ".join(f"{key_labels(command)} {command.label}. {command.help}".split()) in text
        for mark, look in STATE_STYLES.items():
            assert f" {mark} {look.meaning} " in text
        for keys, label, sentence in (*OTHER_KEYS, *MOUSE):
            assert f" {keys} {label}. {sentence} " in text


def test_the_key_of_the_palette() -> None:
    """The key in the help is the one that Textual binds."""
    assert [keys for keys, _, _ in OTHER_KEYS] == [ThreadvizApp.COMMAND_PALETTE_BINDING]


async def test_wide_terminals_have_two_columns() -> None:
    """The legend is beside the keys on a wide terminal, and below them on a narrow one."""
    for width, beside in [(80, False), (120, True)]:
        app = dialog_app()
        async with app.run_test(size=(width, 200)):
            keys_line, lanes_line = (
                next(y for y, line in enumerate(text_of(app.screen).splitlines()) if text in line)
                for text in ("New run", "How to read the lanes")
            )
            assert (lanes_line < keys_line) is beside


def test_keys_are_labelled_as_on_a_keyboard() -> None:
    """Symbols are shown as such, other keys by their names, in ASCII."""
    by_id = {id_: key_labels(command) for id_, command in COMMANDS.items()}
    assert by_id["zoom_in"] == "+  ="
    assert by_id["earlier"] == "left  h"
    assert by_id["freeze"] == "space"
    assert by_id["help"] == "?  f1"
    assert all(text.isascii() for text in by_id.values())


async def test_keys_that_close_the_help() -> None:
    """Escape, enter, quit and the keys that open it."""
    for key in ("escape", "question_mark", "f1", "q", "enter"):
        app = dialog_app()
        async with app.run_test() as pilot:
            await pilot.press(key)
            assert app.answers == [None]


async def test_all_of_it_can_be_scrolled_to() -> None:
    """At 80x24, page by page, from the first line to the last."""
    app = dialog_app()
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
        for command in COMMANDS.values():
            assert any(f"{command.label}. " in text for text in seen)
        for mark in STATE_STYLES:
            assert any(f" {mark} " in text for text in seen)


async def test_vim_keys_scroll() -> None:
    """J scrolls down by a line, and k up again."""
    app = dialog_app()
    async with app.run_test() as pilot:
        dialog = app.screen.query_one(".dialog")
        for key, line in [("j", 1), ("j", 2), ("k", 1)]:
            await pilot.press(key)
            await pilot.pause()
            assert dialog.scroll_offset.y == line


async def test_ascii() -> None:
    """In ASCII, the legend shows ASCII marks, in an ASCII frame."""
    app = dialog_app(ascii_only=True)
    async with app.run_test(size=(80, 200)):
        assert text_of(app.screen).isascii()
        assert "ggg gil" in words(app)
        assert "neighbouring ones share" in words(app)


async def test_without_colour(monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not explain the height of the green if there are no colours."""
    text = []
    for _ in range(2):
        app = dialog_app()
        async with app.run_test(size=(80, 200)):
            text.append("the height of the green" in words(app))
        monkeypatch.setenv("NO_COLOR", "1")
    assert text == [True, False]
