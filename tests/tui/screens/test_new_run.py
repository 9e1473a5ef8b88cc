from pathlib import Path

import pytest
from rich.color import Color, ColorSystem
from rich.segment import Segment
from textual.events import Paste
from textual.pilot import Pilot
from textual.widgets import Input

from tests.tui.screens.dialog_app import DialogApp, text_of
from threadviz.modes import MODES
from threadviz.run_options import OWN, RunOptions, fitting, requests
from threadviz.tui.screens.dialog import CheckField, Choice
from threadviz.tui.screens.new_run import NewRun, NewRunScreen

SETS = """\
[sets.one]
about = "A [bold]bold[/] set of [one]."
sites = [{ url = "http://a.example/", bytes = 10, seconds = 0.5 }]
[sets.two]
sites = [
    { url = "http://b.example/", bytes = 10, seconds = 0.5 },
    { url = "http://c.example/", bytes = 10, seconds = 1 },
    { url = "http://d.example/", bytes = 10, seconds = 1 },
]
"""


def dialog_app(
    asked: RunOptions | None = None, modes: tuple[str, ...] = ("threads",), *, ascii_only: bool = False
) -> DialogApp[NewRun]:
    """Return an app with the dialog open."""
    return DialogApp(NewRunScreen(asked or RunOptions(), modes), ascii_only=ascii_only)


async def type_in(pilot: Pilot[None], field: str, text: str) -> None:
    """Focus a field, and replace its text by pasting."""
    field_widget = pilot.app.screen.query_one(f"#{field}").focus()
    await pilot.press("end", "ctrl+u")
    field_widget.post_message(Paste(text))
    await pilot.pause()


def screen(pilot: Pilot[None]) -> str:
    """Return the text of the dialog."""
    return text_of(pilot.app.screen)


def disabled(pilot: Pilot[None]) -> set[str]:
    """Return the fields that are disabled."""
    fields = ("workload", "mode", "workers", "tasks", "set", "urls", "online", "timeout", "portable")
    return {field for field in fields if pilot.app.screen.query_one(f"#{field}").disabled}


async def test_enter_runs_the_last_options_again() -> None:
    """The fields have those options, and enter alone runs them."""
    asked = RunOptions("mixed", 3, 9, "many", None, True, 2.5, "portable")
    app = dialog_app(asked, ("processes",))
    async with app.run_test() as pilot:
        await pilot.press("enter")
        assert app.answer == NewRun(asked, requests(asked, ["processes"]))


async def test_escape_closes_it() -> None:
    """Nothing is chosen, whatever field has the focus."""
    for field in ("workload", "workers", "urls", "online", "run"):
        app = dialog_app()
        async with app.run_test() as pilot:
            pilot.app.screen.query_one(f"#{field}").focus()
            await pilot.press("escape")
            assert app.answer is None


async def test_keyboard() -> None:
    """Tab moves through the fields, arrows choose, space ticks, digits are typed, enter runs it."""
    app = dialog_app()
    async with app.run_test() as pilot:
        await pilot.press("down", "down", "down", "tab")  # mixed
        await pilot.press("down", "tab")  # processes
        await pilot.press("3", "tab", "7", "tab")
        await pilot.press("down", "tab", "tab")  # many, and its file as it is
        await pilot.press("space", "tab", "4", ".", "5", "tab", "space", "enter")
        chosen = app.answer
        asked = RunOptions("mixed", 3, 7, "many", None, True, 4.5, "portable")
        assert chosen == NewRun(asked, requests(asked, ["processes"]))


async def test_vim_keys_choose() -> None:
    """J and k work like the arrows."""
    app = dialog_app()
    async with app.run_test() as pilot:
        await pilot.press("j", "j", "k", "enter")
        assert app.answer is not None and app.answer.options.workload == "primes"


