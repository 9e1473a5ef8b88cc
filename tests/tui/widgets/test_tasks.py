import pytest

from tests.analysis.runs import Job, Setting
from tests.analysis.runs import run as made
from tests.tui.recorded import run
from tests.tui.widgets.widget_app import freeze_at, joined, redraw, show_widget, visible_lines
from threadviz.protocol.events import State
from threadviz.timeline import Task, Timeline
from threadviz.tui.runs import Run
from threadviz.tui.view.view import View
from threadviz.tui.widgets.tasks import MAX_QUEUED, TaskSort, TaskTable

MANY = 3000


def names(lines: list[str]) -> list[str]:
    """The names in the rows, below the line of the columns' names."""
    return [line[2:].split()[0] for line in lines[1:] if line[2:].strip()]


def run_with_many_tasks() -> Run:
    """Return a run of very many tasks, each of 1 ms, on one worker."""
    jobs = [Job(1, number, {State.RUNNING: 1}, name=f"task-{number}") for number in range(MANY)]
    return Run.of(made(MANY, jobs, of=Setting(workers=1)))


async def test_rows_of_finished_tasks() -> None:
    """Lane, times, kinds of waiting, and outcome including failures."""
    view = View([run("fetch-threads")])
    panel = TaskTable(view)
    async with show_widget(panel, columns=120):
        lines = visible_lines(panel)
    assert lines[0].split() == "task lane queued elapsed running io ready unknown result".split()
    assert names(lines) == ["four.example", "one.example", "three.example", "two.example"]
    assert lines[1].endswith("failed: HTTP 404 Not Found")
    assert (
        lines[2].split() == "one.example thread 1 0.3 ms 75 ms 2.4 ms 42 ms 24 ms 6.3 ms 1000 bytes".split()
    )


async def test_rows_at_80_columns() -> None:
    """With fewer kinds of waiting, and a mark before the error instead of a word."""
    panel = TaskTable(View([run("fetch-threads")]))
    async with show_widget(panel):
        lines = visible_lines(panel)
    assert lines[0].split() == "task lane queued elapsed running io other result".split()
    assert "✗ HTTP 404" in lines[1]
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("past", [False, True])
async def test_unfinished_tasks_come_first_with_their_state(past: bool) -> None:
    """While the run goes on, and in the past of one that is over."""
    view = freeze_at(View([run("fetch-threads")]), 95) if past else View([run("fetch-threads", until_ms=100)])
    panel = TaskTable(view)
    async with show_widget(panel, columns=120):
        lines = visible_lines(panel)
    assert names(lines) == ["two.example", "three.example", "four.example", "one.example"]
    assert lines[1].endswith("io poll") and lines[2].endswith("io poll")


async def test_many_queued_tasks_share_a_row() -> None:
    """So that the finished ones stay visible."""
    panel = TaskTable(freeze_at(View([run_with_many_tasks()]), 100))
    async with show_widget(panel, rows=16):
        lines = visible_lines(panel)
    assert lines[1].split()[0] == "task-100"
    assert [line.split()[0] for line in lines if line.endswith("not started")] == [
        f"task-{101 + number}" for number in range(MAX_QUEUED)
    ]
    rest = lines[2 + MAX_QUEUED]
    assert rest == f"  and {MANY - 101 - MAX_QUEUED} tasks more that wait for a worker"
    assert lines[3 + MAX_QUEUED].split()[0] == "task-0"


