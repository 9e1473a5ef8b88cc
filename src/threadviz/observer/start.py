"""Bringing a run's processes up, until the subject waits for nothing but the word to go."""

import select
import time

from threadviz.observer.children import StandInSite, StartError, Subject, how_it_ended
from threadviz.request import RunRequest
from threadviz.subject.order import Ready, SubjectOrder

READY_S = 30.0
"""How long the subject may take to get ready (s)."""

_CHECK_S = 0.1


class CalledOffError(Exception):
    """Whoever asked for the run wants it no more, or is gone."""


def give_order(request: RunRequest, subject: Subject, site: StandInSite | None) -> None:
    """Tell the subject what to run: where there is a stand-in site, with its addresses for the real ones."""
    addresses = site.urls if site else tuple(each.url for each in request.sites)
    names = (each.name for each in request.sites)
    subject.order(
        SubjectOrder(
            workload=request.workload,
            mode=request.mode,
            workers=request.workers,
            tasks=request.tasks,
            urls=tuple(zip(names, addresses, strict=True)),
            timeout_s=request.timeout_s,
            online=request.online,
            events=str(subject.events),
        )
    )


def await_ready(subject: Subject, lifeline: int) -> int:
    """Wait until the subject is ready, and return its number of tasks. Raises StartError and CalledOffError."""
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        readable, _, _ = select.select([subject.pipe, lifeline], [], [], _CHECK_S)
        if lifeline in readable:
            raise CalledOffError
        for event in subject.said():
            if isinstance(event, Ready):
                return event.tasks
        if (status := subject.process.poll()) is not None:
            raise StartError(f"the subject ended: {how_it_ended(status)}: {subject.last_words()}")
    raise StartError(f"the subject was not ready within {READY_S:g} s")