async def test_mouse() -> None:
    """A click chooses, ticks, and presses the button; a click on a workload does not run it."""
    app = dialog_app()
    async with app.run_test() as pilot:
        assert await pilot.click("#workload", offset=(5, 3))
        assert await pilot.click("#mode", offset=(5, 3))
        assert await pilot.click("#online", offset=(2, 0))
        await pilot.pause()
        assert app.answers == []
        assert await pilot.click("#run")
        assert app.answer is not None
        assert [request.mode for request in app.answer.requests] == list(MODES)
        assert app.answer.options == RunOptions("mixed", set_name="default", online=True)


async def test_the_button_closes_it() -> None:
    """A click does what escape does."""
    app = dialog_app()
    async with app.run_test() as pilot:
        assert await pilot.click("#leave")
        assert app.answer is None


async def test_several_modes_choose_all() -> None:
    """After a comparison, enter runs a comparison."""
    app = dialog_app(modes=("blocking", "threads", "processes"))
    async with app.run_test() as pilot:
        assert pilot.app.screen.query_one("#mode", Choice).chosen == "all"


async def test_fields_of_no_use_are_disabled() -> None:
    """Primes fetches nothing; when fetch is chosen again, its options are still there."""
    app = dialog_app(RunOptions(set_name="trouble", online=True, timeout_s=3))
    async with app.run_test() as pilot:
        assert disabled(pilot) == set()
        await pilot.press("down")
        assert disabled(pilot) == {"set", "urls", "online", "timeout"}
        assert "primes fetches nothing" in screen(pilot)
        await pilot.press("up")
        assert disabled(pilot) == set()
        await pilot.press("enter")
        chosen = app.answer
        assert chosen is not None and chosen.options == RunOptions(
            set_name="trouble", online=True, timeout_s=3.0
        )


async def test_options_of_no_use_are_kept() -> None:
    """Primes can be run with a set chosen before; the request has none, and the next dialog still has it."""
    app = dialog_app(RunOptions(set_name="many", online=True))
    async with app.run_test() as pilot:
        await pilot.press("down", "enter")
        chosen = app.answer
        assert chosen is not None
        assert chosen.requests == requests(RunOptions("primes"), ["threads"])
        assert chosen.options == RunOptions("primes", set_name="many", online=True)


async def test_a_disabled_field_is_never_wrong() -> None:
    """Neither an invalid timeout nor a missing file keeps primes from running."""
    app = dialog_app(RunOptions(urls=Path("no/such/file")))
    async with app.run_test() as pilot:
        await type_in(pilot, "timeout", "soon")
        pilot.app.screen.query_one("#workload").focus()
        await pilot.press("down", "enter")
        assert app.answer is not None and app.answer.requests == requests(RunOptions("primes"), ["threads"])


async def test_automatic_values_are_shown() -> None:
    """Empty fields show their values, which depend on the workload, the set and the tasks."""
    app = dialog_app()
    async with app.run_test() as pilot:
        workers, tasks = (pilot.app.screen.query_one(f"#{field}", Input) for field in ("workers", "tasks"))
        assert (workers.placeholder, tasks.placeholder) == ("automatic: 6", "automatic: 6")
        pilot.app.screen.query_one("#set").focus()
        await pilot.press("down")
        assert (workers.placeholder, tasks.placeholder) == ("automatic: 32", "automatic: 64")
        await type_in(pilot, "tasks", "5")
        assert workers.placeholder == "automatic: 5"
        await type_in(pilot, "workers", "0")
        await type_in(pilot, "tasks", "6")
        await type_in(pilot, "workers", "")
        assert workers.placeholder == "automatic: 6"
        await type_in(pilot, "tasks", "0")
        assert workers.placeholder == "automatic: ?"


