"""The dialog for a new run."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, NamedTuple, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Button, Checkbox, Input, Label, OptionList, Static

from threadviz.mock_server.config import SetsError, load
from threadviz.mock_server.sites import SiteSet
from threadviz.modes import MODES
from threadviz.protocol.requests import RunRequest
from threadviz.run_options import (
    DEFAULT_SET,
    DEFAULT_TIMEOUT_S,
    OWN,
    OptionsError,
    RunOptions,
    fitting,
    items_of,
    requests,
)
from threadviz.text import NS_PER_S, count, seconds
from threadviz.tui.screens.dialog import CheckField, Choice, Dialog, buttons
from threadviz.workloads import WORKLOADS
from threadviz.workloads.items import STDIN, CallArguments

T = TypeVar("T")

ALL_MODES = "all"
"""The choice among the modes that stands for all of them, one after the other."""

_WORKLOAD_CHOICES = {
    **{workload.name: workload.about for workload in WORKLOADS.values()},
    OWN: "a function of yours, any that blocks",
}
_MODE_CHOICES = {
    **{mode.name: mode.about for mode in MODES.values()},
    ALL_MODES: "one after the other, compared on one time axis",
}
_WORKERS_NOTES = {
    "blocking": "plain calls have none: this is for other modes",
    "threads": "threads in the pool",
    "processes": "processes in the pool",
    ALL_MODES: "threads or processes; plain calls have none",
}
_ITEMS_PLACEHOLDER = "a file with one item a line, or JSON lines for several arguments"
_URLS_PLACEHOLDER = "the sets of threadviz; or type the path of a file of yours"
_FETCH_FIELDS = ("set", "urls", "online", "timeout")
_FUNCTION_ROW = "function"
_WORKLOAD_ROW = "workload"
"""Classes of the rows that are for user functions only, and for workloads only."""


class NewRun(NamedTuple):
    """The result of the dialog: one request for each mode, and the options to begin with the next time.

    The options may have values that this workload has no use for, but another one may.
    """

    options: RunOptions
    requests: list[RunRequest]


class InputFile(NamedTuple):
    """What was read from the file at the `typed` path. `error` is a clause if it can't be used."""

    typed: str
    sets: Mapping[str, SiteSet] = MappingProxyType({})
    items: Sequence[CallArguments] = ()
    error: str = ""


def _read_sets(typed: str) -> InputFile:
    """Read the sets of sites as they are now; those of threadviz if the path is empty."""
    try:
        return InputFile(typed, sets=load(_path(typed)))
    except SetsError as error:
        return InputFile(typed, error=str(error))


def _read_items(typed: str) -> InputFile:
    """Read the items for a user function as they are now; none if the path is empty."""
    path = _path(typed)
    if path == STDIN:
        wrong = "is '-', standard input, which here is the keyboard: give the path of a file"
        return InputFile(typed, error=wrong)
    try:
        return InputFile(typed, items=items_of(path) if path else ())
    except OptionsError as error:
        return InputFile(typed, error=error.wrong)


