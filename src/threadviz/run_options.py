"""What may be asked for: turns what a user wants into requests, or says in one sentence what is wrong with it."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from threadviz.mock_server.config import SetsError, load
from threadviz.mock_server.sites import Site, SiteSet
from threadviz.modes import MODES
from threadviz.observer.system import cores
from threadviz.protocol.requests import ProbeChoice, RunRequest, UserFunction
from threadviz.protocol.subject import CallItem
from threadviz.workloads import WORKLOADS, Workload
from threadviz.workloads.items import CallArguments, ItemsError, read_items, repeated

MAX_WORKERS = 1024
MAX_TASKS = 100_000
MAX_TIMEOUT_S = 3600.0
DEFAULT_TIMEOUT_S = 10.0

OWN = "call"
"""As a workload: a function of somebody's own, which `Asked.call` names."""

DEFAULT_SET = "default"
DEFAULT_MAX_WORKERS = 32
"""No more workers than these, unless somebody asks for them: as many as asyncio's own pool has at most."""

_FETCHING = ("set", "urls", "online", "timeout")
_FUNCTION = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")
_WAY = "give package.module:function, such as json:loads"


class OptionsError(ValueError):
    """What was asked for can't be. `wrong` is a clause; `field` says which wish it is about, where it is one alone.

    `others` are the other wishes that `wrong` speaks of, each by a field's name in braces: a user meets them as fields,
    or as options.
    """

    def __init__(self, wrong: str, field: str = "", others: Collection[str] = ()) -> None:
        self._wrong = wrong
        self._others = others
        self.field = field
        super().__init__(f"{field} {self.wrong}" if field else self.wrong)

    @property
    def wrong(self) -> str:
        """The clause, with wishes by their names."""
        return self._named("")

    @property
    def as_options(self) -> str:
        """All of it in the words of a command, whose options are the wishes."""
        return f"--{self.field} {self._named('--')}" if self.field else self._named("--")

    def _named(self, prefix: str) -> str:
        wrong = self._wrong
        for other in self._others:
            wrong = wrong.replace(f"{{{other}}}", f"{prefix}{other}")
        return wrong


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What somebody wishes to be run; None where nothing was said.

    `call` is a function, 'package.module:name', where the workload is `OWN`: to be called with what stands in the file
    `items` (see `threadviz.workloads.items`), or without arguments, `repeat` times.
    """

    workload: str = "fetch"
    workers: int | None = None
    tasks: int | None = None
    set_name: str | None = None
    urls: Path | None = None
    online: bool = False
    timeout_s: float | None = None
    probe: ProbeChoice = "auto"
    call: str | None = None
    items: Path | None = None
    repeat: int | None = None


def requests(
    asked: RunOptions,
    modes: Collection[str],
    sets: Mapping[str, SiteSet] | None = None,
    items: Sequence[CallArguments] | None = None,
) -> list[RunRequest]:
    """Return what to run: the same under each of `modes`. Raises AskError.

    `sets` and `items` are those of the files that were asked for, where somebody has read them already.
    """
    workload = WORKLOADS.get(asked.workload)
    if workload is None and asked.workload != OWN:
        raise _unknown("workload", asked.workload, WORKLOADS)
    for mode in modes:
        if mode not in MODES:
            raise _unknown("mode", mode, MODES)
    _check_range("workers", asked.workers, MAX_WORKERS)
    if workload is None:
        return _calling_requests(asked, modes, items)
    _refuse(
        asked, ("call", "items", "repeat"), f"is for a function of your own, and {asked.workload} is none"
    )
    _check_range("tasks", asked.tasks, MAX_TASKS)
    if asked.timeout_s is not None and not 0 < asked.timeout_s <= MAX_TIMEOUT_S:  # nor is NaN
        raise OptionsError(
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


def fitting(asked: RunOptions) -> RunOptions:
    """Return `asked` without what its workload has no use for: such as wishes about fetching, where it does not."""
    workload = WORKLOADS.get(asked.workload)
    if workload is None and asked.workload != OWN:
        return asked
    if workload is not None:
        asked = replace(asked, call=None, items=None, repeat=None)
        if workload.fetches:
            return asked
    tasks = None if workload is None else asked.tasks
    return replace(asked, tasks=tasks, set_name=None, urls=None, online=False, timeout_s=None)


def split_modes(text: str) -> list[str]:
    """Return the modes in a list such as 'blocking,threads'. Raises AskError."""
    modes = [mode.strip() for mode in text.split(",")]
    twice = next((mode for mode in modes if modes.count(mode) > 1), None)
    if twice is not None:
        raise OptionsError(f"names {twice!r} twice: give each mode once", "modes")
    return modes


def _unknown(what: str, name: str, known: Collection[str]) -> OptionsError:
    return OptionsError(f"there is no {what} {name!r}: take one of {', '.join(known)}")


def _check_range(field: str, number: int | None, most: int) -> None:
    if number is not None and not 1 <= number <= most:
        raise OptionsError(f"is {number}: give a number from 1 to {most}", field)


def _workers(workload: Workload, tasks: int) -> int:
    """Return how many workers a run gets when nobody says: see the help of --workers."""
    return min(tasks, DEFAULT_MAX_WORKERS if workload.fetches else max(2, cores()))


def _sites(asked: RunOptions, sets: Mapping[str, SiteSet] | None) -> tuple[Site, ...]:
    if sets is None:
        try:
            sets = load(asked.urls)
        except SetsError as error:
            raise OptionsError(str(error)) from error
    name = asked.set_name or _default_set(asked.urls, sets)
    if name not in sets:
        raise _unknown("set", name, sets)
    return sets[name].sites


def _default_set(urls: Path | None, sets: Mapping[str, SiteSet]) -> str:
    if DEFAULT_SET in sets:
        return DEFAULT_SET
    if len(sets) > 1:
        raise OptionsError(
            f"is not given, and {str(urls)!r} has several: say which of {', '.join(sets)}", "set"
        )
    return next(iter(sets))


def _no_sites(asked: RunOptions) -> tuple[Site, ...]:
    fetching = " or ".join(name for name, workload in WORKLOADS.items() if workload.fetches)
    _refuse(asked, _FETCHING, f"is for {fetching}, and {asked.workload} fetches nothing")
    return ()


def _refuse(asked: RunOptions, fields: Collection[str], why: str) -> None:
    """Raise AskError where something was said about one of `fields`."""
    given = {
        "tasks": asked.tasks,
        "set": asked.set_name,
        "urls": asked.urls,
        "online": asked.online or None,
        "timeout": asked.timeout_s,
        "call": asked.call,
        "items": asked.items,
        "repeat": asked.repeat,
    }
    for field in fields:
        if given[field] is not None:
            raise OptionsError(f"{why}: leave it out", field)


def _calling_requests(
    asked: RunOptions, modes: Collection[str], read: Sequence[CallArguments] | None
) -> list[RunRequest]:
    """Return what to run of a function of somebody's own."""
    _refuse(asked, ("tasks",), "is not for a function of your own, which is called once for each item")
    _refuse(asked, _FETCHING, "is for workloads that threadviz has, and not for a function of your own")
    function = _function(asked.call)
    items = tuple(CallItem(*each) for each in _arguments(asked, function, read))
    calling = UserFunction(function=function, folder=_folder(), items=items)
    return [
        RunRequest(
            workload=function,
            mode=mode,
            workers=asked.workers or min(len(items), max(2, cores())),
            probe=asked.probe,
            calling=calling,
        )
        for mode in modes
    ]


