from datetime import datetime
from pathlib import Path

import pytest

from threadviz.tui.save import save_picture

NOW = datetime(2026, 11, 22, 12, 30, 5)


def test_a_picture_is_saved_under_a_name_of_its_own(tmp_path: Path) -> None:
    """Pictures of the same second stand beside each other, each whole, and nothing else is left in the folder."""
    paths = [save_picture(f"<svg>{number}</svg>", tmp_path, NOW) for number in range(3)]
    assert [path.name for path in paths] == [
        "threadviz-20261122-123005.svg",
        "threadviz-20261122-123005-2.svg",
        "threadviz-20261122-123005-3.svg",
    ]
    assert [path.read_text() for path in paths] == ["<svg>0</svg>", "<svg>1</svg>", "<svg>2</svg>"]
    assert sorted(tmp_path.iterdir()) == sorted(paths)


def test_where_nothing_can_be_written_it_says_so(tmp_path: Path) -> None:
    """The error is the system's, for the caller to put into words."""
    with pytest.raises(OSError, match="No such file"):
        save_picture("<svg/>", tmp_path / "gone", NOW)