async def test_sort_by_every_column() -> None:
    """The column has a mark, the largest figure comes first, and the title names the order."""
    panel = TaskTable(View([run("fetch-threads")]))
    found = {}
    async with show_widget(panel, columns=120):
        for _ in range(6):
            panel.cycle_sort()
            lines = visible_lines(panel)
            marked = [word for word in lines[0].split() if word[-1] in "▾▴"]
            found[(panel.border_title, *marked)] = [name.split(".")[0] for name in names(lines)]
    assert found == {
        ("Tasks by name", "task▴"): ["four", "one", "three", "two"],
        ("Tasks by lane", "lane▴"): ["one", "two", "three", "four"],
        ("Tasks by time queued", "queued▾"): ["two", "four", "three", "one"],
        ("Tasks by time elapsed", "elapsed▾"): ["two", "three", "one", "four"],
        ("Tasks by time running", "running▾"): ["one", "two", "three", "four"],
        ("Tasks as they finished",): ["four", "one", "three", "two"],
    }


async def test_many_tasks_are_sorted_by_their_running_times() -> None:
    """The longest first."""
    jobs = [Job(1, number * 2, {State.RUNNING: 1}, name=f"task-{number}") for number in range(MANY)]
    jobs[-2] = Job(1, jobs[-2].start, {State.RUNNING: 2}, name="longest")
    panel = TaskTable(View([Run.of(made(2 * MANY, jobs, of=Setting(workers=1)))]))
    async with show_widget(panel, rows=6) as pilot:
        for _ in range(list(TaskSort).index(TaskSort.RUNNING)):
            panel.cycle_sort()
        assert panel.sort is TaskSort.RUNNING
        await redraw(panel, pilot)
        assert names(visible_lines(panel))[:2] == ["longest", "task-0"]


async def test_moving_selects_visible_tasks() -> None:
    """From the first to the last; the lane is selected with the task."""
    one = run_with_many_tasks()
    view = View([one])
    panel = TaskTable(view)
    async with show_widget(panel, rows=10) as pilot:
        panel.move(1)
        assert view.selected_task == (one, one.timeline.task(0))
        assert (await redraw(panel, pilot))[1].startswith("▶ task-0 ")
        panel.move(2000)
        panel.move(-3)
        assert view.selected_task == (one, one.timeline.task(1997))
        assert view.selected_row is not None and view.selected_row.lane is one.timeline.workers[0]
        assert any(line.startswith("▶ task-1997 ") for line in await redraw(panel, pilot))
        panel.move(MANY)
        lines = await redraw(panel, pilot)
        assert lines[0].startswith("  task ")
        assert lines[-1].startswith(f"▶ task-{MANY - 1} ")


async def test_task_selected_elsewhere_is_scrolled_to() -> None:
    """The other tasks on its lane are marked."""
    one = run_with_many_tasks()
    view = View([one])
    panel = TaskTable(view)
    async with show_widget(panel, rows=10) as pilot:
        view.select_task(one, one.timeline.task(1500))
        lines = await redraw(panel, pilot)
        assert sum(line.startswith("▶ task-1500 ") for line in lines) == 1
        assert sum(line.startswith("▌ task-") for line in lines) == len(lines) - 2


@pytest.mark.parametrize("ascii_only", [False, True])
async def test_full_outcome_of_the_selected_task_is_below(ascii_only: bool) -> None:
    """In up to three lines at the bottom; the selected row stays visible above."""
    error = "Name or service not known, and so on [b]\x1b " + "at length " * 8
    jobs = [Job(1, number * 2, {State.IO: 1}, name=f"task-{number}", error=error) for number in range(30)]
    one = Run.of(made(80, jobs))
    view = View([one])
    panel = TaskTable(view)
    async with show_widget(panel, rows=9, ascii_only=ascii_only) as pilot:
        assert len(names(visible_lines(panel))) == 8
        panel.move(-1)
        lines = await redraw(panel, pilot)
        assert lines[-3].split()[1] == "task-29"
        assert joined(lines[-2:]) == f"task-29: failed: {error}".replace("\x1b", r"\x1b").strip()
        await pilot.click(panel, offset=(5, 8))
        assert view.selected_task == (one, one.timeline.task(29))
        panel.move(-29)
        lines = await redraw(panel, pilot)
        assert lines[1].split()[1] == "task-0"
        assert lines[-2].startswith("task-0: failed: Name")


