import pytest
from rich.cells import cell_len

from threadviz.tui.render.labels import fit_name


@pytest.mark.parametrize("name", ["ThreadPoolExecutor-0_13", "日本日本日本日本日本-1", "a\x1bb" * 9, "short"])
@pytest.mark.parametrize("width", [3, 6, 8, 12, 16, 40])
def test_names_are_as_wide_as_their_room(name: str, width: int) -> None:
    """Whatever they are made of."""
    for plain in (False, True):
        assert cell_len(fit_name(name, width, plain)) == width


def test_the_end_of_a_name_is_kept() -> None:
    """For there the threads of a pool differ."""
    names = {fit_name(f"ThreadPoolExecutor-0_{number}", 16, ascii_only=False) for number in range(30)}
    assert len(names) == 30
    assert fit_name("ThreadPoolExecutor-0_3", 16, ascii_only=False) == "ThreadPoo…or-0_3"
