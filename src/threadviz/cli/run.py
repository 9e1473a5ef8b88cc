"""`threadviz run` and `threadviz compare`: a workload or a user function under one mode or several, or recordings."""

import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any

import click
import msgspec
from msgspec.structs import replace

from threadviz.analysis import labelled
from threadviz.cli.execution import execute_all, remove_empty
from threadviz.cli.options import json_option, record_option, refuse_for_recordings, run_options, together
from threadviz.cli.output import (
    CommandError,
    ExitStatus,
    complain,
    print_comparison,
    print_run,
    write_stderr,
)
from threadviz.cli.recordings import complain_of_dropped, read
from threadviz.debug_log import ignoring
from threadviz.modes import MODES
from threadviz.protocol.requests import RunRequest, UserFunction
from threadviz.run_options import MAX_TASKS, OWN, RunOptions, requests, split_modes
from threadviz.text import count, printable
from threadviz.timeline import Task, Timeline
from threadviz.workloads import WORKLOADS


def _items(context: click.Context, option: click.Parameter, text: str | None) -> Path | None:
    if text == "":
        raise CommandError("--items is '': give the path of a file, or '-' for standard input")
    return None if text is None else Path(text)


function_options = together(
    click.option(
        "--call",
        metavar="FUNCTION",
        help="Instead of a WORKLOAD, call a function of yours: package.module:function. It is imported as by"
        " `python -m`, so that the current folder is looked in first.",
    ),
    click.option(
        "--items",
        callback=_items,
        metavar="FILE",
        help="What to call it with, one item a line; '-' is standard input. If FILE ends in .jsonl, and also if"
        " all lines are JSON arrays or objects, an array has the arguments in their order, an object has them by"
        " name, and any other JSON is the one argument. Else each line is the one argument, as text.",
    ),
    click.option(
        "--repeat",
        type=int,
        metavar="N",
        help=f"Call it N times without arguments, up to {MAX_TASKS}.",
    ),
)
"""The options of all commands that can run a user function."""


def options_of(workload: str | None, options: Mapping[str, Any]) -> RunOptions:
    """Return the options for a workload, or for the function that --call names. Raises CommandError."""
    call = options["call"]
    if workload is None and call is None:
        raise CommandError("nothing to run is given: name a workload, or a function of yours with --call")
    if workload is not None and call is not None:
        raise CommandError(
            f"{workload!r} is a word too many: --call says what to run, and --items names the file with its arguments"
        )
    return RunOptions(workload=OWN if workload is None else workload, **options)


@click.command()
@function_options
@run_options
@json_option
@click.argument("workload", required=False)
@click.option("--mode", metavar="MODE", help=f"How the calls are made: {', '.join(MODES)}.")
@record_option
def run(
    workload: str | None, mode: str | None, record: Path | None, as_json: bool, **options: Any
) -> ExitStatus:
    """Run WORKLOAD, or a function of yours, under one mode.

    Prints the lanes, the tasks, the totals and the findings.
    `threadviz list` shows the workloads, modes and sets.
    """
    chosen = options_of(workload, options)
    if mode is None:
        raise CommandError(f"no mode is given: add --mode and one of {', '.join(MODES)}")
    return _run(requests(chosen, [mode]), as_json, compared=False, record=record)


@click.command()
@function_options
@run_options
@json_option
@click.argument("what", nargs=-1, metavar="[WORKLOAD | FILE FILE...]")
@click.option("--modes", default=",".join(MODES), show_default=True, help="The modes, in this order.")
@click.pass_context
def compare(
    context: click.Context, /, what: tuple[str, ...], modes: str, as_json: bool, **options: Any
) -> ExitStatus:
    """Run WORKLOAD, or a function of yours, under several modes, or compare recordings.

    The modes run one after the other and are printed side by side, with a verdict.
    `threadviz list` shows the workloads, modes and sets.

    Two or more FILEs are recordings; the options about runs are not for them.
    """
    workload = next(iter(what), None)
    alone = len(what) < 2 and not (workload and Path(workload).exists())
    if alone or workload in WORKLOADS or options["call"] is not None:
        if len(what) > 1 and options["call"] is None:
            raise CommandError(
                f"{workload!r} is a workload, which is compared by itself, and {what[1]!r} is a word too many:"
                f" for a file of that name, say ./{workload}"
            )
        asked = requests(options_of(workload, options), split_modes(modes))
        return _run(asked, as_json, compared=True)
    refuse_for_recordings(context, {*options, "modes"})
    if len(what) < 2:
        raise CommandError(
            "a recording alone can't be compared: give two or more, or see threadviz show --help"
        )
    paths = [*map(Path, what)]
    loaded = [*map(read, paths)]
    print_comparison(labelled(each.timeline for each in loaded), as_json)
    complain_of_dropped(paths, loaded)
    return ExitStatus.FINISHED


