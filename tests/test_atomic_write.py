from pathlib import Path

import pytest

from threadviz.atomic_write import finish, unfinished


def test_a_file_is_there_when_it_is_whole(tmp_path: Path) -> None:
    """Until then it has a passing name, of which nothing is left."""
    path = tmp_path / "whole.txt"
    with unfinished(path) as part:
        part.write_text("text")
        assert not path.exists()
        finish(part, path)
        assert path.read_text() == "text"
    assert [*tmp_path.iterdir()] == [path]


@pytest.mark.parametrize("text", [None, "half"])
def test_what_was_not_finished_is_gone(tmp_path: Path, text: str | None) -> None:
    """Whether or not anything was written."""
    with unfinished(tmp_path / "whole.txt") as part:
        if text is not None:
            part.write_text(text)
    assert not [*tmp_path.iterdir()]


def test_what_failed_is_gone(tmp_path: Path) -> None:
    """And the failure is the caller's."""

    def fail(part: Path) -> None:
        part.write_text("half")
        raise RuntimeError

    with pytest.raises(RuntimeError), unfinished(tmp_path / "whole.txt") as part:
        fail(part)
    assert not [*tmp_path.iterdir()]


def test_nothing_is_replaced_unless_it_is_said(tmp_path: Path) -> None:
    """What is there stays, and is whole all the time."""
    path = tmp_path / "whole.txt"
    path.write_text("old")
    with unfinished(path) as part:
        part.write_text("new")
        with pytest.raises(FileExistsError):
            finish(part, path)
        assert path.read_text() == "old"
        finish(part, path, replace=True)
        assert path.read_text() == "new"
    assert [*tmp_path.iterdir()] == [path]
