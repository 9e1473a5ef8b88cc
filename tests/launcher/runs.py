"""Real runs for tests: requests that are quick or that last, and the processes that belong to one."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from threadviz.launcher import LaunchedRun
from threadviz.mock_server.sites import Site
from threadviz.protocol.events import AnyEvent, Header, TaskStarted
from threadviz.protocol.requests import RunRequest
from threadviz.timeline import Timeline


def fetching(mode: str = "threads", seconds: float = 0.2, sites: int = 3, workers: int = 3) -> RunRequest:
    """Return a request to fetch from a stand-in of that many sites, each taking `seconds`."""
    site = [Site(f"http://site{each}.example/", 2000, seconds, f"site{each}") for each in range(sites)]
    return RunRequest(workload="fetch", mode=mode, workers=workers, sites=tuple(site))


@contextmanager
def started(request: RunRequest) -> Iterator[tuple[LaunchedRun, list[AnyEvent]]]:
    """Launch a run and yield it, with the events so far, as soon as a task of it is under way."""
    with LaunchedRun(request) as run:
        events: list[AnyEvent] = []
        for event in run.events():
            events.append(event)
            if isinstance(event, TaskStarted):
                break
        yield run, events


def timeline_of(events: list[AnyEvent]) -> Timeline:
    """Return the timeline that `events` make."""
    timeline = Timeline()
    timeline.extend(events)
    return timeline


def whole(request: RunRequest) -> Timeline:
    """Run `request` to its end."""
    with LaunchedRun(request) as run:
        events = list(run.events())
    assert isinstance(events[0], Header)
    return timeline_of(events)


def group(leader: int) -> list[psutil.Process]:
    """Return the processes of a process group that have not ended."""
    members = []
    for process in psutil.process_iter():
        try:
            if os.getpgid(process.pid) == leader and process.status() != psutil.STATUS_ZOMBIE:
                members.append(process)
        except (ProcessLookupError, psutil.NoSuchProcess):
            continue
    return members


def running(leader: int, module: str) -> psutil.Process:
    """Return the process of the group that was started as `python -m module`."""
    return next(each for each in group(leader) if module in each.cmdline())
