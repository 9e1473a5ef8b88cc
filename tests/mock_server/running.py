"""Starts stand-in sites for tests, and ends them also where a test fails."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import msgspec
import psutil

from threadviz.mock_server.sites import Site, Trouble

COMMAND = [sys.executable, "-m", "threadviz.mock_server", "1"]


@dataclass(frozen=True)
class StandIn:
    """A stand-in site that serves: its process, and the URLs of its sites in order."""

    process: "subprocess.Popen[bytes]"
    urls: list[str]


@contextmanager
def stand_in(*sites: Site) -> Iterator[StandIn]:
    """Serve `sites` for as long as the block lasts."""
    with subprocess.Popen(COMMAND, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield StandIn(process, ask(process, sites))
        finally:
            process.kill()


def ask(process: "subprocess.Popen[bytes]", sites: Sequence[Site]) -> list[str]:
    """Send the sites to `process`, and return the URLs that it answers with."""
    assert process.stdin
    assert process.stdout
    process.stdin.write(msgspec.json.encode(sites) + b"\n")
    process.stdin.flush()
    return msgspec.json.decode(process.stdout.readline(), type=list[str])


def site(trouble: Trouble | None = None, *, size: int = 1000, seconds: float = 0.0) -> Site:
    """Return a site of some size, with or without trouble."""
    return Site("http://site.example/", size, seconds, "site", trouble)


def wait_until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Return as soon as `condition` holds; fails the test where it does not within so many seconds."""
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "what was waited for has not come"
        time.sleep(0.01)


def is_gone(pid: int) -> bool:
    """Return whether the process runs no more (one that nobody has waited for yet counts as gone)."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
