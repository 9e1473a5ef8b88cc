from tests.tui.recorded import NS_PER_MS
from tests.tui.scene.watched import Watched, looked_at
from tests.tui.widgets.showing import Showing
from threadviz.tui.drawing.columns import Columns
from threadviz.tui.scene import Scene
from threadviz.tui.widgets.axis_line import AxisLine


async def axis(scene: Scene, width: int, *, plain: bool = True) -> str:
    """The line, above lanes that are `width` wide, as the camera knows."""
    line = AxisLine(scene, plain=plain)
    names = [row.lane.name for row in scene.rows if row.lane is not None]
    scene.camera.resize(Columns.of(width - 1, names).cells)
    scene.advance(0)
    async with Showing(line).run_test(size=(width, 1)) as pilot:
        line.refresh_scene()
        await pilot.pause()
        return line.render_line(0).text


async def test_ticks_stand_where_their_moments_are() -> None:
    """Each with a line at its cell, the last with the unit; and the columns have headings."""
    scene = looked_at(Watched("primes-threads"))
    text = await axis(scene, 100)
    left = Columns.of(99, ["event loop"]).left
    assert text.split()[:2] == ["lane", "mostly"]
    for ms in (0, 100, 200, 500):
        assert text[left + scene.camera.cell(ms * NS_PER_MS) :].startswith(f"|{ms}")
    assert " ms" in text
    assert text.rstrip().endswith("run  wait")


async def test_an_axis_may_begin_anywhere() -> None:
    """When the picture has moved."""
    scene = looked_at(Watched("primes-threads"))
    await axis(scene, 80)
    scene.camera.zoom(3, 300 * NS_PER_MS)
    text = await axis(scene, 80)
    assert "|0" not in text
    left = Columns.of(79, ["event loop"]).left
    assert text[left + scene.camera.cell(300 * NS_PER_MS) :].startswith("|300")


async def test_the_cursor_says_its_time() -> None:
    """At its cell; right of it where there is room, else left."""
    scene = looked_at(Watched("primes-threads"))
    left = Columns.of(79, ["event loop"]).left
    for ms in (100, 590):
        await axis(scene, 80)
        scene.put_cursor(ms * NS_PER_MS)
        text = await axis(scene, 80)
        at = left + scene.camera.cell(scene.cursor or 0)
        assert text[at] == "v"
        assert text[at:].startswith(f"v{ms} ms ") or text[:at].endswith(f" {ms} ms")
        assert f" at {ms} ms " in text


async def test_it_is_as_wide_as_the_lanes() -> None:
    """At any width, without the room for their scroll bar."""
    for width in (2, 20, 80, 200):
        assert len(await axis(looked_at(Watched("fetch-threads")), width)) == width - 1


async def test_it_is_ascii_where_that_is_asked_for() -> None:
    """And else it is not."""
    assert (await axis(looked_at(Watched("fetch-threads")), 80)).isascii()
    assert "▏0" in await axis(looked_at(Watched("fetch-threads")), 80, plain=False)
