"""The dialog in which one goes back to earlier runs."""

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, OptionList, Static
from textual.widgets.option_list import Option

from threadviz.presentation.cells import run_window
from threadviz.presentation.summary import what_ran
from threadviz.protocol.events import Outcome
from threadviz.text import count, printable, seconds
from threadviz.tui.runs.run import Run
from threadviz.tui.runs.session import RunGroup
from threadviz.tui.screens.dialog import Dialog

_MARKED, _UNMARKED, _NO_MARK = "[x] ", "[ ] ", "    "


class RunHistoryScreen(Dialog[tuple[RunGroup, ...]]):
    """Has the `groups`, newest first, and begins at `current`. Its result are those to look at.

    That is the one under the cursor, or those that were marked. One that goes on can't be marked.
    """

    CSS_PATH = ["dialog.tcss", "run_history.tcss"]  # noqa: RUF012 - as Textual has it
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "look", "Look", show=False)]

    def __init__(self, groups: Sequence[RunGroup], current: RunGroup | None, *, plain: bool) -> None:
        super().__init__(plain=plain)
        self._groups = tuple(reversed(groups))
        self._current = current

    def compose(self) -> ComposeResult:
        """The runs, and what can be done with them."""
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Earlier runs"
            dialog.border_subtitle = "enter looks at it, space marks some to compare"
            yield RunList(self._groups, self._current)
            yield Static(id="trouble", markup=False)
            with Horizontal(classes="buttons"):
                yield Button("Look at it", variant="primary", id="look", compact=True)
                yield Button("Leave", id="leave", compact=True)

    @on(OptionList.OptionHighlighted)
    def say(self) -> None:
        """Say what has gone wrong with the runs under the cursor, and what `enter` would do."""
        marks = self.query_one(RunList)
        group = marks.under_cursor
        self.query_one("#trouble", Static).update("\n".join(_troubles(group)) if group else "")
        several = len(marks.picked) > 1
        self.query_one("#look", Button).label = f"Compare {len(marks.picked)}" if several else "Look at it"

    @on(Button.Pressed, "#look")
    def action_look(self) -> None:
        """Leave with what was picked."""
        self.dismiss(self.query_one(RunList).picked or None)

    @on(Button.Pressed, "#leave")
    def _leave(self) -> None:
        self.action_leave()


class RunList(OptionList, inherit_bindings=False):
    """The runs, of which several can be marked: by `space`, or by a click on the box."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "cursor_up", "Previous", show=False),
        Binding("down,j", "cursor_down", "Next", show=False),
        Binding("home", "first", "First", show=False),
        Binding("end", "last", "Last", show=False),
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("pagedown", "page_down", "Page down", show=False),
        Binding("space", "mark", "Mark", show=False),
    ]

    def __init__(self, groups: Sequence[RunGroup], current: RunGroup | None) -> None:
        super().__init__(markup=False, compact=True)
        self._groups = groups
        self._marked: set[int] = set()
        width = max((len(_title(group)) for group in groups), default=0)
        self._texts = [f"{_title(group):{width}}  {_ending(group)}" for group in groups]
        self.add_options([Option(self._prompt(index)) for index in range(len(groups))])
        if current in groups:
            self.highlighted = groups.index(current)

    @property
    def under_cursor(self) -> RunGroup | None:
        """What is under the cursor."""
        return None if self.highlighted is None else self._groups[self.highlighted]

    @property
    def picked(self) -> tuple[RunGroup, ...]:
        """Those that are marked, oldest first, or else the one under the cursor."""
        marked = [self._groups[index] for index in sorted(self._marked, reverse=True)]
        return tuple(marked or filter(None, [self.under_cursor]))

    def action_mark(self) -> None:
        """Mark what is under the cursor, or unmark it."""
        if self.highlighted is not None:
            self._mark(self.highlighted)

    def on_click(self, event: events.Click) -> None:
        """Mark or unmark, where the click was on a box."""
        index = event.style.meta.get("option")
        if index is not None and event.x < len(_MARKED):
            self._mark(index)

    def _mark(self, index: int) -> None:
        if self._groups[index].over:
            self._marked ^= {index}
            self.replace_option_prompt_at_index(index, self._prompt(index))
            self.post_message(self.OptionHighlighted(self, self.get_option_at_index(index), index))

    def _prompt(self, index: int) -> str:
        mark = _MARKED if index in self._marked else _UNMARKED
        return f"{mark if self._groups[index].over else _NO_MARK}{self._texts[index]}"


def _title(group: RunGroup) -> str:
    first = group.runs[0]
    if group.comparison or not first.begun:
        return printable(group.title)
    return what_ran(first.timeline)


def _ending(group: RunGroup) -> str:
    """How long each of its runs took, and what has become of it."""
    took = ", ".join(seconds(run_window(run.timeline).length) for run in group.runs if run.begun)
    if not group.over:
        return f"{took or 'nothing'} so far"
    failed = sum(task.error is not None for run in group.runs for task in run.timeline.finished_tasks())
    words = [f"{count(failed, 'task')} failed"] if failed else []
    if any(run.trouble for run in group.runs):
        words.append("went wrong")
    elif any(_interrupted(run) for run in group.runs):
        words.append("stopped")
    if group.left_out:
        words.append(f"{len(group.left_out)} not run")
    return ", ".join([took, *words] if took else words)


def _interrupted(run: Run) -> bool:
    closed = run.timeline.closed
    return closed is None or closed.outcome is Outcome.INTERRUPTED


def _troubles(group: RunGroup) -> list[str]:
    return [printable(f"! {run.title}: {run.trouble}.") for run in group.runs if run.trouble]
