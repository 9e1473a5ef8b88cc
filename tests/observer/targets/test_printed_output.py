import os
from pathlib import Path

import pytest

from threadviz.observer.targets import workload as printed
from threadviz.observer.targets.workload import PrintedFile


def test_the_last_line_that_says_anything(tmp_path: Path) -> None:
    """Whatever stands after it, and whatever it is made of; of nothing there is none."""
    file = PrintedFile(tmp_path / "printed")
    assert file.last_line() == ""
    os.write(file.descriptor, b"first\n last \xff \n\n  \n")
    assert file.last_line() == "last \ufffd"
    os.write(file.descriptor, b"x" * 10_000)
    assert file.last_line() == "x" * 4096
    os.close(file.descriptor)


def test_much_is_cut_and_writers_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The end is kept; who has the file open writes after it, as before."""
    monkeypatch.setattr(printed, "MAX_BYTES", 1000)
    monkeypatch.setattr(printed, "KEPT_BYTES", 10)
    path = tmp_path / "printed"
    path.write_bytes(b"kept by somebody\n")
    file = PrintedFile(path)
    writer = os.dup(file.descriptor)
    os.write(writer, b"x" * 983)
    file.cut()
    assert path.stat().st_size == 1000
    os.write(writer, b"yz")
    file.cut()
    os.write(writer, b"!")
    assert path.read_bytes() == b"xxxxxxxxyz!"
    os.close(writer)
    os.close(file.descriptor)
