"""The dialog for going back to earlier runs."""

from collections.abc import Sequence
from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Button, OptionList, Static
from textual.widgets.option_list import Option

from threadviz.presentation.cells import run_window
from threadviz.presentation.summary import what_ran
from threadviz.protocol.events import Outcome
from threadviz.text import count, printable, seconds
from threadviz.tui.runs import RunGroup
from threadviz.tui.screens.dialog import Dialog, DialogList, buttons

_MARKED, _UNMARKED, _NO_MARK = "[x] ", "[ ] ", "    "


class RunHistoryScreen(Dialog[tuple[RunGroup, ...]]):
    """Lists the `groups`, newest first, with the cursor at `current`. Returns the chosen ones, oldest first.

    Those are the marked ones, else the one under the cursor. A group that goes on can't be marked.
    """

    CSS_PATH = ["dialog.tcss", "run_history.tcss"]  # noqa: RUF012 - as Textual has it
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter", "look", "Look", show=False)]

    def __init__(self, groups: Sequence[RunGroup], current: RunGroup) -> None:
        super().__init__()
        self._run_list = RunList(tuple(reversed(groups)), current)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Earlier runs"
            dialog.border_subtitle = "enter looks at it, space marks some to compare"
            yield self._run_list
            yield Static(id="trouble", markup=False)
            yield buttons("Look at it", "look")

    @on(OptionList.OptionHighlighted)
    def _update(self) -> None:
        """Show what went wrong with the runs under the cursor, and what `enter` does."""
        group = self._run_list.under_cursor
        troubles = [f"! {run.title}: {run.trouble}." for run in group.runs if run.trouble] if group else []
        self.query_one("#trouble", Static).update("\n".join(map(printable, troubles)))
        chosen = len(self._run_list.chosen)
        self.query_one("#look", Button).label = f"Compare {chosen}" if chosen > 1 else "Look at it"

    @on(Button.Pressed, "#look")
    def action_look(self) -> None:
        """Leave with the chosen groups."""
        self.dismiss(self._run_list.chosen or None)


class RunList(DialogList):
    """A list of run groups, of which several can be marked: by `space`, or by a click on the box."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("pagedown", "page_down", "Page down", show=False),
        Binding("space", "mark", "Mark", show=False),
    ]

    def __init__(self, groups: Sequence[RunGroup], current: RunGroup) -> None:
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
        """The group under the cursor."""
        return None if self.highlighted is None else self._groups[self.highlighted]

    @property
    def chosen(self) -> tuple[RunGroup, ...]:
        """The marked groups, oldest first, else the one under the cursor."""
        marked = [self._groups[index] for index in sorted(self._marked, reverse=True)]
        return tuple(marked or filter(None, [self.under_cursor]))

    def action_mark(self) -> None:
        """Mark the group under the cursor, or unmark it."""
        if self.highlighted is not None:
            self._mark(self.highlighted)

    def on_click(self, event: events.Click) -> None:
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
    if group.comparison or not first.timeline.begun:
        return printable(group.title)
    return what_ran(first.timeline)


def _ending(group: RunGroup) -> str:
    """Return how long each of the runs took, and how they ended."""
    durations = ", ".join(
        seconds(run_window(run.timeline).length) for run in group.runs if run.timeline.begun
    )
    if not group.over:
        return f"{durations or 'nothing'} so far"
    failed = sum(task.error is not None for run in group.runs for task in run.timeline.finished_tasks())
    ends = [run.timeline.closed for run in group.runs]
    notes = [durations] if durations else []
    if failed:
        notes.append(f"{count(failed, 'task')} failed")
    if any(run.trouble for run in group.runs):
        notes.append("went wrong")
    elif any(closed is None or closed.outcome is Outcome.INTERRUPTED for closed in ends):
        notes.append("stopped")
    if group.left_out:
        notes.append(f"{len(group.left_out)} not run")
    return ", ".join(notes)
