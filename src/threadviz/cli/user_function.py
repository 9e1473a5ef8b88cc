"""A function of the user's own: how the commands are told of it, and what they say where its code fails."""

import os
import re
import sys
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import reduce
from pathlib import Path
from tempfile import TemporaryFile
from typing import Any, BinaryIO, Self, TypeVar

import click
import msgspec
from msgspec.structs import replace

from threadviz.cli.execution import Ran
from threadviz.cli.output import CommandError, complain
from threadviz.protocol.events import Outcome
from threadviz.protocol.requests import RunRequest, UserFunction
from threadviz.run_options import MAX_TASKS, OWN, RunOptions
from threadviz.text import count, printable
from threadviz.timeline import Task, Timeline

_TAIL = 20
_TAIL_BYTES = 16_384
"""So many lines of what was printed are shown, at most."""

_ESCAPES = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")

Command = TypeVar("Command", bound=Callable[..., Any])


def naming_function(command: Command) -> Command:
    """The options of all commands that can run a function of the user's own."""
    options = [
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
    ]
    return reduce(lambda decorated, option: option(decorated), reversed(options), command)


def _items(context: click.Context, option: click.Parameter, text: str | None) -> Path | None:
    if text == "":
        raise CommandError("--items is '': give the path of a file, or '-' for standard input")
    return None if text is None else Path(text)


def asked_for(workload: str | None, options: Mapping[str, Any]) -> RunOptions:
    """Return what is to be run: a workload, or the function that the options name. Raises CommandError."""
    call = options["call"]
    if workload is None and call is None:
        raise CommandError("what to run is not said: name a workload, or a function of yours with --call")
    if workload is not None and call is not None:
        raise CommandError(
            f"{workload!r} is a word too many, where --call says what to run: what to call it with stands in a file,"
            " which --items names"
        )
    return RunOptions(workload=OWN if workload is None else workload, **options)


class PrintedOutput:
    """What a function prints, and its worker processes: kept while this is entered, and shown when it is left.

    It can't be kept on a system without /proc, for the file has no other name: so nobody has to remove it.
    """

    def __init__(self) -> None:
        self._file: BinaryIO | None = None

    def into(self, request: RunRequest) -> RunRequest:
        """Return `request`, with this as where a function of the user's own prints."""
        if request.calling is None:
            return request
        if self._file is None:
            with suppress(OSError):  # without room for files no run can be started, and that is told
                self._file = TemporaryFile()  # noqa: SIM115 - it is closed when this is left
        path = Path(f"/proc/{os.getpid()}/fd/{self._file.fileno()}") if self._file else None
        if path is None or not path.exists():
            return request
        return replace(request, calling=replace(request.calling, output=str(path)))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._file is None:
            return
        with self._file as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _TAIL_BYTES))
            lines = file.read().decode(errors="replace").split("\n")
        said = [line for line in map(_as_seen, lines) if line]
        if said:
            complain(
                "what the function has printed" + (f", the last {_TAIL} lines" if len(said) > _TAIL else "")
            )
            _write("\n".join(said[-_TAIL:]))


def _as_seen(line: str) -> str:
    """What a terminal would show of a line: without colours, and where it was written over, what came last."""
    return _ESCAPES.sub("", line.rstrip().rpartition("\r")[2]).expandtabs()


def refusal(request: RunRequest, ran: Ran, record: Path | None = None) -> str:
    """Say why the function could not be called at all, without the full stop; nothing where it could be.

    The traceback of the user's code, if it is that which failed, goes to stderr, and what was recorded, which is
    nothing, is removed.
    """
    timeline = ran.timeline
    closed = timeline.closed
    if request.calling is None or closed is None or ran.measured:
        return ""
    if closed.outcome is not Outcome.BROKEN or timeline.died:
        return ""
    if record is not None and record.is_file():
        with suppress(OSError):
            record.unlink()
    _write(closed.traceback)
    return closed.reason


def tell_of_failures(timelines: Iterable[Timeline], calling: UserFunction | None) -> None:
    """Write the traceback of the first task that failed in the user's own code to stderr, if one did.

    Where all have failed as they do with a text in place of a number, say how else items can be written.
    """
    for timeline in timelines:
        failed = [task for task in timeline.finished_tasks() if task.traceback]
        if failed:
            first, places = failed[0], Counter(map(_place, failed))
            others = places[_place(first)] - 1
            more = f", and {count(others, 'other')} in the same place" if others else ""
            complain(f"under {timeline.header.mode}, task {first.name!r} failed{more}")
            _write(first.traceback)
            if calling is not None and _texts_do_not_fit(timeline, calling):
                complain(
                    "each line was passed as text: name the file .jsonl, or write lines such as [0.1], to pass"
                    " other values"
                )
            return


def _texts_do_not_fit(timeline: Timeline, calling: UserFunction) -> bool:
    """Whether all calls failed over a type or a value, where each had one text that could be read as another value."""
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
    """Where a task failed, and with what kind of error: the frames are indented, and the error is not."""
    frames = (line for line in task.traceback.split("\n") if line.startswith(" "))
    return (*frames, (task.error or "").partition(":")[0])


def _write(traceback: str) -> None:
    """Write it to stderr, safe to print."""
    if traceback:
        with suppress(OSError):
            sys.stderr.write("".join(f"{printable(line)}\n" for line in traceback.split("\n")))
            sys.stderr.flush()
