import os
from pathlib import Path

import pytest

from threadviz.observer.targets import workload
from threadviz.observer.targets.workload import OutputFile


def test_the_last_line_that_is_not_blank(tmp_path: Path) -> None:
    """Whatever follows it and whatever it is made of; '' where there is none."""
    file = OutputFile(tmp_path / "output")
    assert file.last_line() == ""
    os.write(file.descriptor, b"first\n last \xff \n\n  \n")
    assert file.last_line() == "last \ufffd"
    os.write(file.descriptor, b"x" * 10_000)
    assert file.last_line() == "x" * 4096
    os.close(file.descriptor)


def test_a_long_file_is_cut_while_writers_go_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The end is kept, and writers that have the file open append to it."""
    monkeypatch.setattr(workload, "MAX_OUTPUT", 1000)
    monkeypatch.setattr(workload, "KEPT_OUTPUT", 10)
    path = tmp_path / "output"
    path.write_bytes(b"kept by somebody\n")
    file = OutputFile(path)
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
