import asyncio
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets._footer import FooterKey

from tests.protocol.events import read_events
from tests.tui.recorded import DATA, NS_PER_MS, app, run
from threadviz.protocol.events import AnyEvent, ObserverTick
from threadviz.protocol.requests import ExecRequest
from threadviz.recordings.reader import load
from threadviz.run_options import RunOptions, requests
from threadviz.tui.app import ThreadvizApp
from threadviz.tui.commands import COMMANDS
from threadviz.tui.runs import Run, Session
from threadviz.tui.runs.terminal import TerminalText
from threadviz.tui.screens.main import IDLE_REFRESH_FRAMES, MainScreen
from threadviz.tui.view.view import View
from threadviz.tui.view.viewport import Motion
from threadviz.tui.widgets.code import CodePanel
from threadviz.tui.widgets.comparison import ComparisonPanel
from threadviz.tui.widgets.details import DetailsPanel
from threadviz.tui.widgets.findings import FindingsPanel
from threadviz.tui.widgets.output import OutputPanel
from threadviz.tui.widgets.tasks import TaskTable

SIZE = (120, 40)


def main_screen(pilot: Pilot[None]) -> MainScreen:
    """Return the main screen."""
    screen = pilot.app.screen_stack[0]
    assert isinstance(screen, MainScreen)
    return screen


async def press(pilot: Pilot[None], *keys: str) -> View:
    """Press these keys, and return the view."""
    await pilot.press(*keys)
    return main_screen(pilot).view


async def test_a_finished_run_is_seen_whole() -> None:
    """From its begin to its end, with nothing picked, and the findings where there is room."""
    async with app(run("fetch-threads")).run_test(size=SIZE) as pilot:
        view = await press(pilot)
        assert (view.viewport.left, view.cursor, view.selected_row) == (0, None, None)
        assert view.viewport.right >= view.length > view.viewport.right - view.viewport.cell_ns * 2
        assert pilot.app.screen.query_one(FindingsPanel).display


async def test_space_freezes_what_grows() -> None:
    """The present stands still and nothing gets lost: after another space it is the latest moment again."""
    growing = run("fetch-threads", until_ms=60)
    async with app(growing).run_test(size=SIZE) as pilot:
        view = await press(pilot, "space")
        frozen = view.present
        growing.timeline.extend([*rest_of_events(until_ms=60)])
        main_screen(pilot).show_frame(10 * NS_PER_MS)
        assert (view.present, view.playhead.motion) == (frozen, Motion.FROZEN)
        assert view.length > frozen
        await press(pilot, "space")
        assert view.present == view.length == run("fetch-threads").timeline.totals().total_ns


def rest_of_events(until_ms: int) -> list[AnyEvent]:
    """Return the events of the recording after those of `run("fetch-threads", until_ms)`."""
    with (DATA / "fetch-threads.jsonl").open("rb") as source:
        events = list(read_events(source))
    ends = (
        i
        for i, event in enumerate(events)
        if isinstance(event, ObserverTick) and event.t >= until_ms * NS_PER_MS
    )
    return events[next(ends) + 1 :]


@pytest.mark.parametrize(("left", "right"), [("left", "right"), ("h", "l")])
async def test_the_cursor_moves_in_time(left: str, right: str) -> None:
    """Cell by cell, from the present on; it freezes a run that grows."""
    async with app(run("fetch-threads", until_ms=60)).run_test(size=SIZE) as pilot:
        view = await press(pilot, left)
        assert view.playhead.motion is Motion.FROZEN
        at_present = view.cursor
        await press(pilot, left, left)
        assert view.cursor is not None
        assert at_present is not None
        assert view.viewport.cell(at_present) - view.viewport.cell(view.cursor) == 2
        await press(pilot, right)
        assert view.viewport.cell(at_present) - view.viewport.cell(view.cursor) == 1


