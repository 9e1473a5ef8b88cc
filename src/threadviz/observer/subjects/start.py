"""Bringing a run's processes up, until the subject waits for nothing but the word to go."""

import select
import time
from typing import IO

from threadviz.observer.subjects.children import RefusedError, StandInSite, StartError, Subject
from threadviz.processes.endings import how_it_ended
from threadviz.request import Calling, RunRequest
from threadviz.subject.order import Ready, Refused, SubjectOrder

READY_S = 30.0
"""How long each process may take to get ready (s)."""

IMPORTED_S = 120.0
"""How long a module of somebody's own may take to be imported (s)."""

_CHECK_S = 0.1


class CalledOffError(Exception):
    """Whoever asked for the run wants it no more, or is gone."""


def called_off(lifeline: int) -> bool:
    """Tell whether `lifeline` has ended: whoever asked for the run wants it no more, or is gone."""
    return bool(select.select([lifeline], [], [], 0)[0])


def give_order(request: RunRequest, subject: Subject, urls: tuple[str, ...]) -> None:
    """Tell the subject what to run, with the addresses at which it is to fetch the request's sites."""
    names = (each.name for each in request.sites)
    subject.order(
        SubjectOrder(
            workload=request.workload,
            mode=request.mode,
            workers=request.workers,
            tasks=request.tasks,
            urls=tuple(zip(names, urls, strict=True)),
            timeout_s=request.timeout_s,
            online=request.online,
            events=str(subject.pipe.path),
            calling=request.calling,
        )
    )


def await_site(site: StandInSite, lifeline: int) -> tuple[str, ...]:
    """Wait until the site serves, and return where. Raises StartError and CalledOffError."""
    if not _await(site.answers, lifeline, READY_S):
        raise StartError(f"the stand-in site was not ready within {READY_S:g} s")
    return site.urls()


def await_ready(subject: Subject, lifeline: int, calling: Calling | None = None) -> int:
    """Wait until the subject is ready, and return its number of tasks. Raises StartError and CalledOffError."""
    seconds = READY_S if calling is None else IMPORTED_S
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        status = subject.process.poll()
        for event in subject.said():
            if isinstance(event, Ready):
                return event.tasks
            if isinstance(event, Refused):
                raise RefusedError(event.why, event.traceback)
        if status is not None:
            raise _ended_early(subject, status, calling)
        _await(subject.pipe.descriptor, lifeline, _CHECK_S)
    if calling is not None:
        module = calling.function.partition(":")[0]
        raise RefusedError(
            f"to import {module!r} takes more than {seconds:g} s: a module is imported as a whole, so that what it is"
            " to do as a program belongs under `if __name__ == '__main__':`",
            "",
        )
    raise StartError(f"the subject was not ready within {seconds:g} s")


def _ended_early(subject: Subject, status: int, calling: Calling | None) -> StartError:
    how, words = how_it_ended(status), subject.printed.last_line()
    if calling is None:
        return StartError(f"the subject ended: {how}: {words}")
    module = calling.function.partition(":")[0]
    return RefusedError(f"to import {module!r} ends the process ({how}){f': {words}' if words else ''}", "")


def _await(source: int | IO[bytes], lifeline: int, seconds: float) -> bool:
    """Wait until there is something to read from `source`, for so long at most, and tell whether there is."""
    readable, _, _ = select.select([source, lifeline], [], [], seconds)
    if lifeline in readable:
        raise CalledOffError
    return bool(readable)
