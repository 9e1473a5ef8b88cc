"""The titles of processes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadviz.observer.collectors.processes import process_title
from threadviz.observer.probes.base import ProcessKind

SECRET = "hunter2"


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (["python", "/srv/app/serve.py", "--password", SECRET], "serve.py"),
        (["/usr/bin/python3.12", "-u", "-X", "dev", "-W", "error", "my script.py", SECRET], "my script.py"),
        (["python3", "-m", "http.server", SECRET], "http.server"),
        (["python3", "-mhttp.server"], "http.server"),
        (["python3", "-Im", "http.server"], "http.server"),
        (["python3", "-c", f"login('{SECRET}')"], "python3 -c"),
        (["python3", f"-cprint('{SECRET}')"], "python3 -c"),
        (["python3", "-X", "importtime", "-"], "python3"),
        (["python3", "--check-hash-based-pycs", "always", "a.py"], "a.py"),
        (["python3", "--", "-odd.py"], "-odd.py"),
        (["python3"], "python3"),
        (["/usr/bin/python3", "/usr/local/bin/gunicorn", "app:app"], "gunicorn"),
        (["gunicorn: worker [app]"], "gunicorn"),
        ([f"postgres: {SECRET} app [local] idle"], "postgres"),
        (["/opt/my app/bin/tool", SECRET], "tool"),
        (["-bash"], "bash"),
        ([""], "comm"),
        ([], "comm"),
        (["python3", "/"], "comm"),
    ],
)
def test_a_process_has_the_title_of_what_it_runs(command: list[str], expected: str) -> None:
    """Without folders, and without its arguments."""
    assert process_title(command, ProcessKind.SUBJECT, "comm") == expected


@pytest.mark.parametrize("kind", list(ProcessKind))
def test_the_processes_of_a_workload_have_their_kinds_as_titles(kind: ProcessKind) -> None:
    """The subject and its workers, which have its command line."""
    assert process_title(["python3", "-P", "-m", "threadviz.subject"], kind, "python3") == kind.value


@pytest.mark.parametrize(
    "arguments",
    [
        [
            "-c",
            "from multiprocessing.spawn import spawn_main; spawn_main(pipe_handle=9)",
            "--multiprocessing-fork",
        ],
        ["-c", "from multiprocessing.forkserver import main; main(4, 5)"],
    ],
)
def test_a_spawned_worker_is_called_worker(arguments: list[str]) -> None:
    """Its command line would mean nothing to a user."""
    assert process_title(["python3", *arguments], ProcessKind.WORKER, "python3") == "worker"


@given(st.lists(st.text()), st.sampled_from(ProcessKind), st.text())
def test_any_command_line_has_a_short_title(arguments: list[str], kind: ProcessKind, otherwise: str) -> None:
    """At most 100 characters."""
    assert len(process_title(arguments, kind, otherwise)) <= 100
