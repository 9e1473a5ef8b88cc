"""What may be asked for: turns what a user wants into requests, or says in one sentence what is wrong with it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from threadviz.modes import MODES
from threadviz.observer.machine import cores
from threadviz.request import ProbeChoice, RunRequest
from threadviz.site.sets import Site, SiteSet
from threadviz.site.urls_file import SetsError, load
from threadviz.workloads import WORKLOADS, Workload

MAX_WORKERS = 1024
MAX_TASKS = 100_000
MAX_TIMEOUT_S = 3600.0
DEFAULT_TIMEOUT_S = 10.0

DEFAULT_SET = "default"
DEFAULT_MAX_WORKERS = 32
"""No more workers than these, unless somebody asks for them: as many as asyncio's own pool has at most."""


class AskError(ValueError):
    """What was asked for can't be. `wrong` is a clause; `field` says which wish it is about, where it is one alone."""

    def __init__(self, wrong: str, field: str = "") -> None:
        super().__init__(f"{field} {wrong}" if field else wrong)
        self.wrong = wrong
        self.field = field


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody wishes to be run; None where nothing was said."""

    workload: str = "fetch"
    workers: int | None = None
    tasks: int | None = None
    set_name: str | None = None
    urls: Path | None = None
    online: bool = False
    timeout_s: float | None = None
    probe: ProbeChoice = "auto"


def requests(
    asked: Asked, modes: Collection[str], sets: Mapping[str, SiteSet] | None = None
) -> list[RunRequest]:
    """Return what to run: the same under each of `modes`. Raises AskError.

    `sets` are those of the file that was asked for, where somebody has read it already.
    """
    workload = WORKLOADS.get(asked.workload)
    if workload is None:
        raise _unknown("workload", asked.workload, WORKLOADS)
    for mode in modes:
        if mode not in MODES:
            raise _unknown("mode", mode, MODES)
    _check_range("workers", asked.workers, MAX_WORKERS)
    _check_range("tasks", asked.tasks, MAX_TASKS)
    if asked.timeout_s is not None and not 0 < asked.timeout_s <= MAX_TIMEOUT_S:  # nor is NaN
        raise AskError(
            f"is {asked.timeout_s:g}: give a number of seconds above 0, at most {MAX_TIMEOUT_S:g}", "timeout"
        )
    sites = _sites(asked, sets) if workload.fetches else _no_sites(asked)
    return [
        RunRequest(
            workload=workload.name,
            mode=mode,
            workers=asked.workers or _workers(workload, asked.tasks or workload.tasks or len(sites)),
            tasks=asked.tasks,
            sites=sites,
            online=asked.online,
            timeout_s=asked.timeout_s or DEFAULT_TIMEOUT_S,
            probe=asked.probe,
        )
        for mode in modes
    ]


def fitting(asked: Asked) -> Asked:
    """Return `asked` without what its workload has no use for: wishes about fetching, where it fetches nothing."""
    workload = WORKLOADS.get(asked.workload)
    if workload is None or workload.fetches:
        return asked
    return replace(asked, set_name=None, urls=None, online=False, timeout_s=None)


def split_modes(text: str) -> list[str]:
    """Return the modes in a list such as 'blocking,threads'. Raises AskError."""
    modes = [mode.strip() for mode in text.split(",")]
    twice = next((mode for mode in modes if modes.count(mode) > 1), None)
    if twice is not None:
        raise AskError(f"names {twice!r} twice: give each mode once", "modes")
    return modes


def _unknown(what: str, name: str, known: Collection[str]) -> AskError:
    return AskError(f"there is no {what} {name!r}: take one of {', '.join(known)}")


def _check_range(field: str, number: int | None, most: int) -> None:
    if number is not None and not 1 <= number <= most:
        raise AskError(f"is {number}: give a number from 1 to {most}", field)


def _workers(workload: Workload, tasks: int) -> int:
    """Return how many workers a run gets when nobody says: see the help of --workers."""
    return min(tasks, DEFAULT_MAX_WORKERS if workload.fetches else max(2, cores()))


def _sites(asked: Asked, sets: Mapping[str, SiteSet] | None) -> tuple[Site, ...]:
    if sets is None:
        try:
            sets = load(asked.urls)
        except SetsError as error:
            raise AskError(str(error)) from error
    name = asked.set_name or _default_set(asked.urls, sets)
    if name not in sets:
        raise _unknown("set", name, sets)
    return sets[name].sites


def _default_set(urls: Path | None, sets: Mapping[str, SiteSet]) -> str:
    if DEFAULT_SET in sets:
        return DEFAULT_SET
    if len(sets) > 1:
        raise AskError(f"is not given, and {str(urls)!r} has several: say which of {', '.join(sets)}", "set")
    return next(iter(sets))


def _no_sites(asked: Asked) -> tuple[Site, ...]:
    given = {
        "set": asked.set_name,
        "urls": asked.urls,
        "online": asked.online or None,
        "timeout": asked.timeout_s,
    }
    for field, value in given.items():
        if value is not None:
            fetching = " or ".join(name for name, workload in WORKLOADS.items() if workload.fetches)
            raise AskError(f"is for {fetching}, and {asked.workload} fetches nothing: leave it out", field)
    return ()