class NewRunScreen(Dialog[NewRun]):
    """Begins with these `options` and `modes`. It stays open as long as a field is wrong, and says so at the field."""

    CSS_PATH = ["dialog.tcss", "new_run.tcss"]  # noqa: RUF012 - as Textual has it
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "start", "Run", show=False)]

    def __init__(self, options: RunOptions, modes: Sequence[str]) -> None:
        super().__init__()
        self._options = options
        self._mode = modes[0] if len(modes) == 1 else ALL_MODES
        self._sets_file = _read_sets(str(options.urls or ""))
        self._items_file = _read_items(str(options.items or ""))
        self._submitted = False

    def compose(self) -> ComposeResult:
        options = self._options
        with VerticalScroll(classes="dialog", can_focus=False) as dialog:
            dialog.border_title = "What to run"
            dialog.border_subtitle = "enter runs it, tab goes on, arrows choose, escape leaves"
            yield _row("Workload", Choice(_WORKLOAD_CHOICES, options.workload, id="workload"))
            yield _row("Mode", Choice(_MODE_CHOICES, self._mode, id="mode"), gap=True)
            call = _text_input("call", options.call or "", "package.module:function")
            yield _row("Function", call, kind=_FUNCTION_ROW, gap=True)
            items = _text_input("items", self._items_file.typed, _ITEMS_PLACEHOLDER)
            yield _row("Items", items, kind=_FUNCTION_ROW)
            yield _row("Repeat", *_number_input("repeat", options.repeat), kind=_FUNCTION_ROW)
            yield _row("Workers", *_number_input("workers", options.workers), gap=True)
            yield _row("Tasks", *_number_input("tasks", options.tasks), kind=_WORKLOAD_ROW)
            choices = _set_choices(self._sets_file)
            sets = Choice(choices, options.set_name or DEFAULT_SET, id="set")
            yield _row("Sites", Vertical(sets, _note("set")), kind=_WORKLOAD_ROW, gap=True)
            urls = _text_input("urls", self._sets_file.typed, _URLS_PLACEHOLDER)
            yield _row("File", urls, kind=_WORKLOAD_ROW)
            online = CheckField("fetch the real addresses", options.online, id="online", compact=True)
            yield _row("Online", online, kind=_WORKLOAD_ROW)
            timeout = _number_input("timeout", options.timeout_s, f"{DEFAULT_TIMEOUT_S:g}")
            yield _row("Timeout", *timeout, kind=_WORKLOAD_ROW, gap=True)
            portable = "portable: tell only running from waiting"
            yield _row(
                "Probe", CheckField(portable, options.probe == "portable", id="portable", compact=True)
            )
            yield _note("all")
            yield buttons("Run", "run")

    def on_mount(self) -> None:
        self._update()

    @on(OptionList.OptionHighlighted)
    @on(Input.Changed)
    @on(Checkbox.Changed)
    def _update(self) -> None:
        """Show the fields that matter, the automatic values, and what is wrong."""
        workload, fetches = self._chosen("workload"), self._fetches
        workers, errors = "?", {}
        try:
            workers = str(self._new_run().requests[0].workers)
        except OptionsError as error:
            if not self._is_untouched(error.field):
                errors[error.field or "all"] = f"! {error.wrong}"
        for row in self.query(f".{_FUNCTION_ROW}, .{_WORKLOAD_ROW}"):
            row.display = row.has_class(_FUNCTION_ROW) is (workload == OWN)
        for name in _FETCH_FIELDS:
            self.query_one(f"#{name}").disabled = not fetches
        if not self._typed("workers"):  # else nobody sees the placeholder
            self.query_one("#workers", Input).placeholder = f"automatic: {workers}"
        self.query_one("#tasks", Input).placeholder = f"automatic: {self._automatic_tasks() or '?'}"
        notes = {
            "repeat": "calls without arguments; it needs no items",
            "workers": _WORKERS_NOTES.get(self._chosen("mode"), ""),
            "tasks": "calls; automatic is one for each site" if fetches else "calls",
            "timeout": "seconds that a fetch may take",
            "set": self._set_note(),
            **errors,
        }
        for note in self.query(".words").results(Static):
            name = str(note.name)
            note.update(notes.get(name, ""))
            note.set_class(name in errors, "-wrong")
            note.display = name in notes

    def _is_untouched(self, name: str) -> bool:
        """Return whether a field is not filled in yet, or just being filled in: then it is not wrong yet."""
        if name == "items" and self._typed(name) != self._items_file.typed:
            return True
        return name in ("call", "items") and not self._typed(name) and not self._submitted

    def _automatic_tasks(self) -> int | None:
        """Return the number of tasks if none is given; None where that is not known."""
        if self._chosen("workload") == OWN:
            return None
        sites = self._sets_file.sets.get(self._chosen("set"))
        return WORKLOADS[self._chosen("workload")].tasks or (len(sites.sites) if sites else None)

    def _set_note(self) -> str:
        if not self._fetches:
            return f"{self._chosen('workload')} fetches nothing"
        name = self._chosen("set")
        return self._sets_file.sets[name].about if name else "none to choose from"

    @on(Input.Blurred, "#urls")
    def _update_sets(self) -> None:
        sets_file = _read_sets(self._typed("urls"))
        if sets_file != self._sets_file:
            self._sets_file = sets_file
            sets = self.query_one("#set", Choice)
            sets.set_choices(_set_choices(sets_file), sets.chosen or DEFAULT_SET)
            self._update()

    @on(Input.Blurred, "#items")
    def _update_items(self) -> None:
        items_file = _read_items(self._typed("items"))
        if items_file != self._items_file:
            self._items_file = items_file
            self._update()

    @on(Input.Submitted)
    @on(Button.Pressed, "#run")
    def action_start(self) -> None:
        """Leave with what was chosen. If that changes the sets to choose from, show them first."""
        sets_before, set_before = self._sets_file, self._chosen("set")
        self._update_sets()
        self._update_items()
        self._submitted = True
        try:
            new_run = self._new_run()
        except OptionsError as error:
            self._update()
            self.query_one(f"#{error.field or 'set'}").focus()
            return
        other_file = self._sets_file.typed != sets_before.typed or sets_before.error
        if self._fetches and (other_file or self._chosen("set") != set_before):
            self.query_one("#set").focus()
        else:
            self.dismiss(new_run)

    def _new_run(self) -> NewRun:
        """Return what the fields come to. Raises OptionsError."""
        is_function, fetches = self._chosen("workload") == OWN, self._fetches
        if fetches and self._sets_file.error:
            raise OptionsError(self._sets_file.error, "urls")
        if is_function and self._items_file.error:
            raise OptionsError(self._items_file.error, "items")
        # A field that the workload has no use for is never wrong.
        options = RunOptions(
            workload=self._chosen("workload"),
            workers=self._number("workers", int),
            tasks=self._number("tasks", int, strict=not is_function),
            set_name=self._chosen("set") or None,
            urls=_path(self._sets_file.typed),
            online=self.query_one("#online", CheckField).value,
            timeout_s=self._number("timeout", float, strict=fetches),
            probe="portable" if self.query_one("#portable", CheckField).value else "auto",
            call=self._typed("call").strip() or None,
            items=_path(self._items_file.typed),
            repeat=self._number("repeat", int, strict=is_function),
        )
        mode = self._chosen("mode")
        modes = list(MODES) if mode == ALL_MODES else [mode]
        sets, items = self._sets_file.sets, self._items_file.items
        return NewRun(options, requests(fitting(options), modes, sets, items))

    @property
    def _fetches(self) -> bool:
        workload = self._chosen("workload")
        return workload != OWN and WORKLOADS[workload].fetches

    def _chosen(self, name: str) -> str:
        return self.query_one(f"#{name}", Choice).chosen

    def _typed(self, name: str) -> str:
        return self.query_one(f"#{name}", Input).value

    def _number(self, name: str, number: Callable[[str], T], *, strict: bool = True) -> T | None:
        """Return the number in a field, None if it is empty, or also if it is no number and not `strict`."""
        text = self._typed(name).strip()
        try:
            return number(text) if text else None
        except ValueError as error:
            if not strict:
                return None
            kind = "a whole number" if number is int else "a number of seconds"
            raise OptionsError(f"is {text!r}: give {kind}, or nothing", name) from error


