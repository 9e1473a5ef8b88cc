"""What a command is, and what it acts on."""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from threadviz.tui.scene import Scene


class Group(enum.StrEnum):
    """What a command is about: a heading in the help."""

    RUN = "Run"
    LOOK = "Look"
    REPLAY = "Slow motion"
    PANELS = "Panels"
    APP = "App"


class Panel(enum.StrEnum):
    """What stands below the lanes, or beside them."""

    FINDINGS = "findings"
    TASKS = "tasks"
    DETAILS = "details"
    CODE = "code"


class Desk(Protocol):
    """Where commands are carried out: the main screen."""

    @property
    def scene(self) -> Scene:
        """What is looked at."""
        ...

    @property
    def running(self) -> bool:
        """Whether a run goes on, whether or not it is looked at."""
        ...

    def choose(self) -> None:
        """Ask what to run next."""

    def run_again(self) -> None:
        """Run what is looked at once more."""

    def compare_modes(self) -> None:
        """Run the workload that is looked at under all modes."""

    def stop_run(self) -> None:
        """End the run that goes on."""

    def go_back(self) -> None:
        """Ask which of the earlier runs to look at."""

    def toggle_panel(self, panel: Panel) -> None:
        """Show a panel, or put it away where it is shown."""

    def scroll_panel(self, pages: int) -> None:
        """Move the text of the panel by so many pages."""

    def pick_task(self, rows: int) -> None:
        """Pick the task so many rows below the one that is picked."""

    def sort_tasks(self) -> None:
        """Sort the tasks by the next column."""

    def step_back(self) -> None:
        """Undo the latest of: panel opened, cursor put, lane picked."""

    def save_picture(self) -> None:
        """Save the screen as it is."""

    def save_recording(self) -> None:
        """Save the recording of what is looked at."""

    def show_help(self) -> None:
        """Show all commands, and how to read the lanes."""

    def leave(self) -> None:
        """End the app."""


@dataclass(frozen=True, slots=True)
class Command:
    """`keys` are Textual's names of keys, `label` is a word or two, `about` a sentence.

    It stands in the footer where it has a `footer`: neighbours with the same one share it. `possible` says whether
    there is anything for it to do.
    """

    id: str
    keys: tuple[str, ...]
    label: str
    about: str
    group: Group
    do: Callable[[Desk], None]
    footer: str = ""
    possible: Callable[[Desk], bool] = lambda desk: True