async def test_errors_are_shown_at_their_field() -> None:
    """The sentence is next to the field, enter moves the focus there, and once it is corrected it can be run."""
    app = dialog_app()
    async with app.run_test(size=(120, 40)) as pilot:
        for field, text, words in (
            ("workers", "0", "! is 0: give a number from 1 to 1024"),
            ("workers", "1025", "! is 1025: give a number from 1 to 1024"),
            ("workers", "[b]x", "! is '[b]x': give a whole number, or nothing"),
            ("workers", "9" * 16, "! is 9999999999999999: give a number from 1 to 1024"),
            ("tasks", "-1", "! is -1: give a number from 1 to 100000"),
            ("tasks", "1.5", "! is '1.5': give a whole number, or nothing"),
            ("timeout", "0", "! is 0: give a number of seconds above 0, at most 3600"),
            ("timeout", "nan", "! is nan: give a number of seconds above 0, at most 3600"),
            ("timeout", "soon", "! is 'soon': give a number of seconds, or nothing"),
        ):
            await type_in(pilot, field, text)
            assert next(line for line in screen(pilot).splitlines() if "! " in line).find(words) > 0
            pilot.app.screen.query_one("#mode").focus()
            await pilot.press("enter")
            assert app.answers == []
            assert pilot.app.focused is pilot.app.screen.query_one(f"#{field}")
            await type_in(pilot, field, "")
            assert "! " not in screen(pilot)
        await pilot.press("enter")
        assert app.answer is not None


async def test_a_file_of_sets(tmp_path: Path) -> None:
    """Enter at its path shows its sets, to choose one; the next enter runs it."""
    path = tmp_path / "urls.toml"
    path.write_text(SETS)
    app = dialog_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await type_in(pilot, "urls", str(path))
        await pilot.press("enter")
        assert app.answers == []
        assert "one  1 site, 500 ms in all" in screen(pilot)
        assert "two  3 sites, 2.50 s in all" in screen(pilot)
        await pilot.press("down", "enter")
        asked = RunOptions(set_name="two", urls=path)
        assert app.answer == NewRun(asked, requests(asked, ["threads"]))


async def test_a_file_is_read_when_its_field_loses_focus(tmp_path: Path) -> None:
    """Tab is enough; an empty field stands for the sets of threadviz again."""
    path = tmp_path / "urls.toml"
    path.write_text(SETS)
    app = dialog_app()
    async with app.run_test() as pilot:
        sets = pilot.app.screen.query_one("#set", Choice)
        await type_in(pilot, "urls", str(path))
        assert sets.chosen == "default"
        await pilot.press("tab")
        assert sets.chosen == "one"
        await type_in(pilot, "urls", "")
        await pilot.press("tab")
        assert sets.chosen == "default"


