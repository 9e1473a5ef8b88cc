"""A program that is started to be watched."""

import os
from collections.abc import Callable
from pathlib import Path

from threadviz import naming
from threadviz.observer.clock import RunClock
from threadviz.observer.header import header
from threadviz.observer.machine import open_as_many_files_as_allowed
from threadviz.observer.onlooking import Onlooking
from threadviz.observer.prepared import Prepared
from threadviz.observer.probing.probes import choose_probe
from threadviz.observer.subjects.child import Child
from threadviz.observer.subjects.hearing import Hearing
from threadviz.observer.subjects.orphans import Orphans
from threadviz.observer.subjects.start import CalledOffError, called_off
from threadviz.observer.telling.names import SaidNames
from threadviz.observer.telling.said import Said
from threadviz.observer.telling.tellers import tellers_for
from threadviz.processes.inherited import descriptors, environment
from threadviz.processes.offspring import adopt_orphans
from threadviz.processes.passing import PASSED_ON
from threadviz.request import ExecRequest
from threadviz.task_pipe import TASKS

NAMING = Path(naming.__file__).parent
"""The folder of what a program imports so that its threads can be named."""

PIPE_VARIABLE = "THREADVIZ_NAMES"
"""Holds the path of the named pipe that takes their names."""


def prepare_program(request: ExecRequest, scratch: Path, lifeline: int, clock: RunClock) -> Prepared:
    """Start the program, stopped before its first step, and open the books. Raises StartError and OSError."""
    names = SaidNames(scratch / "names")
    tasks = Said(scratch / "tasks", clock)
    adopt_orphans(True)
    streams = request.stdin, request.stdout, request.stderr
    child = Child(
        request.command,
        {**_with_names(environment(), names.path), TASKS: str(tasks.path)},
        streams,
        descriptors().difference(streams),
        foreground=request.foreground,
    )
    hearing = Hearing() if request.foreground else None
    open_as_many_files_as_allowed()  # only now, so that the program's limit is what it would be
    probe = choose_probe(child.pid, request.probe, clock)
    tellers = [*tellers_for(probe, stacks=request.stacks), names, tasks, Orphans(child.pid, probe.meet)]
    clock.start()
    probe.begin()
    watch = Onlooking(child, probe, tellers, lifeline, clock, _passing_on(child, hearing))

    def go() -> None:
        if called_off(lifeline):
            raise CalledOffError
        child.go()

    return Prepared(header(request, probe=probe.info), watch, go)


def _with_names(variables: dict[str, str], pipe: Path) -> dict[str, str]:
    """Return the environment with what has the program's threads named; as it is where that can't be said in it."""
    if os.pathsep in str(NAMING):
        return variables
    others = variables.get("PYTHONPATH")
    path = f"{NAMING}{os.pathsep}{others}" if others else str(NAMING)
    return {**variables, "PYTHONPATH": path, PIPE_VARIABLE: str(pipe)}


def _passing_on(child: Child, hearing: Hearing | None) -> Callable[[bytes], None]:
    """Return what passes signals on to the program: those that the viewer says it was sent, by their numbers."""

    def heed(said: bytes) -> None:
        for number in map(int, said.split()):
            if number in PASSED_ON and not (hearing and hearing.heard(number)):
                child.send(number)

    return heed
