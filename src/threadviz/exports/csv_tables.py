r"""Tables as CSV (RFC 4180: commas, quotes where they are needed, CRLF, a first line with the columns' names).

Times are integers, ns since the run's begin (since its origin, where it never began); what was before it is negative.
What has not come to pass, or does not apply, is an empty cell.

Stretches, one row each, lane by lane, each lane's in the order of time and without gaps:

    lane, lane_name     its number in the recording, and the name that views show
    role                loop, worker, thread (of a program) or plumbing
    process, pid, tid   what its process is, and the numbers that the system gave it
    thread_name         the name that the thread itself had; of it, and of process, no more than 200 characters
    start_ns, end_ns, duration_ns
    state, call, known  running, ready, gil, io, ...; the system call; counted, sampled or said
    loop_blocked_ns     of an event loop's lane: for how much of it the loop could not answer
    task                the number of the task that was on the lane when it began; of several the one that started last
    order_within_ns     0; where a long run was thinned: within how many ns the order of rows is not known
    process_name        what its process is called, where that is known
    place               what it waited on, where that was seen: a peer's address and port, or a file's path

Tasks, one row each, in the order of submission:

    task, name          its number and its name
    lane, lane_name     where it ran
    submitted_ns, started_ns, finished_ns
    queued_ns           for how long it waited for a worker
    elapsed_ns          from its start to its end, or as far as it came
    stage               'not started', 'not finished', done or failed
    result, error
    running_ns, ...     for how long it was in each state: they add up to elapsed_ns

Text from outside may begin with what a spreadsheet takes for a formula: = + - @, or one of these in full width. Such a
text gets an apostrophe before it, and so does one that begins with an apostrophe: whoever reads it back takes one away
from a text that begins so. What is not printable in it is written as an escape, such as '\x1b'.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from threadviz.presentation.summary import queued, stage_of
from threadviz.text import clipped, printable
from threadviz.timeline import STATES, Lane, Role, Task, Timeline

STRETCH_COLUMNS = (
    *("lane", "lane_name", "role", "process", "pid", "tid", "thread_name"),
    *("start_ns", "end_ns", "duration_ns", "state", "call", "known"),
    *("loop_blocked_ns", "task", "order_within_ns", "process_name", "place"),
)
TASK_COLUMNS = (
    *("task", "name", "lane", "lane_name", "submitted_ns", "started_ns", "finished_ns"),
    *("queued_ns", "elapsed_ns", "stage", "result", "error"),
    *(f"{state}_ns" for state in STATES),
)

MOST = 200
"""Of the name of a thread, or of what its process is, there are no more characters: it is in very many rows."""

_DEFUSED = tuple("=+-@'\uff1d\uff0b\uff0d\uff20")
_AT_A_TIME = 2000

Row = Sequence[str | int | None]


def stretch_table(timeline: Timeline, dropped: str = "") -> Iterator[str]:
    """Yield the table of stretches as text; there is no place in it for what was dropped."""
    rows = (row for lane in timeline.lanes for row in _stretches(timeline, lane))
    return _csv(STRETCH_COLUMNS, rows)


def task_table(timeline: Timeline, dropped: str = "") -> Iterator[str]:
    """Yield the table of tasks as text; there is no place in it for what was dropped."""
    return _csv(TASK_COLUMNS, (_task(timeline, task) for task in timeline.tasks))


def defused(text: str) -> str:
    """Return text from outside as a cell has it, see above."""
    text = printable(text)
    return f"'{text}" if text.startswith(_DEFUSED) else text


def _stretches(timeline: Timeline, lane: Lane) -> Iterator[Row]:
    zero = timeline.begin or 0
    of_loop, thinned = lane.role is Role.LOOP, lane.downsampled_until
    about = (
        *(lane.number, defused(lane.name), lane.role, defused(clipped(lane.process, MOST))),
        *(lane.pid, lane.tid, defused(clipped(lane.thread_name, MOST))),
    )
    process_name = defused(clipped(lane.process_name, MOST))
    for segment in lane.segments():
        start, end = segment.start, segment.end
        task = timeline.task_on(lane, start)
        yield (
            *about,
            *(start - zero, end - zero, end - start),
            *(segment.state, defused(segment.call), segment.known),
            sum(lane.blocked_binned(start, end - start, 1)[0]) if of_loop else None,
            None if task is None else task.number,
            lane.resolution(start) if start < thinned else 0,
            process_name,
            defused(clipped(lane.wait_target_at(start), MOST)) if segment.call else "",
        )


def _task(timeline: Timeline, task: Task) -> Row:
    zero, now = timeline.begin or 0, timeline.now
    states = timeline.task_states(task)
    started, finished = (None if t is None else t - zero for t in (task.started, task.finished))
    return (
        *(task.number, defused(task.name)),
        None if task.lane is None else task.lane.number,
        None if task.lane_name is None else defused(task.lane_name),
        *(task.submitted - zero, started, finished),
        *(queued(task, now), task.elapsed(now), stage_of(task, now).value),
        *(None if text is None else defused(text) for text in (task.result, task.error)),
        *(states.get(state, 0) for state in STATES),
    )


class _Echo:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        """Return it."""
        return text


def _csv(columns: Row, rows: Iterable[Row]) -> Iterator[str]:
    line = csv.writer(_Echo()).writerow
    yield line(columns)
    lines = map(line, rows)
    while some := "".join(islice(lines, _AT_A_TIME)):
        yield some