async def test_home_in_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A tilde is the home folder; that of an unknown user is a name like others."""
    (tmp_path / "urls.toml").write_text(SETS)
    monkeypatch.setenv("HOME", str(tmp_path))
    app = dialog_app()
    async with app.run_test(size=(120, 40)) as pilot:
        await type_in(pilot, "urls", "~/urls.toml")
        await pilot.press("enter")
        assert pilot.app.screen.query_one("#set", Choice).chosen == "one"
        await type_in(pilot, "urls", "~no-such-user/x")
        await pilot.press("enter")
        assert "! ~no-such-user/x can't be read" in screen(pilot)


async def test_a_bad_file_is_reported_in_the_dialog(tmp_path: Path) -> None:
    """One sentence below its path, with unchanged names in it; the dialog stays open until it is corrected."""
    path = tmp_path / "[red]x"
    app = dialog_app()
    async with app.run_test(size=(180, 40)) as pilot:
        for content, words in (
            (None, "can't be read (No such file or directory)"),
            ("", "is empty"),
            ("[sets.x", "is not TOML"),
            ('[sets."[bold]x"]\nsites = []', "a set's name has 1 to 64 letters"),
            (
                '[sets.x]\nabout = "\\u001b[31m"\nsites = [{url="http://a", bytes=1, seconds=0}]',
                "control characters",
            ),
            ('[sets.x]\nsites = [{url="ftp://[red]/", bytes=1, seconds=0}]', "this is not a URL"),
        ):
            if content is not None:
                path.write_text(content)
            await type_in(pilot, "urls", str(path))
            await pilot.press("enter")
            assert app.answers == []
            text = " ".join(line.strip(" │") for line in screen(pilot).splitlines())
            assert "[red]x" in text and words in " ".join(text.split())
            assert "\x1b" not in text
            assert "none to choose from" in text
            await pilot.press("enter")
            assert app.answers == []
            assert pilot.app.focused is pilot.app.screen.query_one("#urls")
            path.write_text(SETS)  # it is corrected meanwhile
            await pilot.press("enter")
            assert app.answers == [] and "! " not in screen(pilot)
        await pilot.press("enter")
        assert app.answer is not None and app.answer.options == RunOptions(set_name="one", urls=path)


async def test_a_file_that_is_bad_from_the_start() -> None:
    """One that was deleted since the last time is reported at once."""
    app = dialog_app(RunOptions(urls=Path("no/such/[file]")))
    async with app.run_test(size=(120, 40)) as pilot:
        assert "! no/such/[file] can't be read" in screen(pilot)


async def test_markup_in_a_set_is_text(tmp_path: Path) -> None:
    """What a file says about a set is not interpreted as markup."""
    path = tmp_path / "[red]x"
    path.write_text(SETS)
    app = dialog_app(RunOptions(urls=path, set_name="one"))
    async with app.run_test(size=(120, 40)) as pilot:
        assert "A [bold]bold[/] set of [one]." in screen(pilot)
        await pilot.press("enter")
        assert app.answer is not None and app.answer.options.urls == path


async def test_a_set_that_was_removed(tmp_path: Path) -> None:
    """If the file was changed while the dialog was open, its new sets are shown before one is run."""
    path = tmp_path / "urls.toml"
    path.write_text(SETS)
    app = dialog_app(RunOptions(urls=path, set_name="two"))
    async with app.run_test(size=(120, 40)) as pilot:
        path.write_text(SETS.replace("sets.two", "sets.three"))
        await pilot.press("enter")
        assert app.answers == []
        assert "three  3 sites" in screen(pilot) and "two" not in screen(pilot)
        assert pilot.app.focused is pilot.app.screen.query_one("#set")
        await pilot.press("enter")
        assert app.answer is not None and app.answer.options.set_name == "one"


async def test_a_set_that_was_changed(tmp_path: Path) -> None:
    """The run uses what is in the file then, not when the dialog was opened."""
    path = tmp_path / "urls.toml"
    path.write_text(SETS)
    app = dialog_app(RunOptions(urls=path, set_name="one"))
    async with app.run_test() as pilot:
        path.write_text(SETS.replace("http://a.example/", "http://new.example/"))
        await pilot.press("enter")
        assert app.answer is not None
        assert [site.url for site in app.answer.requests[0].sites] == ["http://new.example/"]


async def test_typing_reads_no_file(tmp_path: Path) -> None:
    """A file is read when it is needed, not at each key."""
    path = tmp_path / "urls.toml"
    path.write_text(SETS)
    app = dialog_app(RunOptions(urls=path, set_name="two"))
    async with app.run_test(size=(120, 40)) as pilot:
        path.unlink()
        await type_in(pilot, "tasks", "2")
        assert pilot.app.screen.query_one("#workers", Input).placeholder == "automatic: 2"
        assert "! " not in screen(pilot)
        await pilot.press("enter")
        assert app.answers == []
        assert "can't be read" in screen(pilot)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_it_fits_on_the_screen(size: tuple[int, int]) -> None:
    """From 80x24 on all of it is visible without scrolling, and no sentence is cut off."""
    app = dialog_app()
    async with app.run_test(size=size) as pilot:
        text = screen(pilot)
        assert pilot.app.screen.query_one(".dialog").max_scroll_y == 0
        assert "Run" in text and "Leave" in text and "…" not in text


async def test_small_terminals_scroll_to_the_field() -> None:
    """The field with the focus is visible."""
    app = dialog_app()
    async with app.run_test(size=(40, 10)) as pilot:
        for _ in range(10):
            await pilot.press("tab")
            await pilot.pause()
            focused = pilot.app.focused
            assert focused is not None
            assert pilot.app.screen.region.overlaps(focused.region)


async def test_ascii() -> None:
    """There are only ASCII characters, and what is chosen and ticked can be seen without colour."""
    app = dialog_app(RunOptions(online=True), ascii_only=True)
    async with app.run_test() as pilot:
        text = screen(pilot)
        assert text.isascii()
        assert "(*) fetch" in text and "( ) primes" in text
        assert "[x] fetch the real" in text and "[ ] portable" in text
        assert pilot.app.screen.query_one("#online", CheckField).value


@pytest.mark.parametrize("asked", [RunOptions(), RunOptions("primes")])
async def test_16_colours(monkeypatch: pytest.MonkeyPatch, asked: RunOptions) -> None:
    """No text has the colour of its background, even if a field is empty or disabled."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLORTERM", "")
    app = dialog_app(asked)
    async with app.run_test(size=(120, 40)) as pilot:
        assert app.console.color_system == "standard"
        hidden = [
            segment.text
            for strip in pilot.app.screen._compositor.render_strips()
            for segment in strip
            if segment.text.strip(" │─╭╮╰╯") and _of_16(segment, "color") == _of_16(segment, "bgcolor")
        ]
        assert "automatic: " in screen(pilot) and hidden == []