def _row(label: str, *fields: Widget, kind: str = "", gap: bool = False) -> Horizontal:
    """Return fields with a label; `gap` leaves a line above them free, if there is room."""
    return Horizontal(
        Label(label, classes="label"), *fields, classes=f"row {kind} begins" if gap else f"row {kind}"
    )


def _text_input(name: str, text: str, placeholder: str) -> Vertical:
    return Vertical(Input(text, id=name, placeholder=placeholder, compact=True), _note(name))


def _number_input(name: str, value: float | None, placeholder: str = "") -> tuple[Input, Static]:
    text = "" if value is None else f"{value:g}"
    number = Input(text, id=name, placeholder=placeholder, max_length=16, compact=True, classes="number")
    return number, _note(name)


def _note(name: str) -> Static:
    """Return the line for a note about a field, or for what is wrong with it."""
    return Static(name=name, markup=False, classes="words")


def _set_choices(sets_file: InputFile) -> dict[str, str]:
    return {
        name: f"{count(len(each.sites), 'site')}, {_total(each)} in all"
        for name, each in sets_file.sets.items()
    }


def _total(sites: SiteSet) -> str:
    return seconds(int(sum(site.seconds for site in sites.sites) * NS_PER_S))


def _path(typed: str) -> Path | None:
    """Return the typed path, with `~` as the home folder; None if it is empty."""
    if not typed:
        return None
    try:
        return Path(typed).expanduser()
    except RuntimeError:  # there is no such user: then it is a name like others
        return Path(typed)
