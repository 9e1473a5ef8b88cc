import io
import json
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadviz.workloads import items as items_file
from threadviz.workloads.items import MAX_NAME, STDIN, ItemsError, read_items, repeated

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def items(
    folder: Path, text: str, name: str = "items.txt"
) -> list[tuple[tuple[object, ...], dict[str, object]]]:
    """The arguments and the keywords in a file with that text."""
    path = folder / name
    path.write_bytes(text.encode())
    return [(each.args, each.keywords) for each in read_items(path, 100)]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for files that overwrite each other."""
    return tmp_path_factory.mktemp("items")


def test_a_line_is_a_text(tmp_path: Path) -> None:
    """As it stands, without its newline, whichever one; lines of nothing but white space are none."""
    lines = "http://a.example/\r\n\n  two words \n \t\n7\n{no JSON\n"
    found = items(tmp_path, lines)
    assert found == [((text,), {}) for text in ("http://a.example/", "  two words ", "7", "{no JSON")]


@pytest.mark.parametrize("name", ["items.txt", "items", "items.jsonl", "items.NDJSON"])
def test_arrays_and_objects_are_arguments(tmp_path: Path, name: str) -> None:
    """Where all lines are such, whatever the file is called: by their order, or by their names."""
    found = items(tmp_path, '["a", 2]\n\n{"b": [1], "c": null}\n[]\n', name)
    assert found == [(("a", 2), {}), ((), {"b": [1], "c": None}), ((), {})]


@pytest.mark.parametrize("name", ["items.jsonl", "items.ndjson"])
def test_json_lines_may_have_any_value(tmp_path: Path, name: str) -> None:
    """What is neither an array nor an object is the one argument; numbers may be large."""
    found = items(tmp_path, f'5\n"a\\nb"\ntrue\n{10**30}\n', name)
    assert found == [((value,), {}) for value in (5, "a\nb", True, 10**30)]


def test_one_line_that_is_no_json_makes_all_of_them_texts(tmp_path: Path) -> None:
    """In a file of any other name: no line is taken for something else than its neighbours."""
    assert items(tmp_path, "[1]\n[x]\n") == [(("[1]",), {}), (("[x]",), {})]
    assert items(tmp_path, "[1]\n2\n") == [(("[1]",), {}), (("2",), {})]


@given(st.lists(st.lists(JSON) | st.dictionaries(st.text(), JSON), min_size=1, max_size=5))
def test_what_json_says_comes_through(place: Path, values: list[object]) -> None:
    """Values come out as they went in."""
    text = "".join(f"{json.dumps(value)}\n" for value in values)
    found = items(place, text, "items.jsonl")
    assert [
        list(args) if isinstance(value, list) else keywords
        for value, (args, keywords) in zip(values, found, strict=True)
    ] == values


def test_names_are_the_lines(tmp_path: Path) -> None:
    """Cut where they are long, and no two alike."""
    path = tmp_path / "items"
    path.write_text(f"one\n one\n{'x' * 500}\n")
    assert [each.name for each in read_items(path, 9)] == ["one", "one #2", "x" * MAX_NAME]
    assert [each.name for each in repeated("f", 2)] == ["f 1", "f 2"]


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dash stands for it, also with a byte order mark."""
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"\xef\xbb\xbfone\ntwo")))
    assert [each.args for each in read_items(STDIN, 2)] == [("one",), ("two",)]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (None, "is {path!r}, which can't be read (No such file or directory): give the path of a file"),
        (b"", "has no lines in {path!r}: give one item a line"),
        (b"\n \n", "has no lines in {path!r}: give one item a line"),
        (b"1\n2\n3\n4\n", "has 4 lines in {path!r}: give at most 3"),
        (b"1\n\n\xff\n", "has no UTF-8 in line 3 of {path!r}: save it as UTF-8"),
        (b'1\n\n{"a": 1\n', "has no JSON in line 3 of {path!r}: write the arguments as a JSON array, "),
        (b"NaN\n", "has no JSON in line 1 of {path!r}: "),
        (b"1 2\n", "has no JSON in line 1 of {path!r}: "),
        (b'"\\ud800"\n', "has no JSON in line 1 of {path!r}: "),
        (b"[" * 200 + b"]" * 200, "has too much in each other in line 1 of {path!r}: nest at most 100 deep"),
        (b"[" * 20_000 + b"]" * 20_000, "has too much in each other in line 1 of {path!r}: nest at most"),
    ],
)
def test_an_error_has_its_line(tmp_path: Path, content: bytes | None, words: str) -> None:
    """And with what to do."""
    path = tmp_path / "items.jsonl"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ItemsError) as raised:
        read_items(path, 3)
    assert str(raised.value).startswith(words.format(path=str(path)))


def test_a_file_may_be_so_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And no larger; of a folder, and of a name that can't be, the error is that they can't be read."""
    monkeypatch.setattr(items_file, "MAX_BYTES", 2**20)
    path = tmp_path / "items"
    path.write_bytes(b"x" * 2**20)
    assert len(read_items(path, 1)) == 1
    path.write_bytes(b"x" * (2**20 + 1))
    with pytest.raises(ItemsError, match="of more than 1 MB: give a smaller file"):
        read_items(path, 1)
    for wrong in (tmp_path, Path("a\0b")):
        with pytest.raises(ItemsError, match="which can't be read"):
            read_items(wrong, 1)