def _of_16(segment: Segment, layer: str) -> Color:
    colour = getattr(segment.style, layer)
    assert isinstance(colour, Color)
    return colour.downgrade(ColorSystem.STANDARD)


async def test_the_mark_follows_the_choice() -> None:
    """What is chosen can be seen without colour."""
    app = dialog_app()
    async with app.run_test() as pilot:
        await pilot.press("down")
        await pilot.pause()
        assert "● primes" in screen(pilot) and "○ fetch" in screen(pilot)


def shown_fields(pilot: Pilot[None]) -> set[str]:
    """Return the fields that are shown."""
    fields = ("call", "items", "repeat", "workers", "tasks", "set", "urls", "online", "timeout", "portable")
    return {field for field in fields if pilot.app.screen.query_one(f"#{field}").region.area}


async def test_a_user_function(tmp_path: Path) -> None:
    """It has other fields than a workload; all of them can be used by keyboard."""
    (tmp_path / "items").write_text("one\ntwo\nthree\n")
    app = dialog_app()
    async with app.run_test() as pilot:
        assert shown_fields(pilot) == {"workers", "tasks", "set", "urls", "online", "timeout", "portable"}
        await pilot.press("end", "tab", "down", "tab")  # call, processes
        assert shown_fields(pilot) == {"call", "items", "repeat", "workers", "portable"}
        await pilot.press(*"a.b", "colon", *"f", "tab")
        pilot.app.screen.query_one("#items").post_message(Paste(str(tmp_path / "items")))
        await pilot.press("tab", "tab", "3", "enter")
        asked = RunOptions(OWN, 3, set_name="default", call="a.b:f", items=tmp_path / "items")
        assert app.answer == NewRun(asked, requests(fitting(asked), ["processes"]))
        assert app.answer.requests[0].calling is not None
        assert [item.name for item in app.answer.requests[0].calling.items] == ["one", "two", "three"]


async def test_enter_runs_the_last_user_function_again(tmp_path: Path) -> None:
    """With what is in the file by then."""
    path = tmp_path / "items"
    path.write_text("one\n")
    app = dialog_app(RunOptions(OWN, call="a:f", items=path))
    async with app.run_test() as pilot:
        path.write_text("two\n")
        await pilot.press("enter")
        assert app.answer is not None and app.answer.requests[0].calling is not None
        assert [item.args for item in app.answer.requests[0].calling.items] == [("two",)]


