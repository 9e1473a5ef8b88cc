"""What is run from the main screen, and what is kept of it."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import msgspec
from textual.screen import Screen

from threadviz.modes import MODES
from threadviz.protocol.requests import Request, RunRequest
from threadviz.recordings.writer import SaveError
from threadviz.run_options import RunOptions
from threadviz.text import printable
from threadviz.tui.runs import RunGroup, Session
from threadviz.tui.runs.ansi import TerminalText
from threadviz.tui.screens.new_run_form import ChosenRun

# The dialogs are imported when they are asked for: the first lanes need not wait for them.


class RunController:
    """Starts, stops and finds the runs of `sitting`, for `screen`, on which it asks and tells. A `commands.RunDesk`."""

    def __init__(self, screen: Screen[None], session: Session, *, plain: bool) -> None:
        self._screen = screen
        self._sitting = session
        self._plain = plain
        self._asked = RunOptions()
        self._modes: tuple[str, ...] = ("threads",)

    @property
    def running(self) -> bool:
        """Whether a run goes on, whether or not it is looked at, that was not told to stop."""
        run = self._sitting.running
        return run is not None and not run.stopping

    @property
    def of_workload(self) -> bool:
        """Whether what is looked at is a workload, which has other modes."""
        group = self._sitting.current
        return group is None or group.of_workload

    @property
    def has_tasks(self) -> bool:
        """Whether what is looked at has tasks: a workload, or a program that has told of some."""
        group = self._sitting.current
        return group is None or self.of_workload or any(run.timeline.tasks for run in group.runs)

    @property
    def has_output(self) -> bool:
        """Whether what is looked at is a program whose output comes here."""
        return self.printed is not None

    @property
    def printed(self) -> TerminalText | None:
        """What that has printed, where that comes here."""
        group = self._sitting.current
        outputs = () if group is None else (run.output for run in reversed(group.runs))
        return next((output for output in outputs if output is not None), None)

    @property
    def pending(self) -> Sequence[str]:
        """The modes of what is looked at that are still to be run."""
        group = self._sitting.current
        return [] if group is None else [request.mode for request in group.waiting]

    @property
    def not_run(self) -> Sequence[str]:
        """The modes of what is looked at of which nothing was measured, and nothing will be."""
        group = self._sitting.current
        return [] if group is None else group.not_run

    def choose(self) -> None:
        """Ask what to run next."""
        from threadviz.tui.screens.new_run import NewRunScreen

        self._screen.app.push_screen(NewRunScreen(self._asked, self._modes, plain=self._plain), self._start)

    def again(self) -> None:
        """Run what is looked at once more."""
        if requests := self._requests():
            self._sitting.compare(requests)

    def compare_modes(self) -> None:
        """Run the workload that is looked at under all modes."""
        if requests := [each for each in self._requests() if isinstance(each, RunRequest)]:
            self._sitting.compare([msgspec.structs.replace(requests[0], mode=mode) for mode in MODES])

    def stop(self) -> None:
        """End the run that goes on."""
        self._sitting.stop()

    def go_back(self) -> None:
        """Ask which of the earlier runs to look at."""
        from threadviz.tui.screens.run_history import RunHistoryScreen

        session = self._sitting
        self._screen.app.push_screen(
            RunHistoryScreen(session.groups, session.current, plain=self._plain), self._look_at
        )

    def save(self) -> None:
        """Save the recording of what is looked at, each run in a file of its own."""
        group, notify = self._sitting.current, self._screen.notify
        for run in group.runs if group else ():
            try:
                path = Path.cwd() / run.file_name(datetime.now())
                run.save(path)
            except SaveError as error:
                notify(f"This can't be saved, for {error}.", severity="warning", markup=False)
            except OSError as error:
                notify(
                    f"The recording can't be saved in the current folder ({error.strerror}).",
                    severity="error",
                    markup=False,
                )
            else:
                notify(printable(f"Saved {path}"), markup=False)

    def _start(self, chosen: ChosenRun | None) -> None:
        if chosen is not None:
            self._asked, self._modes = chosen.asked, chosen.modes
            self._sitting.compare(chosen.requests)

    def _look_at(self, picked: Sequence[RunGroup] | None) -> None:
        groups = self._sitting.groups
        # The oldest may have gone in the meantime.
        kept = [group for group in picked or () if group in groups]
        if len(kept) == 1:
            self._sitting.go_to(groups.index(kept[0]))
        elif kept:
            self._sitting.add([run for group in kept for run in group.runs])

    def _requests(self) -> list[Request]:
        """Return what was asked for to get what is looked at; nothing, and say so, where that is not known."""
        group = self._sitting.current
        requests = [] if group is None else group.requests
        if not requests:
            self._screen.notify(
                "This was not run here, so it can't be run again: choose a new run.", severity="warning"
            )
        return requests
