"""Bringing a run's processes up, until the subject waits for nothing but the word to go."""

import select
import time
from typing import IO

from threadviz.endings import how_it_ended
from threadviz.observer.children import StandInSite, StartError, Subject
from threadviz.request import RunRequest
from threadviz.subject.order import Ready, SubjectOrder

READY_S = 30.0
"""How long each process may take to get ready (s)."""

_CHECK_S = 0.1


class CalledOffError(Exception):
    """Whoever asked for the run wants it no more, or is gone."""


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
            events=str(subject.events),
        )
    )


def await_site(site: StandInSite, lifeline: int) -> tuple[str, ...]:
    """Wait until the site serves, and return where. Raises StartError and CalledOffError."""
    if not _await(site.answers, lifeline, READY_S):
        raise StartError(f"the stand-in site was not ready within {READY_S:g} s")
    return site.urls()


def await_ready(subject: Subject, lifeline: int) -> int:
    """Wait until the subject is ready, and return its number of tasks. Raises StartError and CalledOffError."""
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        status = subject.process.poll()
        for event in subject.said():
            if isinstance(event, Ready):
                return event.tasks
        if status is not None:
            raise StartError(f"the subject ended: {how_it_ended(status)}: {subject.last_words()}")
        _await(subject.pipe, lifeline, _CHECK_S)
    raise StartError(f"the subject was not ready within {READY_S:g} s")


def _await(source: int | IO[bytes], lifeline: int, seconds: float) -> bool:
    """Wait until there is something to read from `source`, for so long at most, and tell whether there is."""
    readable, _, _ = select.select([source, lifeline], [], [], seconds)
    if lifeline in readable:
        raise CalledOffError
    return bool(readable)
