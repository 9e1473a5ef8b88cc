r"""Tables as CSV (RFC 4180: commas, quotes where they are needed, CRLF, a first line with the columns' names).

Times are integers, ns since the run's begin (since its origin, if it never began); earlier times are negative. What has
not happened, or does not apply, is an empty cell.

Segments, one row each, lane by lane, each lane's in the order of time and without gaps:

    lane, lane_name     the lane's number in the recording, and the name that views show
    role                loop, worker, thread (of a program) or plumbing
    process, pid, tid   the kind of its process, and its ids
    thread_name         the thread's own name; of this and of process no more than 200 characters
    start_ns, end_ns, duration_ns
    state, call, known  running, ready, gil, io, ...; the system call; counted, sampled, said or inferred
    loop_blocked_ns     of an event loop's lane: for how much of the segment the loop was frozen
    task                the number of the task that ran on the lane when the segment began; of several the latest
    order_within_ns     0; if a long run was downsampled: within how many ns the order of rows is not known
    process_name        its process's name, if known
    place               its wait target, if seen: a peer's address and port, or a file's path

Tasks, one row each, in the order of submission:

    task, name          the task's number and name
    lane, lane_name     where it ran
    submitted_ns, started_ns, finished_ns
    queued_ns           how long it waited for a worker
    elapsed_ns          from its start to its end, or as far as it got
    stage               'not started', 'not finished', done or failed
    result, error
    running_ns, ...     how long it was in each state: these add up to elapsed_ns

Text from outside may begin with what a spreadsheet takes for a formula: = + - @, or one of these in full width. Such
text gets an apostrophe before it, and so does text that begins with an apostrophe: to read it back, remove one leading
apostrophe. Unprintable characters are written as escapes, such as '\x1b'.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from io import StringIO
from itertools import chain, islice

from threadviz.presentation.summary import queued, stage_of
from threadviz.text import clipped, printable
from threadviz.timeline import STATES, Lane, Role, Task, Timeline

SEGMENT_COLUMNS = (
    *("lane", "lane_name", "role", "process", "pid", "tid", "thread_name"),
    *("start_ns", "end_ns", "duration_ns", "state", "call", "known"),
    *("loop_blocked_ns", "task", "order_within_ns", "process_name", "place"),
)
TASK_COLUMNS = (
    *("task", "name", "lane", "lane_name", "submitted_ns", "started_ns", "finished_ns"),
    *("queued_ns", "elapsed_ns", "stage", "result", "error"),
    *(f"{state}_ns" for state in STATES),
)

MOST_CHARACTERS = 200
"""Longer names of threads and processes are cut off, because they are in very many rows."""

_FORMULA_STARTS = tuple("=+-@'\uff1d\uff0b\uff0d\uff20")
_AT_A_TIME = 2000

Row = Sequence[str | int | None]


def segment_table(timeline: Timeline, dropped: str = "") -> Iterator[str]:
    """Yield the table of segments as text. It has no place for `dropped`."""
    rows = (row for lane in timeline.lanes for row in _segments(timeline, lane))
    return _csv(SEGMENT_COLUMNS, rows)


def task_table(timeline: Timeline, dropped: str = "") -> Iterator[str]:
    """Yield the table of tasks as text. It has no place for `dropped`."""
    return _csv(TASK_COLUMNS, (_task(timeline, task) for task in timeline.tasks))


def escaped(text: str) -> str:
    """Return text from outside as a cell that is printable and no formula, as described above."""
    text = printable(text)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _segments(timeline: Timeline, lane: Lane) -> Iterator[Row]:
    zero = timeline.begin or 0
    of_loop, downsampled_until = lane.role is Role.LOOP, lane.downsampled_until
    about = (
        *(lane.number, escaped(lane.name), lane.role, escaped(clipped(lane.process, MOST_CHARACTERS))),
        *(lane.pid, lane.tid, escaped(clipped(lane.thread_name, MOST_CHARACTERS))),
    )
    process_name = escaped(clipped(lane.process_name, MOST_CHARACTERS))
    for segment in lane.segments():
        start, end = segment.start, segment.end
        task = timeline.task_on(lane, start)
        yield (
            *about,
            *(start - zero, end - zero, end - start),
            *(segment.state, escaped(segment.call), segment.known),
            sum(lane.blocked_binned(start, end - start, 1)[0]) if of_loop else None,
            None if task is None else task.number,
            lane.resolution(start) if start < downsampled_until else 0,
            process_name,
            escaped(clipped(lane.wait_target_at(start), MOST_CHARACTERS)) if segment.call else "",
        )


def _task(timeline: Timeline, task: Task) -> Row:
    zero, now = timeline.begin or 0, timeline.now
    states = timeline.task_states(task)
    started, finished = (None if t is None else t - zero for t in (task.started, task.finished))
    return (
        *(task.number, escaped(task.name)),
        None if task.lane is None else task.lane.number,
        None if task.lane_name is None else escaped(task.lane_name),
        *(task.submitted - zero, started, finished),
        *(queued(task, now), task.elapsed(now), stage_of(task, now).value),
        *(None if text is None else escaped(text) for text in (task.result, task.error)),
        *(states.get(state, 0) for state in STATES),
    )


def _csv(columns: Row, rows: Iterable[Row]) -> Iterator[str]:
    lines = chain([columns], rows)
    while some := [*islice(lines, _AT_A_TIME)]:
        text = StringIO(newline="")
        csv.writer(text).writerows(some)
        yield text.getvalue()
