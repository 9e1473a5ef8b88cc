from datetime import datetime
from pathlib import Path

import pytest

from threadviz.tui.save import write_svg

NOW = datetime(2026, 11, 22, 12, 30, 5)


def test_a_picture_is_saved_under_a_name_of_its_own(tmp_path: Path) -> None:
    """Pictures of the same second have different names, each is complete, and no other file is left."""
    paths = [write_svg(f"<svg>{number}</svg>", tmp_path, NOW) for number in range(3)]
    assert [path.name for path in paths] == [
        "threadviz-20261122-123005.svg",
        "threadviz-20261122-123005-2.svg",
        "threadviz-20261122-123005-3.svg",
    ]
    assert [path.read_text() for path in paths] == ["<svg>0</svg>", "<svg>1</svg>", "<svg>2</svg>"]
    assert sorted(tmp_path.iterdir()) == sorted(paths)


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """It raises the system's error, which the caller reports."""
    with pytest.raises(OSError, match="No such file"):
        write_svg("<svg/>", tmp_path / "gone", NOW)