async def test_outcome_that_fits_is_not_repeated() -> None:
    """Nor is there anything below for an unfinished task."""
    view = View([run("fetch-threads", until_ms=100)])
    panel = TaskTable(view)
    async with show_widget(panel, columns=120, rows=10, ascii_only=True) as pilot:
        for _ in range(len(view.runs[0].timeline.tasks)):
            panel.move(1)
            lines = await redraw(panel, pilot)
            assert not any(lines[5:])


async def test_click_selects_a_task() -> None:
    """A click at the heading selects nothing."""
    one = run("fetch-threads")
    view = View([one])
    panel = TaskTable(view)
    async with show_widget(panel) as pilot:
        await pilot.click(panel, offset=(5, 0))
        assert view.selected_task is None
        await pilot.click(panel, offset=(5, 3))
        assert view.selected_task is not None and view.selected_task[1].name == "three.example"
        assert (await redraw(panel, pilot))[3].startswith("▶ three.example")
        await pilot.click(panel, offset=(5, 9))
        assert view.selected_task[1].name == "three.example"


async def test_only_visible_rows_are_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many there are."""
    one = run_with_many_tasks()
    asked: list[int] = []
    task_states = Timeline.task_states

    def counted(timeline: Timeline, task: Task, until: int | None = None) -> dict[State, int]:
        asked.append(task.number)
        return task_states(timeline, task, until)

    monkeypatch.setattr(Timeline, "task_states", counted)
    panel = TaskTable(View([one]))
    async with show_widget(panel, rows=10):
        visible_lines(panel)
    assert sorted(set(asked)) == list(range(9))


async def test_run_of_the_selected_lane_is_shown() -> None:
    """Its label stands beside the heading."""
    blocking, threads = run("fetch-blocking"), run("fetch-threads")
    view = View([blocking, threads])
    panel = TaskTable(view)
    async with show_widget(panel, columns=120) as pilot:
        assert visible_lines(panel)[0].endswith("(threads)")
        view.select_task(blocking, blocking.timeline.tasks[2])
        lines = await redraw(panel, pilot)
        assert lines[0].endswith("(blocking)")
        assert [line.split()[0] for line in lines[1:] if "event loop" in line].count("▶") == 1


async def test_untrusted_names_and_results_are_escaped() -> None:
    """They are shown without markup or control characters."""
    job = Job(1, 0, {State.IO: 50}, name="[b]x\x1b", error="[red]\x07")
    panel = TaskTable(View([Run.of(made(60, [job]))]))
    async with show_widget(panel, columns=120, ascii_only=True):
        line = visible_lines(panel)[1]
    assert r"[b]x\x1b" in line
    assert r"failed: [red]\x07" in line


async def test_traceback_of_the_selected_task_is_below() -> None:
    """Its end, in at most half the lines, safe to print, and not before the task has failed."""
    traceback = "\n".join([*(f"frame {n} [b]" for n in range(9)), "ValueError: \x1b"])
    jobs = [Job(1, 0, {State.IO: 50}, error="ValueError", traceback=traceback), Job(1, 50, {State.IO: 50})]
    one = Run.of(made(100, jobs))
    view = View([one])
    panel = TaskTable(view)
    async with show_widget(panel, columns=120, rows=8) as pilot:
        panel.move(1)
        lines = await redraw(panel, pilot)
        assert lines[-4:] == ["frame 6 [b]", "frame 7 [b]", "frame 8 [b]", r"ValueError: \x1b"]
        freeze_at(view, 20)
        assert "frame" not in joined(await redraw(panel, pilot))
        view.follow()
        panel.move(1)
        assert "frame" not in joined(await redraw(panel, pilot))


async def test_without_a_task() -> None:
    """A sentence says that there is none."""
    panel = TaskTable(View())
    async with show_widget(panel):
        assert visible_lines(panel)[0] == "No task was seen yet."
