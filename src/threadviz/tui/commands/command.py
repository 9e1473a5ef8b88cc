"""What a command is, and what it acts on."""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from threadviz.tui.view import View


class CommandGroup(enum.StrEnum):
    """What a command is about: a heading in the help."""

    RUN = "Run"
    LOOK = "Look"
    LANES = "Lanes"
    REPLAY = "Slow motion"
    PANELS = "Panels"
    APP = "App"


class Panel(enum.StrEnum):
    """What stands below the lanes, or beside them."""

    FINDINGS = "findings"
    TASKS = "tasks"
    DETAILS = "details"
    CODE = "code"
    OUTPUT = "output"


class RunDesk(Protocol):
    """Where commands are carried out that are about runs, more than about the picture."""

    @property
    def running(self) -> bool:
        """Whether a run goes on, whether or not it is looked at."""
        ...

    @property
    def of_workload(self) -> bool:
        """Whether what is looked at is a workload, which has other modes."""
        ...

    @property
    def has_tasks(self) -> bool:
        """Whether what is looked at has tasks: a workload, or a program that has told of some."""
        ...

    @property
    def has_output(self) -> bool:
        """Whether what is looked at is a program whose output comes here."""
        ...

    def choose(self) -> None:
        """Ask what to run next."""

    def again(self) -> None:
        """Run what is looked at once more."""

    def compare_modes(self) -> None:
        """Run the workload that is looked at under all modes."""

    def stop(self) -> None:
        """End the run that goes on."""

    def go_back(self) -> None:
        """Ask which of the earlier runs to look at."""

    def save(self) -> None:
        """Save the recording of what is looked at."""


class Desk(Protocol):
    """Where commands are carried out: the main screen."""

    @property
    def view(self) -> View:
        """What is looked at."""
        ...

    @property
    def runs(self) -> RunDesk:
        """Where runs are seen to."""
        ...

    def find(self) -> None:
        """Ask which lanes to show."""

    def toggle_panel(self, panel: Panel) -> None:
        """Show a panel, or put it away where it is shown."""

    def scroll_panel(self, pages: int) -> None:
        """Move the text of the panel by so many pages."""

    def select_task(self, rows: int) -> None:
        """Pick the task so many rows below the one that is picked."""

    def sort_tasks(self) -> None:
        """Sort the tasks by the next column."""

    def step_back(self) -> None:
        """Undo the latest of: panel opened, cursor put, lane picked, lanes sought."""

    def save_picture(self) -> None:
        """Save the screen as it is."""

    def show_help(self) -> None:
        """Show all commands, and how to read the lanes."""

    def leave(self) -> None:
        """End the app."""


@dataclass(frozen=True, slots=True)
class Command:
    """`keys` are Textual's names of keys, `label` is a word or two, `about` a sentence.

    It stands in the footer where it has a `footer`: neighbours with the same one share it. `fits` says whether it makes
    sense for what is looked at at all, and `possible` whether there is anything for it to do now. One that `takes_keys`
    is carried out before the key that follows is looked at, for that is meant for what it opens.
    """

    id: str
    keys: tuple[str, ...]
    label: str
    about: str
    group: CommandGroup
    do: Callable[[Desk], None]
    footer: str = ""
    possible: Callable[[Desk], bool] = lambda desk: True
    fits: Callable[[Desk], bool] = lambda desk: True
    takes_keys: bool = False
