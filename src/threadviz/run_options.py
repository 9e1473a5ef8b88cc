"""The options of a run: checked, and turned into requests, or into one sentence that says what is wrong."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from msgspec import structs

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
"""The workload that stands for a user function, which `RunOptions.call` names."""

DEFAULT_SET = "default"
DEFAULT_MAX_WORKERS = 32
"""The most workers by default: as many as asyncio's own pool has."""

_CALLING = ("call", "items", "repeat")
_FETCHING = ("set_name", "urls", "online", "timeout_s")
_FUNCTION = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*:[^\W\d]\w*(\.[^\W\d]\w*)*")
_WAY = "give package.module:function, such as json:loads"


class OptionsError(ValueError):
    """An option is wrong. `wrong` is a clause, and `field` the option that it is about ('' for several).

    `as_options` is the whole sentence, which names options as the command does; in `wrong` they are the fields of the
    app. `other` is another option that `wrong` names.
    """

    def __init__(self, wrong: str, field: str = "", other: str = "") -> None:
        super().__init__(f"{field} {wrong}" if field else wrong)
        self.wrong = wrong
        self.field = field
        as_option = wrong.replace(other, f"--{other}") if other else wrong
        self.as_options = f"--{field} {as_option}" if field else as_option


@dataclass(frozen=True, slots=True)
class RunOptions:
    """What to run, as the user said it; None for what was not said.

    `call` is a function, 'package.module:name', if the workload is `OWN`. It is called with the items of the file
    `items` (see `threadviz.workloads.items`), or `repeat` times without arguments.
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


_DEFAULTS = RunOptions()


def requests(
    options: RunOptions,
    modes: Collection[str],
    sets: Mapping[str, SiteSet] | None = None,
    items: Sequence[CallArguments] | None = None,
) -> list[RunRequest]:
    """Return one request for each of `modes`. Raises OptionsError.

    `sets` and `items` are the contents of the files, if they have been read already.
    """
    workload = WORKLOADS.get(options.workload)
    if workload is None and options.workload != OWN:
        raise _unknown("workload", options.workload, WORKLOADS)
    for mode in modes:
        if mode not in MODES:
            raise _unknown("mode", mode, MODES)
    _check_range("workers", options.workers, MAX_WORKERS)
    for attribute, why in _useless(workload).items():
        if getattr(options, attribute) is not getattr(_DEFAULTS, attribute):
            raise OptionsError(f"{why}: leave it out", attribute.removesuffix("_name").removesuffix("_s"))
    request = _function_request(options, items) if workload is None else _request(workload, options, sets)
    return [structs.replace(request, mode=mode) for mode in modes]


def _request(workload: Workload, options: RunOptions, sets: Mapping[str, SiteSet] | None) -> RunRequest:
    """Return the request for a workload, without its mode."""
    _check_range("tasks", options.tasks, MAX_TASKS)
    if options.timeout_s is not None and not 0 < options.timeout_s <= MAX_TIMEOUT_S:  # nor is NaN
        raise OptionsError(
            f"is {options.timeout_s:g}: give a number of seconds above 0, at most {MAX_TIMEOUT_S:g}",
            "timeout",
        )
    sites = _sites(options, sets) if workload.fetches else ()
    tasks = options.tasks or workload.tasks or len(sites)
    return RunRequest(
        workload=workload.name,
        mode="",
        workers=options.workers or min(tasks, DEFAULT_MAX_WORKERS if workload.fetches else max(2, cores())),
        tasks=options.tasks,
        sites=sites,
        online=options.online,
        timeout_s=options.timeout_s or DEFAULT_TIMEOUT_S,
        probe=options.probe,
    )


def _function_request(options: RunOptions, read: Sequence[CallArguments] | None) -> RunRequest:
    """Return the request for a user function, without its mode."""
    function = _function(options.call)
    items = tuple(CallItem(*each) for each in _arguments(options, function, read))
    return RunRequest(
        workload=function,
        mode="",
        workers=options.workers or min(len(items), max(2, cores())),
        probe=options.probe,
        calling=UserFunction(function=function, folder=_folder(), items=items),
    )


def fitting(options: RunOptions) -> RunOptions:
    """Return the options that fit the workload: without those about fetching if it fetches nothing, for instance."""
    if options.workload not in {*WORKLOADS, OWN}:
        return options
    useless = _useless(WORKLOADS.get(options.workload))
    return replace(options, **{attribute: getattr(_DEFAULTS, attribute) for attribute in useless})


def _useless(workload: Workload | None) -> dict[str, str]:
    """Return the options that do not fit a workload (a user function if None), each with a clause that says why."""
    if workload is None:
        each_item = "is not for a function of your own, which is called once for each item"
        why = "is for workloads that threadviz has, and not for a function of your own"
        return {"tasks": each_item, **dict.fromkeys(_FETCHING, why)}
    useless = dict.fromkeys(_CALLING, f"is for a function of your own, and {workload.name} is none")
    if not workload.fetches:
        fetching = " or ".join(name for name, other in WORKLOADS.items() if other.fetches)
        useless |= dict.fromkeys(_FETCHING, f"is for {fetching}, and {workload.name} fetches nothing")
    return useless


def split_modes(text: str) -> list[str]:
    """Return the modes in a list such as 'blocking,threads'. Raises OptionsError."""
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


def _sites(options: RunOptions, sets: Mapping[str, SiteSet] | None) -> tuple[Site, ...]:
    if sets is None:
        try:
            sets = load(options.urls)
        except SetsError as error:
            raise OptionsError(str(error)) from error
    name = options.set_name
    if not name:
        name = DEFAULT_SET if DEFAULT_SET in sets else next(iter(sets))
        if name != DEFAULT_SET and len(sets) > 1:
            raise OptionsError(
                f"is not given, and {str(options.urls)!r} has several: say which of {', '.join(sets)}", "set"
            )
    if name not in sets:
        raise _unknown("set", name, sets)
    return sets[name].sites


def _folder() -> str:
    """Return the current folder, where a user function is looked for first."""
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
    options: RunOptions, function: str, read: Sequence[CallArguments] | None
) -> Sequence[CallArguments]:
    if options.items is not None and options.repeat is not None:
        raise OptionsError(
            "is for a function without arguments, and items are arguments: leave one out", "repeat"
        )
    _check_range("repeat", options.repeat, MAX_TASKS)
    if options.repeat is not None:
        return repeated(function.rpartition(":")[2], options.repeat)
    if options.items is None:
        raise OptionsError(
            "is not given: name a file with one item a line, or say with repeat how often to call a function without"
            " arguments",
            "items",
            other="repeat",
        )
    return items_of(options.items) if read is None else read


def items_of(path: Path) -> list[CallArguments]:
    """Read a file of items. Raises OptionsError."""
    try:
        return read_items(path, MAX_TASKS)
    except ItemsError as error:
        raise OptionsError(str(error), "items") from error
