import asyncio

from tests.tui.recorded import run
from threadviz.tui.app import ThreadvizApp
from threadviz.tui.runs import Session
from threadviz.tui.view.view import HOLD_NS
from threadviz.tui.view.viewport import Motion


async def test_a_loop_replays_the_run_again_and_again() -> None:
    """It starts again when its end was shown for a while, by the app's clock."""
    now = 0
    session = Session()
    session.add([run("fetch-threads")])
    app = ThreadvizApp(session, loop=True, clock=lambda: now)
    async with app.run_test(size=(80, 24)) as pilot:
        view = app.main.view
        await pilot.pause()
        assert view.present == view.length
        now = HOLD_NS
        async with asyncio.timeout(20):
            while view.playhead.motion is not Motion.REPLAYING:
                await pilot.pause()
            now += view.length
            while view.present != view.length:
                await pilot.pause()
        assert view.present == view.length