def _folder() -> str:
    """Return the current folder, which is looked in first for a function of somebody's own."""
    folder = str(Path.cwd())
    try:
        folder.encode()
    except UnicodeEncodeError:
        raise OptionsError(
            f"can't be looked for in the current folder, whose name is not UTF-8 ({folder!r}): rename it",
            "call",
        ) from None
    return folder


def _function(call: str | None) -> str:
    if not call:
        raise OptionsError(f"is not given: {_WAY}", "call")
    module, _, name = call.partition(":")
    is_path = "/" in module or (module.endswith(".py") and Path(module).is_file())
    if _FUNCTION.fullmatch(call) and not is_path:
        return call
    if is_path:
        meant = module.removesuffix(".py").strip("./").replace("/", ".")
        raise OptionsError(
            f"is {call!r}, the path of a file: give the module's name, such as {meant}:{name or 'function'}",
            "call",
        )
    raise OptionsError(f"is {call!r}: {_WAY}", "call")


def _arguments(
    asked: RunOptions, function: str, read: Sequence[CallArguments] | None
) -> Sequence[CallArguments]:
    if asked.items is not None and asked.repeat is not None:
        raise OptionsError(
            "is for a function without arguments, and items are arguments: leave one out", "repeat"
        )
    _check_range("repeat", asked.repeat, MAX_TASKS)
    if asked.repeat is not None:
        return repeated(function.rpartition(":")[2], asked.repeat)
    if asked.items is None:
        raise OptionsError(
            "is not given: name a file with one item a line, or say with {repeat} how often to call a function without"
            " arguments",
            "items",
            others=("repeat",),
        )
    return items_of(asked.items) if read is None else read


def items_of(path: Path) -> list[CallArguments]:
    """Return what stands in a file of items. Raises AskError."""
    try:
        return read_items(path, MAX_TASKS)
    except ItemsError as error:
        raise OptionsError(str(error), "items") from error
