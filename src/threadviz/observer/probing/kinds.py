"""What the processes of a run are: told by their command lines, and by who started them."""

from collections.abc import Callable

from threadviz.observer.probing.watched import ProcessKind

SPAWNED = "--multiprocessing-fork"
"""What stands in the command line of a worker that `multiprocessing` has spawned (CPython, Lib/multiprocessing)."""

KindOf = Callable[[str, ProcessKind, str], ProcessKind]
"""Tells a process's kind by its command line, its parent's kind and its parent's command line.

The lines are empty where they are not known.
"""


def in_program(command: str, parent: ProcessKind, parents_command: str) -> ProcessKind:
    """Tell what a process of a program is: nobody knows what each of them is for."""
    return ProcessKind.of_child(command, parent)


def in_pool(command: str, parent: ProcessKind, parents_command: str) -> ProcessKind:
    """Tell what a process is where the subject has a process pool: what its workers start, tasks have started.

    A worker that was forked has the command line of the subject.
    """
    if parent in (ProcessKind.WORKER, ProcessKind.OF_TASK):
        return ProcessKind.OF_TASK
    kind = ProcessKind.of_child(command, parent)
    if kind is ProcessKind.WORKER and parent is ProcessKind.SUBJECT:
        its_own = command not in ("", parents_command) and SPAWNED not in command
        return ProcessKind.OF_TASK if its_own else kind
    return kind


def without_pool(command: str, parent: ProcessKind, parents_command: str) -> ProcessKind:
    """Tell what a process is where the subject makes all calls itself: what it starts, tasks have started."""
    kind = ProcessKind.of_child(command, parent)
    return ProcessKind.OF_TASK if kind is ProcessKind.WORKER else kind