def _run(
    asked: Sequence[RunRequest], as_json: bool, *, compared: bool, record: Path | None = None
) -> ExitStatus:
    """Run these modes and print what was measured, and what the user's own code printed and raised."""
    with collecting_output(asked) as collected:
        results = execute_all(collected, record)
        last, calling = results[-1], asked[0].calling
        timelines = labelled(result.timeline for result in results if result.measured)
        not_run = [request.mode for request in asked if timelines and request.mode not in timelines]
        if compared and timelines:
            print_comparison(timelines, as_json, not_run)
        elif timelines:
            print_run(last.timeline, as_json)
        if calling is not None and last.refused:
            remove_empty(record)
            write_lines(last.refused.traceback)
            raise CommandError(last.refused.reason)
        report_failures(timelines.values(), calling)
        if last.trouble:  # last, because it speaks of what was printed
            complain("; ".join([last.trouble, *(f"{mode}: did not run" for mode in not_run)]))
        return last.status


# What a user function printed, and how it failed.

_TAIL = 20
_TAIL_BYTES = 16_384
"""How many lines of its output are shown, at most."""

_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")


@contextmanager
def collecting_output(asked: Sequence[RunRequest]) -> Iterator[Sequence[RunRequest]]:
    """Collect what a user function and its worker processes print, and show the end of it on stderr when left.

    Yields the requests that do so. The file has no name except in /proc, so nobody has to remove it. Without /proc,
    and for workloads, nothing is collected.
    """
    file = None
    if asked[0].calling is not None:
        with ignoring(OSError):  # a full disk makes the run fail, which is reported
            file = TemporaryFile()  # noqa: SIM115 - closed below
    if file is None:
        yield asked
        return
    path = Path(f"/proc/{os.getpid()}/fd/{file.fileno()}")
    output = str(path) if path.exists() else ""
    try:
        yield [replace(each, calling=each.calling and replace(each.calling, output=output)) for each in asked]
    finally:
        with file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            lines = [*filter(None, map(_as_seen, file.read().decode(errors="replace").split("\n")))]
        if lines:
            which = f", the last {_TAIL} lines" if len(lines) > _TAIL else ""
            complain(f"what the function printed{which}")
            write_lines("\n".join(lines[-_TAIL:]))


def _as_seen(line: str) -> str:
    """Return what a terminal would show of a line: without colours, and only what was written last."""
    return _ESCAPES.sub("", line.rstrip().rpartition("\r")[2]).expandtabs()


def report_failures(timelines: Iterable[Timeline], calling: UserFunction | None) -> None:
    """Write the traceback of the first task that failed in the user's own code to stderr.

    If all failed as they would with a string in place of a number, explain how to write other items.
    """
    for timeline in timelines:
        failed = [task for task in timeline.finished_tasks() if task.traceback]
        if failed:
            first, places = failed[0], Counter(map(_place, failed))
            others = places[_place(first)] - 1
            more = f", and {count(others, 'other')} in the same place" if others else ""
            complain(f"under {timeline.header.mode}, task {first.name!r} failed{more}")
            write_lines(first.traceback)
            if calling is not None and _texts_do_not_fit(timeline, calling):
                complain(
                    "each line was passed as text: name the file .jsonl, or write lines such as [0.1], to pass"
                    " other values"
                )
            return


def _texts_do_not_fit(timeline: Timeline, calling: UserFunction) -> bool:
    """Whether all calls failed with a type or value error, and each had one string that reads as another value."""
    kinds = {(task.error or "").partition(":")[0] for task in timeline.tasks}
    if not kinds or not kinds <= {"TypeError", "ValueError"}:
        return False
    return all(len(each.args) == 1 and _reads_as_another_value(each.args[0]) for each in calling.items)


def _reads_as_another_value(value: object) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return not isinstance(msgspec.json.decode(value), str)
    except (msgspec.DecodeError, UnicodeError):
        return False


def _place(task: Task) -> tuple[str, ...]:
    """Return where a task failed, and the type of its error. Frames are indented, the error is not."""
    frames = (line for line in task.traceback.split("\n") if line.startswith(" "))
    return (*frames, (task.error or "").partition(":")[0])


def write_lines(text: str) -> None:
    """Write a text, such as a traceback, to stderr, safe to print."""
    if text:
        write_stderr("".join(f"{printable(line)}\n" for line in text.split("\n")))
