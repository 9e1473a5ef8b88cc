"""What the commands do about runs: start, stop, save and find them."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from textual.screen import Screen

from threadviz.modes import MODES
from threadviz.protocol.requests import Request, RunRequest
from threadviz.recordings.writer import SaveError
from threadviz.run_options import RunOptions
from threadviz.text import printable
from threadviz.tui.runs import RunGroup, Session

# The dialogs are imported when they are opened, so that the first lanes need not wait for them.

if TYPE_CHECKING:
    from threadviz.tui.screens.new_run import NewRun


class RunController:
    """Controls the runs of `session`, with dialogs and notifications on `screen`."""

    def __init__(self, screen: Screen[None], session: Session) -> None:
        self._screen = screen
        self._session = session
        self._options = RunOptions()
        self._modes: Sequence[str] = ("threads",)

    @property
    def group(self) -> RunGroup:
        """The current run group, which is on the screen."""
        return self._session.current

    @property
    def running(self) -> bool:
        """Whether a run goes on that was not told to stop, be it on the screen or not."""
        run = self._session.running
        return run is not None and not run.stopped

    def show_new_run(self) -> None:
        """Open the dialog for a new run."""
        from threadviz.tui.screens.new_run import NewRunScreen

        self._screen.app.push_screen(NewRunScreen(self._options, self._modes), self._start)

    def _start(self, chosen: "NewRun | None") -> None:
        if chosen is not None:
            self._options, self._modes = chosen.options, [request.mode for request in chosen.requests]
            self._session.start(*chosen.requests)

    def run_again(self) -> None:
        """Run the current group once more."""
        if requests := self._requests():
            self._session.start(*requests)

    def compare_modes(self) -> None:
        """Run the current workload under all modes."""
        if requests := [each for each in self._requests() if isinstance(each, RunRequest)]:
            self._session.start(*(msgspec.structs.replace(requests[0], mode=mode) for mode in MODES))

    def _requests(self) -> Sequence[Request]:
        requests = self.group.requests
        if not requests:
            self._screen.notify(
                "This was not run here, so it can't be run again: choose a new run.", severity="warning"
            )
        return requests

    def stop(self) -> None:
        """Stop the run that goes on."""
        self._session.stop()

    def show_history(self) -> None:
        """Open the dialog with the earlier runs."""
        from threadviz.tui.screens.run_history import RunHistoryScreen

        session = self._session
        dialog = RunHistoryScreen(session.groups, session.current)
        self._screen.app.push_screen(dialog, self._show_groups)

    def _show_groups(self, chosen: Sequence[RunGroup] | None) -> None:
        # The oldest may have been dropped while the dialog was open.
        kept = [group for group in chosen or () if group in self._session.groups]
        if len(kept) == 1:
            self._session.current = kept[0]
        elif kept:
            self._session.add([run for group in kept for run in group.runs])

    def save(self) -> None:
        """Save a recording of each run of the current group in a new file in the current folder."""
        notify = self._screen.notify
        for run in self.group.runs:
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
