import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadviz.workloads.user_function import FRAMES, last_lines, user_traceback


def raised(code: str, path: str = "mine.py") -> BaseException:
    """What a module of that code raises."""
    names = {"__name__": "mine"}
    try:
        exec(compile(code, path, "exec"), names)
    except Exception as error:  # noqa: BLE001 - it is what the tests are about
        return error
    raise AssertionError


def test_only_the_users_frames() -> None:
    """What leads there is left out, and without any frames of the user there is no traceback."""
    error = raised("def f():\n    raise ValueError('no')\nf()")
    assert user_traceback(error, [__name__]) == [
        "Traceback (most recent call last):",
        '  File "mine.py", line 3, in <module>',
        '  File "mine.py", line 2, in f',
        "ValueError: no",
    ]
    assert user_traceback(error, [__name__, "mine"]) == []


def test_the_same_place_again() -> None:
    """Only the message is another, also where it has notes."""
    code = compile(
        "def f(x):\n    error = ValueError(x)\n    error.add_note(x)\n    raise error", "mine.py", "exec"
    )
    names = {"__name__": "mine"}
    exec(code, names)
    expected = []
    for text in ("one", "two"):
        try:
            names["f"](text)  # type: ignore[operator]
        except ValueError as error:
            expected.append(user_traceback(error, [__name__]))
    assert (
        expected[0][:2]
        == expected[1][:2]
        == ["Traceback (most recent call last):", '  File "mine.py", line 4, in f']
    )
    assert [lines[2:] for lines in expected] == [["ValueError: one", "one"], ["ValueError: two", "two"]]


def test_what_led_to_it() -> None:
    """Errors that came before, and those of a group."""
    chained = user_traceback(
        raised("try:\n    1 / 0\nexcept ZeroDivisionError as e:\n    raise KeyError from e"), [__name__]
    )
    assert "ZeroDivisionError: division by zero" in chained and chained[-1] == "KeyError"
    group = user_traceback(raised("raise ExceptionGroup('g', [ValueError('one')])"), [__name__])
    assert "    | ValueError: one" in group


def test_only_the_last_frames() -> None:
    """However deep it went."""
    lines = user_traceback(raised("def f():\n    f()\nf()"), [__name__])
    assert len(lines) < 2 * FRAMES
    assert lines[-1].startswith("RecursionError")


def test_paths_are_relative_to_sys_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that neither the folders of a machine nor the names of its users are shown; the deepest folder counts."""
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), str(tmp_path / "inner")])
    for path, expected in (
        (tmp_path / "package" / "mine.py", "package/mine.py"),
        (tmp_path / "inner" / "mine.py", "mine.py"),
        (Path("/elsewhere/somebody/mine.py"), "mine.py"),
    ):
        assert f'  File "{expected}", line 1, in <module>' in user_traceback(
            raised("1/0", str(path)), [__name__]
        )


def test_an_error_without_a_text() -> None:
    """It does no harm."""
    error = raised("class E(Exception):\n    def __str__(self): raise ValueError\nraise E")
    assert user_traceback(error, [__name__])[-1] == "mine.E: <exception str() failed>"


@given(st.lists(st.text(st.characters(codec="ascii", exclude_categories=["C"]))), st.integers(0, 200))
def test_the_last_lines(lines: list[str], room: int) -> None:
    """As many whole lines as fit, and how many were left out."""
    shown = last_lines(lines, room).split("\n")
    whole = len(json.dumps("\n".join(lines))) - 2 <= room - 2 * bool(lines)
    if whole:
        assert shown == (lines or [""])
    else:
        kept = shown[1:] if shown != [""] else []
        assert kept == lines[len(lines) - len(kept) :]
        assert len(json.dumps("\n".join(shown))) <= room + 2
        assert not kept or shown[0] == f"  ({len(lines) - len(kept)} more lines)"