async def test_the_cursor_leaps_and_jumps() -> None:
    """By ten cells with shift; to the start and to the end."""
    async with app(run("fetch-threads")).run_test(size=SIZE) as pilot:
        view = await press(pilot, "home")
        assert view.cursor == 0
        await press(pilot, "shift+right")
        assert view.cursor is not None
        assert view.viewport.cell(view.cursor) == 10
        await press(pilot, "L", "H", "shift+left")
        assert view.viewport.cell(view.cursor) == 0
        await press(pilot, "end")
        assert view.cursor == view.length


async def test_zooming_keeps_the_cursor_in_its_place() -> None:
    """In and out, and back to the whole run."""
    async with app(run("primes-threads")).run_test(size=SIZE) as pilot:
        view = await press(pilot, "home", "shift+right", "shift+right")
        assert view.cursor is not None
        whole, column = view.viewport.cell_ns, view.viewport.cell(view.cursor)
        await press(pilot, "plus", "equals_sign")
        assert view.viewport.cell_ns == whole // 2 // 2
        assert view.viewport.cell(view.cursor) == column
        await press(pilot, "minus")
        assert view.viewport.cell_ns == whole // 2 // 2 * 2
        await press(pilot, "0")
        assert (view.viewport.left, view.viewport.cell_ns) == (0, whole)


async def test_follow_resets_the_viewport() -> None:
    """It drops the cursor, unfreezes and resets the zoom."""
    async with app(run("fetch-threads", until_ms=60)).run_test(size=SIZE) as pilot:
        view = await press(pilot, "left", "left", "plus", "f")
        assert (view.cursor, view.playhead.motion, view.viewport.fitted) == (None, Motion.FOLLOWING, True)


@pytest.mark.parametrize(("up", "down"), [("up", "down"), ("k", "j")])
async def test_lanes_are_selected_from_the_top(up: str, down: str) -> None:
    """The event loop's lane is the first; the selection stops at the last one."""
    async with app(run("fetch-threads")).run_test(size=SIZE) as pilot:
        view = await press(pilot, down)
        assert view.selected_row == view.rows[0]
        await press(pilot, down, down, up)
        assert view.selected_row == view.rows[1]
        await press(pilot, *[down] * 20)
        assert view.selected_row == view.rows[-1]


async def test_plumbing_is_toggled() -> None:
    """It is shown, and hidden again."""
    async with app(run("primes-processes")).run_test(size=SIZE) as pilot:
        view = await press(pilot)
        without = view.rows
        await press(pilot, "p")
        assert set(without) < set(view.rows)
        await press(pilot, "p")
        assert view.rows == without


@pytest.mark.parametrize(
    ("key", "panel"),
    [("t", TaskTable), ("i", FindingsPanel), ("d", DetailsPanel), ("enter", DetailsPanel), ("c", CodePanel)],
)
@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
async def test_panels_open_and_close(
    key: str, panel: type[TaskTable | FindingsPanel | DetailsPanel | CodePanel], size: tuple[int, int]
) -> None:
    """By their key, and by escape."""
    async with app(run("fetch-threads")).run_test(size=size) as pilot:
        await pilot.pause()
        widget = main_screen(pilot).query_one(panel)
        before = widget.display
        await pilot.press(key)
        assert widget.display is not before
        await pilot.press(key)
        assert widget.display is before
        if not before:
            await pilot.press(key)
            assert widget.display
            await pilot.press("escape")
            assert not widget.display


async def test_escape_steps_back() -> None:
    """It closes the panel, then drops the cursor, then deselects the lane."""
    async with app(run("fetch-threads")).run_test(size=(80, 24)) as pilot:
        view = await press(pilot, "down", "left", "t")
        tasks = main_screen(pilot).query_one(TaskTable)
        await pilot.press("escape")
        assert not tasks.display and view.cursor is not None and view.selected_row is not None
        await pilot.press("escape")
        assert view.cursor is None and view.selected_row is not None
        await pilot.press("escape")
        assert view.selected_row is None


async def test_tasks_are_selected_with_their_lanes() -> None:
    """The table of tasks opens; the lane is that of the task."""
    async with app(run("fetch-threads")).run_test(size=SIZE) as pilot:
        view = await press(pilot, "shift+down")
        assert main_screen(pilot).query_one(TaskTable).display
        first = view.selected_task
        assert first is not None
        await press(pilot, "J")
        picked, lane = view.selected_task, view.selected_row
        assert picked is not None and lane is not None
        assert picked != first
        assert lane.lane is picked[1].lane
        await press(pilot, "K")
        assert view.selected_task == first


