"""The dialog in which one chooses what to run."""

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.widget import Widget
from textual.widgets import Button, Checkbox, Input, Label, OptionList, Static

from threadviz.mock_server.sites import SiteSet
from threadviz.modes import MODES
from threadviz.run_options import DEFAULT_SET, DEFAULT_TIMEOUT_S, OWN, OptionsError, RunOptions
from threadviz.text import NS_PER_S, count, seconds
from threadviz.tui.screens.dialog import CheckField, Choice, ChoiceItem, Dialog
from threadviz.tui.screens.new_run_form import ALL_MODES, ChosenRun, ItemsFile, NewRunForm, SetsFile
from threadviz.workloads import WORKLOADS

_WORKERS = {
    "blocking": "plain calls have none: this is for other modes",
    "threads": "threads in the pool",
    "processes": "processes in the pool",
    ALL_MODES: "threads or processes; plain calls have none",
}
_ITEMS = "a file with one item a line, or JSON lines for several arguments"
_FETCHING = ("set", "urls", "online", "timeout")
_OWN = "own"
_OTHERS = "others"
"""Rows that are for a function of the user's own alone, and for all other workloads."""


class NewRunScreen(Dialog[ChosenRun]):
    """Begins with what was `asked`, under `modes`: the last time, or by default.

    As long as something that was chosen can't be, a sentence at its field says so, and the dialog stays.
    """

    CSS_PATH = ["dialog.tcss", "new_run.tcss"]  # noqa: RUF012 - as Textual has it
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "start", "Run", show=False)]

    def __init__(self, asked: RunOptions, modes: Sequence[str], *, plain: bool) -> None:
        super().__init__(plain=plain)
        self._asked = asked
        self._mode = modes[0] if len(modes) == 1 else ALL_MODES
        self._file = SetsFile.read("" if asked.urls is None else str(asked.urls))
        self._items = ItemsFile.read("" if asked.items is None else str(asked.items))
        self._tried = False

    def compose(self) -> ComposeResult:
        """The fields, from the top."""
        asked, plain = self._asked, self.plain
        workloads = [ChoiceItem(workload.name, workload.about) for workload in WORKLOADS.values()]
        workloads.append(ChoiceItem(OWN, "a function of yours, any that blocks"))
        modes = [ChoiceItem(mode.name, mode.about) for mode in MODES.values()]
        modes.append(ChoiceItem(ALL_MODES, "one after the other, compared on one time axis"))
        with VerticalScroll(classes="dialog", can_focus=False) as dialog:
            dialog.border_title = "What to run"
            dialog.border_subtitle = "enter runs it, tab goes on, arrows choose, escape leaves"
            yield _row("Workload", Choice(workloads, asked.workload, plain=plain, id="workload"))
            yield _row("Mode", Choice(modes, self._mode, plain=plain, id="mode"), begins=True)
            call = Input(asked.call or "", id="call", placeholder="package.module:function", compact=True)
            yield _row("Function", Vertical(call, _words("call")), kind=_OWN, begins=True)
            items = Input(self._items.typed, id="items", placeholder=_ITEMS, compact=True)
            yield _row("Items", Vertical(items, _words("items")), kind=_OWN)
            yield _row("Repeat", *_number("repeat", asked.repeat), kind=_OWN)
            yield _row("Workers", *_number("workers", asked.workers), begins=True)
            yield _row("Tasks", *_number("tasks", asked.tasks), kind=_OTHERS)
            sets = Choice(_items(self._file), asked.set_name or DEFAULT_SET, plain=plain, id="set")
            yield _row("Sites", Vertical(sets, _words("set")), kind=_OTHERS, begins=True)
            shipped = "the sets of threadviz; or type the path of a file of yours"
            file = Input(self._file.typed, id="urls", placeholder=shipped, compact=True)
            yield _row("File", Vertical(file, _words("urls")), kind=_OTHERS)
            online = CheckField("fetch the real addresses", asked.online, id="online", compact=True)
            yield _row("Online", online, kind=_OTHERS)
            yield _row("Timeout", *_number("timeout", asked.timeout_s), kind=_OTHERS, begins=True)
            portable = "portable: tell only running from waiting"
            yield _row("Probe", CheckField(portable, asked.probe == "portable", id="portable", compact=True))
            yield _words("all")
            with Horizontal(classes="buttons"):
                yield Button("Run", variant="primary", id="run", compact=True)
                yield Button("Leave", id="leave", compact=True)

    def on_mount(self) -> None:
        """Say what the fields come to."""
        self._say_outcome()

    @on(OptionList.OptionHighlighted)
    @on(Input.Changed)
    @on(Checkbox.Changed)
    def _say_outcome(self) -> None:
        """Say what is left to the machine, and what is wrong, and where."""
        wishes = self._wishes()
        workers, wrong = _outcome(wishes)
        for row in self.query(f".{_OWN}, .{_OTHERS}"):
            row.display = row.has_class(_OWN) is wishes.own
        wrong = {field: words for field, words in wrong.items() if not self._too_early(field)}
        for field in _FETCHING:
            self.query_one(f"#{field}").disabled = not wishes.fetches
        if not wishes.workers:  # else nobody sees it
            self.query_one("#workers", Input).placeholder = f"automatic: {workers or '?'}"
        self.query_one("#tasks", Input).placeholder = f"automatic: {wishes.automatic_tasks() or '?'}"
        words = {
            "repeat": "calls without arguments; it needs no items",
            "workers": _WORKERS[wishes.mode],
            "tasks": "calls; automatic is one for each site" if wishes.fetches else "calls",
            "timeout": "seconds that a fetch may take",
            "set": _about_set(wishes),
        }
        for static in self.query(".words").results(Static):
            field = str(static.name)
            static.update(f"! {wrong[field]}" if field in wrong else words.get(field, ""))
            static.set_class(field in wrong, "-wrong")
            static.display = field in wrong or field in words

    def _too_early(self, field: str) -> bool:
        """Whether nobody has come to a field yet, or is still at it: so far, nothing is wrong with it."""
        if field == "items" and self._typed(field) != self._items.typed:
            return True
        return field in ("call", "items") and not self._typed(field) and not self._tried

    @on(Input.Blurred, "#urls")
    def _take_file(self) -> None:
        """Offer the sets of the file whose path was typed."""
        if self._to_be_read():
            self._read_file()

    @on(Input.Blurred, "#items")
    def _read_items(self) -> None:
        """Take what the file has now whose path was typed."""
        items = ItemsFile.read(self._typed("items"))
        if items != self._items:
            self._items = items
            self._say_outcome()

    def _to_be_read(self) -> bool:
        """Whether another file than before is to be used, or one that could not be."""
        return self.query_one("#urls", Input).value != self._file.typed or bool(self._file.wrong)

    def _read_file(self) -> None:
        """Offer the sets that the file has now."""
        file = SetsFile.read(self.query_one("#urls", Input).value)
        if file != self._file:
            self._file = file
            sets = self.query_one("#set", Choice)
            sets.offer(_items(file), sets.chosen or DEFAULT_SET)
            self._say_outcome()

    @on(Input.Submitted)
    @on(Button.Pressed, "#run")
    def action_start(self) -> None:
        """Leave with what was chosen; where the sets to choose from are others only now, show them first."""
        news, before = self._to_be_read(), self._wishes()
        self._read_file()
        self._read_items()
        self._tried = True
        wishes = self._wishes()
        try:
            chosen = wishes.chosen()
        except OptionsError as error:
            self._say_outcome()
            self.query_one(f"#{error.field or 'set'}").focus()
            return
        if wishes.fetches and (news or wishes.set_name != before.set_name):
            self.query_one("#set").focus()
        else:
            self.dismiss(chosen)

    @on(Button.Pressed, "#leave")
    def _leave(self) -> None:
        self.action_leave()

    def _wishes(self) -> NewRunForm:
        def chosen(field: str) -> str:
            return self.query_one(f"#{field}", Choice).chosen

        def ticked(field: str) -> bool:
            return self.query_one(f"#{field}", CheckField).value

        return NewRunForm(
            workload=chosen("workload"),
            mode=chosen("mode"),
            workers=self._typed("workers"),
            tasks=self._typed("tasks"),
            set_name=chosen("set"),
            file=self._file,
            online=ticked("online"),
            timeout=self._typed("timeout"),
            portable=ticked("portable"),
            call=self._typed("call"),
            items=self._items,
            repeat=self._typed("repeat"),
        )

    def _typed(self, field: str) -> str:
        return self.query_one(f"#{field}", Input).value


