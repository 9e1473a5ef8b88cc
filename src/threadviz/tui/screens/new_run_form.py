"""What was typed and picked in the dialog of a new run, and what it comes to. No widgets here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from threadviz.mock_server.config import SetsError, load
from threadviz.mock_server.sites import SiteSet
from threadviz.modes import MODES
from threadviz.protocol.requests import RunRequest
from threadviz.run_options import OWN, OptionsError, RunOptions, fitting, items_of, requests
from threadviz.workloads import WORKLOADS
from threadviz.workloads.items import STDIN, CallArguments

ALL_MODES = "all"
"""Stands among the modes for all of them, one after the other."""


@dataclass(frozen=True, slots=True)
class ChosenRun:
    """What to run: one request for each of `modes`.

    `asked` is what to begin with the next time. It may have wishes that its workload has no use for, and that another
    may have again: see `threadviz.run_options.fitting`.
    """

    asked: RunOptions
    modes: tuple[str, ...]
    requests: list[RunRequest]


@dataclass(frozen=True, slots=True)
class SetsFile:
    """The sets in the file whose path was `typed`; where nothing was, those of threadviz.

    `wrong` is a sentence where the file can't be used.
    """

    typed: str
    sets: Mapping[str, SiteSet] = field(default_factory=dict)
    wrong: str = ""

    @classmethod
    def read(cls, typed: str) -> "SetsFile":
        """Read the file as it is now."""
        try:
            return cls(typed, load(path_of(typed)))
        except SetsError as error:
            return cls(typed, wrong=str(error))


@dataclass(frozen=True, slots=True)
class ItemsFile:
    """What a function is to be called with, from the file whose path was `typed`; nothing where none was.

    `wrong` is a sentence where the file can't be used.
    """

    typed: str
    items: Sequence[CallArguments] = ()
    wrong: str = ""

    @classmethod
    def read(cls, typed: str) -> "ItemsFile":
        """Read the file as it is now."""
        path = path_of(typed)
        if path is None:
            return cls(typed)
        if path == STDIN:
            return cls(
                typed, wrong="is '-', standard input, which here is the keyboard: give the path of a file"
            )
        try:
            return cls(typed, items_of(path))
        except OptionsError as error:
            return cls(typed, wrong=error.wrong)


def path_of(typed: str) -> Path | None:
    """The path that was typed, in which `~` is the home folder; None where nothing was."""
    if not typed:
        return None
    try:
        return Path(typed).expanduser()
    except RuntimeError:  # there is no such user: then it is a name like others
        return Path(typed)


@dataclass(frozen=True, slots=True)
class NewRunForm:
    """The fields, as they are. Numbers are as they were typed; an empty one leaves the choice to the machine."""

    workload: str
    mode: str
    workers: str
    tasks: str
    set_name: str
    file: SetsFile
    online: bool
    timeout: str
    portable: bool
    call: str
    items: ItemsFile
    repeat: str

    @property
    def own(self) -> bool:
        """Whether a function of the user's own is to be called: else all that is about that is of no use."""
        return self.workload == OWN

    @property
    def fetches(self) -> bool:
        """Whether the workload fetches: else all that is about fetching is of no use."""
        return not self.own and WORKLOADS[self.workload].fetches

    @property
    def modes(self) -> tuple[str, ...]:
        """What it is to run under."""
        return tuple(MODES) if self.mode == ALL_MODES else (self.mode,)

    def chosen(self) -> ChosenRun:
        """What they come to. Raises AskError."""
        if self.fetches and self.file.wrong:
            raise OptionsError(self.file.wrong, "urls")
        if self.own and self.items.wrong:
            raise OptionsError(self.items.wrong, "items")
        asked = RunOptions(
            workload=self.workload,
            workers=_whole("workers", self.workers),
            tasks=_whole("tasks", self.tasks, needed=not self.own),
            set_name=self.set_name or None,
            urls=path_of(self.file.typed),
            online=self.online,
            timeout_s=_seconds(self.timeout, needed=self.fetches),
            probe="portable" if self.portable else "auto",
            call=self.call.strip() or None,
            items=path_of(self.items.typed),
            repeat=_whole("repeat", self.repeat, needed=self.own),
        )
        return ChosenRun(
            asked, self.modes, requests(fitting(asked), self.modes, self.file.sets, self.items.items)
        )

    def automatic_tasks(self) -> int | None:
        """How many tasks a run has where nobody says; None where it is not known what to fetch, or to call."""
        if self.own:
            return None
        sites = self.file.sets.get(self.set_name)
        return WORKLOADS[self.workload].tasks or (len(sites.sites) if sites else None)


def _whole(field: str, text: str, needed: bool = True) -> int | None:
    if not text.strip():
        return None
    try:
        return int(text)
    except ValueError as error:
        if needed:
            raise OptionsError(f"is {text!r}: give a whole number, or nothing", field) from error
        return None


def _seconds(text: str, needed: bool) -> float | None:
    if not text.strip():
        return None
    try:
        return float(text)
    except ValueError as error:
        if needed:
            raise OptionsError(f"is {text!r}: give a number of seconds, or nothing", "timeout") from error
        return None