async def test_tasks_are_sorted_by_each_column() -> None:
    """One after the other, and then by the first again."""
    async with app(run("fetch-threads")).run_test(size=SIZE) as pilot:
        tasks = main_screen(pilot).query_one(TaskTable)
        orders = [tasks.sort]
        while True:
            await pilot.press("O")
            if tasks.sort is orders[0]:
                break
            assert tasks.sort not in orders
            orders.append(tasks.sort)
        assert len(orders) > 1


async def test_the_speed_of_a_replay() -> None:
    """From the cursor on, faster and slower, to the end of the run."""
    async with app(run("fetch-threads")).run_test(size=SIZE) as pilot:
        view = await press(pilot, "home", "y")
        main = main_screen(pilot)
        main.show_frame(10 * NS_PER_MS)
        assert view.present == 10 * NS_PER_MS
        await pilot.press("comma")
        main.show_frame(10 * NS_PER_MS)
        assert view.present == 15 * NS_PER_MS
        await pilot.press("full_stop", "full_stop")
        main.show_frame(10 * NS_PER_MS)
        assert view.present == 35 * NS_PER_MS
        await pilot.press("space")
        main.show_frame(10 * NS_PER_MS)
        assert view.present == 35 * NS_PER_MS
        await pilot.press("space")
        main.show_frame(10_000 * NS_PER_MS)
        assert (view.present, view.playhead.motion) == (view.length, Motion.FOLLOWING)


async def test_several_runs_are_compared_on_one_axis() -> None:
    """Each has a group header and its lanes, and the verdict is open at any size."""
    async with app(run("primes-threads"), run("primes-processes")).run_test(size=(80, 24)) as pilot:
        view = await press(pilot)
        headings = [row for row in view.rows if row.lane is None]
        assert [row.run for row in headings] == list(view.runs)
        assert view.length == max(each.timeline.totals().total_ns for each in view.runs)
        assert main_screen(pilot).query_one(ComparisonPanel).display


async def test_a_recording_cannot_be_run_again() -> None:
    """A notification says so, and nothing starts."""
    async with app(run("fetch-threads")).run_test(size=SIZE) as pilot:
        await pilot.press("r", "m")
        assert [notice.severity for notice in pilot.app._notifications] == ["warning", "warning"]
        assert not main_screen(pilot).runs.running


async def test_a_picture_is_saved_in_the_current_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is an SVG of the screen; the notification has its name."""
    monkeypatch.chdir(tmp_path)
    async with app(run("fetch-threads")).run_test(size=SIZE) as pilot:
        await pilot.pause()
        await pilot.press("s")
        (saved,) = await asyncio.to_thread(lambda: list(tmp_path.iterdir()))
        (notice,) = pilot.app._notifications
        assert saved.name in notice.message
        assert saved.read_text().startswith("<svg")
        assert "one.example" in saved.read_text()


async def test_a_picture_that_cannot_be_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A notification says so, and the app goes on."""
    folder = tmp_path / "gone"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    async with app(run("fetch-threads")).run_test(size=SIZE) as pilot:
        await pilot.press("s")
        (notice,) = pilot.app._notifications
        assert notice.severity == "error" and "can't be saved" in notice.message