async def test_a_user_function_may_be_repeated() -> None:
    """It needs no items then; the automatic number of workers is shown."""
    app = dialog_app(RunOptions(OWN, call="a:f"), ("blocking", "threads", "processes"))
    async with app.run_test() as pilot:
        await type_in(pilot, "repeat", "2")
        assert pilot.app.screen.query_one("#workers", Input).placeholder == "automatic: 2"
        await pilot.press("enter")
        assert app.answer is not None
        assert [request.mode for request in app.answer.requests] == list(MODES)
        assert app.answer.options.repeat == 2


async def test_empty_fields_are_no_error_before_enter() -> None:
    """Only enter reports an empty field, and moves the focus there."""
    app = dialog_app(RunOptions(OWN))
    async with app.run_test() as pilot:
        assert "! " not in screen(pilot)
        for field in ("call", "items"):
            await pilot.press("enter")
            assert app.answers == []
            assert pilot.app.focused is pilot.app.screen.query_one(f"#{field}")
            assert "! is not given: " in screen(pilot)
            await type_in(pilot, field, "a:f")


async def test_errors_of_a_user_function_are_shown_at_their_field() -> None:
    """The dialog stays open until they are corrected; they do not matter for a workload."""
    correct = {"call": "a:f", "items": "", "repeat": ""}
    wrong = {"call": "[red]x", "items": "no/such/[file]", "repeat": "often"}
    app = dialog_app(RunOptions(OWN, call=correct["call"]))
    async with app.run_test(size=(120, 40)) as pilot:
        for field, text, words in (
            ("call", wrong["call"], "! is '[red]x': give package.module:function, such as json:loads"),
            (
                "items",
                wrong["items"],
                "! is 'no/such/[file]', which can't be read (No such file or directory)",
            ),
            (
                "items",
                "-",
                "! is '-', standard input, which here is the keyboard: give the path of a file",
            ),
            ("repeat", "0", "! is 0: give a number from 1 to 100000"),
            ("repeat", wrong["repeat"], "! is 'often': give a whole number, or nothing"),
        ):
            await type_in(pilot, field, text)
            await pilot.press("enter")
            assert app.answers == [] and words in screen(pilot)
            assert pilot.app.focused is pilot.app.screen.query_one(f"#{field}")
            await type_in(pilot, field, correct[field])
        for field, text in wrong.items():
            await type_in(pilot, field, text)
        pilot.app.screen.query_one("#workload").focus()
        await pilot.press("up", "enter")
        assert app.answer is not None and app.answer.requests == requests(RunOptions("mixed"), ["threads"])


async def test_a_file_of_items_is_read_when_its_field_loses_focus(tmp_path: Path) -> None:
    """Not at each key; an error in it is reported with its line."""
    path = tmp_path / "items.jsonl"
    path.write_text("[1]\nnix\n")
    app = dialog_app(RunOptions(OWN, call="a:f"))
    async with app.run_test(size=(120, 40)) as pilot:
        await type_in(pilot, "items", str(path))
        assert "! " not in screen(pilot)
        await pilot.press("tab")
        assert "! has no JSON in line 2 of" in screen(pilot)
        path.write_text("[1]\n")
        pilot.app.screen.query_one("#items").focus()
        await pilot.press("tab")
        assert "! " not in screen(pilot)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_user_function_fits_on_the_screen(size: tuple[int, int]) -> None:
    """All of it is visible without scrolling, even with an error in it."""
    app = dialog_app(RunOptions(OWN, items=Path("x")), ("blocking", "threads", "processes"))
    async with app.run_test(size=size) as pilot:
        await pilot.press("enter")
        text = screen(pilot)
        assert pilot.app.screen.query_one(".dialog").max_scroll_y == 0
        assert "! " in text and "Run" in text and "Leave" in text and "…" not in text