def _row(label: str, *fields: Widget, kind: str = "", begins: bool = False) -> Horizontal:
    """Return fields with a label; `begins` parts them from those above, where there is room."""
    classes = f"row {kind} begins" if begins else f"row {kind}"
    return Horizontal(Label(label, classes="label"), *fields, classes=classes)


def _number(field: str, value: float | None) -> tuple[Input, Static]:
    text = "" if value is None else f"{value:g}"
    placeholder = f"{DEFAULT_TIMEOUT_S:g}" if field == "timeout" else ""
    typed = Input(text, id=field, placeholder=placeholder, max_length=16, compact=True, classes="number")
    return typed, _words(field)


def _words(field: str) -> Static:
    """Where something is said about a field."""
    return Static(name=field, markup=False, classes="words")


def _items(file: SetsFile) -> list[ChoiceItem]:
    return [
        ChoiceItem(name, f"{count(len(one.sites), 'site')}, {_in_all(one)} in all")
        for name, one in file.sets.items()
    ]


def _about_set(wishes: NewRunForm) -> str:
    if not wishes.fetches:
        return f"{wishes.workload} fetches nothing"
    return wishes.file.sets[wishes.set_name].about if wishes.set_name else "none to choose from"


def _in_all(sites: SiteSet) -> str:
    return seconds(int(sum(site.seconds for site in sites.sites) * NS_PER_S))


def _outcome(wishes: NewRunForm) -> tuple[int | None, dict[str, str]]:
    """How many workers a run would have, and what is wrong, by the field that it is about."""
    try:
        return wishes.chosen().requests[0].workers, {}
    except OptionsError as error:
        return None, {error.field or "all": error.wrong}
