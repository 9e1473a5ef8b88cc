"""Commands that run something, or go back to what was run."""

from functools import partial

from threadviz.processes import GRACE_S
from threadviz.tui.commands.command import Command, CommandGroup

_run = partial(Command, group=CommandGroup.RUN)

COMMANDS: tuple[Command, ...] = (
    _run(
        "choose",
        ("n",),
        "New run",
        "Choose workload, mode, workers, sites and tasks, and run them.",
        do=lambda desk: desk.runs.choose(),
        footer="New",
    ),
    _run(
        "compare",
        ("m",),
        "Compare modes",
        "Run this workload under all modes, one after the other, on one time axis.",
        do=lambda desk: desk.runs.compare_modes(),
        footer="Compare",
        fits=lambda desk: desk.runs.of_workload,
    ),
    _run(
        "stop",
        ("x",),
        "Stop",
        "End the run that goes on; what was measured of it stays. A program and all that it has started are sent"
        f" SIGTERM, and SIGKILL where they are still there {GRACE_S:.0f} s later; a process that was running before is"
        " let go of, and goes on.",
        do=lambda desk: desk.runs.stop(),
        footer="Stop",
        possible=lambda desk: desk.runs.running,
    ),
    _run(
        "again",
        ("r",),
        "Run again",
        "Run the same once more.",
        do=lambda desk: desk.runs.again(),
        # The output and the input of a program were the command's to give, and are given.
        fits=lambda desk: not desk.runs.has_output,
        footer="Again",
    ),
    _run(
        "back",
        ("b",),
        "Earlier runs",
        "Go back to an earlier run of this sitting, or compare some of them.",
        do=lambda desk: desk.runs.go_back(),
    ),
)
