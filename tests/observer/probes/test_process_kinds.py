"""What processes are taken for."""

import pytest

from threadviz.observer.probes.base import ProcessKind, in_pool, without_pool

SUBJECT = "python -P -m threadviz.subject "
SPAWNED = "python -c from multiprocessing.spawn import spawn_main; spawn_main() --multiprocessing-fork "
SERVER = "python -c from multiprocessing.forkserver import main; main() "
TRACKER = "python -c from multiprocessing.resource_tracker import main; main() "


@pytest.mark.parametrize(
    ("command", "parent", "kind", "otherwise"),
    [
        (SUBJECT, "subject", "worker", "task's process"),
        (SPAWNED, "subject", "worker", "task's process"),
        ("", "subject", "worker", "task's process"),
        ("sleep 1 ", "subject", "task's process", "task's process"),
        (SERVER, "subject", "fork server", "fork server"),
        (TRACKER, "subject", "resource tracker", "resource tracker"),
        (SERVER, "fork server", "worker", "task's process"),
        (SUBJECT, "worker", "task's process", "task's process"),
        (SPAWNED, "worker", "task's process", "task's process"),
        ("sleep 1 ", "task's process", "task's process", "task's process"),
    ],
)
def test_workers_are_told_from_what_tasks_start(command: str, parent: str, kind: str, otherwise: str) -> None:
    """With a process pool, and without one, where no process is a worker."""
    assert in_pool(command, ProcessKind(parent), SUBJECT).value == kind
    assert without_pool(command, ProcessKind(parent), SUBJECT).value == otherwise
