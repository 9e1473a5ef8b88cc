import asyncio

from tests.tui.recorded import run
from threadviz.tui.app import ThreadvizApp
from threadviz.tui.runs import Sitting
from threadviz.tui.view import Motion
from threadviz.tui.view.view import HOLD_NS


async def test_on_a_wall_the_run_is_shown_again_and_again() -> None:
    """When its end was on the screen for a while it begins anew, by the app's own clock."""
    now = 0
    sitting = Sitting()
    sitting.add([run("fetch-threads")])
    app = ThreadvizApp(sitting, loop=True, clock=lambda: now)
    async with app.run_test(size=(80, 24)) as pilot:
        scene = app.main.scene
        await pilot.pause()
        assert scene.present == scene.length
        now = HOLD_NS
        async with asyncio.timeout(20):
            while scene.playhead.motion is not Motion.REPLAYING:
                await pilot.pause()
            now += scene.length
            while scene.present != scene.length:
                await pilot.pause()
        assert scene.present == scene.length