async def test_a_recording_is_not_saved_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A notification says so."""
    monkeypatch.chdir(tmp_path)
    async with app(run("fetch-threads")).run_test(size=SIZE) as pilot:
        await pilot.press("w")
        (notice,) = pilot.app._notifications
        assert (notice.severity, notice.message) == (
            "warning",
            "This can't be saved, for it was not run in this session.",
        )
    assert await asyncio.to_thread(lambda: list(tmp_path.iterdir())) == []


@pytest.mark.parametrize("panel", ["t", "i", "d", "c"])
async def test_a_new_run_is_shown_in_an_open_panel(
    panel: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There is nothing to show at first; then the run is shown, and it can be saved."""
    monkeypatch.chdir(tmp_path)
    session = Session()
    session.add([run("fetch-threads")])
    try:
        shown = ThreadvizApp(session)
        async with shown.run_test(size=SIZE) as pilot:
            await pilot.press("down", panel)
            session.start(*requests(RunOptions("digest", tasks=1), ["threads"]))
            async with asyncio.timeout(30):
                while shown.main.runs.running or shown.main.view.awaiting or not shown.main.view.length:
                    await pilot.pause()
            await pilot.press("w")
            (saved,) = await asyncio.to_thread(lambda: list(tmp_path.iterdir()))
            assert load(saved).timeline.header.workload == "digest"
    finally:
        session.close()


async def test_all_commands_are_in_the_palette() -> None:
    """Those that can be carried out now, each with its sentence."""
    async with app(run("fetch-threads")).run_test(size=SIZE) as pilot:
        main = main_screen(pilot)
        assert isinstance(pilot.app, ThreadvizApp)
        entries = {entry.title: entry.help for entry in pilot.app.get_system_commands(main)}
        for command in COMMANDS.values():
            assert (entries.get(command.label) == command.help) is (
                command.available(main) and command.enabled(main)
            )


async def test_the_footer_is_shown_without_a_key_press() -> None:
    """With its keys, on a small terminal."""
    async with app(run("fetch-threads")).run_test(size=(80, 24)) as pilot:
        async with asyncio.timeout(20):
            while not main_screen(pilot).complete:
                await pilot.pause()
        keys = [key.key for key in pilot.app.query(FooterKey)]
        assert keys[0] == "space" and "q" in keys


async def test_ctrl_c_tells_how_to_quit() -> None:
    """It does not quit, for it is easily pressed by mistake."""
    async with app(run("fetch-threads")).run_test(size=(80, 24)) as pilot:
        await pilot.press("ctrl+c")
        (notice,) = pilot.app._notifications
        assert notice.message == "Press q to leave."


async def test_q_quits() -> None:
    """Without an error."""
    the_app = app(run("fetch-threads"))
    async with the_app.run_test(size=SIZE) as pilot:
        await pilot.press("q")
    assert the_app.return_code == 0


def program_run() -> tuple[Run, TerminalText]:
    """Return a program that goes on, and its output."""
    program, printed = run("exec-serve", until_ms=100), TerminalText()
    program.request = ExecRequest(command=(b"serve",), workload="serve", stdin=0, stdout=1, stderr=2)
    program.output = printed
    return program, printed


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)])
async def test_the_height_of_the_output(size: tuple[int, int]) -> None:
    """It opens with the first line, and grows to a third of the screen; without output, it has one line."""
    program, printed = program_run()
    async with app(program).run_test(size=size) as pilot:
        await press(pilot)
        main = main_screen(pilot)
        output = main.query_one(OutputPanel)
        assert not output.display
        await press(pilot, "o")
        for _ in range(2 * IDLE_REFRESH_FRAMES):  # as below
            main.show_frame(0)
            await pilot.pause()
        assert output.display and output.size.height == 1
        await press(pilot, "escape")
        assert not output.display
        heights = []
        for lines in (2, 1, 100):
            printed.feed(b"word\n" * lines)
            for _ in range(2 * IDLE_REFRESH_FRAMES):  # one to open it, one to have it drawn
                main.show_frame(0)
                await pilot.pause()
            heights.append(output.size.height)
        assert output.display and heights[:2] == [2, 3]
        assert heights[2] > 3 and output.outer_size.height <= size[1] / 3


async def test_ctrl_c_tells_how_to_end_a_program() -> None:
    """It is not sent to the program; the help of the key that ends it tells how."""
    program, _ = program_run()
    session = Session()
    session.follow(program)
    async with ThreadvizApp(session, clock=lambda: 0).run_test(size=SIZE) as pilot:
        await pilot.press("ctrl+c")
        (notice,) = pilot.app._notifications
        assert "not sent to the program" in notice.message and "x ends it" in notice.message
    assert "SIGTERM" in COMMANDS["stop"].help
