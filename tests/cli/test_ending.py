import json
import signal
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.cli.command import (
    ENDLESS,
    FETCH,
    LIMIT_S,
    all_gone,
    await_that,
    command,
    descendants,
    environment,
    role,
    says,
    started,
    threadviz,
)

RUN = ("run", *ENDLESS, "--mode", "threads")

needs_full_device = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_a_run_and_tells_what_was_measured(tmp_path: Path, number: signal.Signals) -> None:
    """The status is 130, the report has the unfinished task, and no process of the run is left."""
    recording = tmp_path / "run.jsonl"
    with started(*RUN, "--record", str(recording)) as process:
        await_that(lambda: says(recording, "started"))
        others = descendants(process.pid)
        process.send_signal(number)
        stdout, stderr = process.communicate(timeout=LIMIT_S)
        assert process.returncode == 130
        assert stderr == "threadviz: interrupted: the report shows what was measured until then.\n"
        assert "slow.example" in stdout
        assert "not finished" in stdout
        assert len(others) >= 3
        assert all_gone(others)
    assert says(recording, "closed")


def test_a_second_signal_ends_the_command_at_once(tmp_path: Path) -> None:
    """Even if the run does not answer to the first: nothing is printed then, and no process is left."""
    recording = tmp_path / "run.jsonl"
    with started(*RUN, "--record", str(recording)) as process:
        await_that(lambda: says(recording, "started"))
        others = descendants(process.pid)
        observer = role(process.pid, "observer")
        assert observer is not None
        observer.suspend()
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        stdout, stderr = process.communicate(timeout=LIMIT_S)
        assert (process.returncode, stdout, stderr) == (130, "", "")
        assert all_gone(others)


def test_an_interrupted_comparison_prints_what_there_is() -> None:
    """The run before, whole; the mode that was interrupted is not followed by others."""
    with started("compare", *FETCH, "--json") as process:
        first = await_that(lambda: role(process.pid, "observer"))
        second = await_that(lambda: _other_than(first, role(process.pid, "observer")))
        second.suspend()
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 130
    assert stderr.startswith("threadviz: interrupted: ")
    facts = json.loads(stdout)
    assert facts["runs"][0]["mode"] == "blocking"
    assert len(facts["runs"][0]["tasks"]) == 4
    assert len(facts["runs"]) <= 2
    assert facts["verdict"][-1] == {
        "mode": "processes",
        "total_s": None,
        "speedup": None,
        "text": "processes: did not run",
    }
    assert stderr.endswith("processes: did not run.\n")


def _other_than(first: psutil.Process, now: psutil.Process | None) -> psutil.Process | None:
    return None if now == first else now


@pytest.mark.parametrize("victim", ["observer", "subject"])
def test_a_run_that_breaks_says_who_died(tmp_path: Path, victim: str) -> None:
    """The status is 1; what was measured until then is printed, and no process is left."""
    recording = tmp_path / "run.jsonl"
    with started(*RUN, "--record", str(recording), "--json") as process:
        await_that(lambda: says(recording, "started"))
        others = descendants(process.pid)
        found = role(process.pid, victim)
        assert found is not None
        found.kill()
        stdout, stderr = process.communicate(timeout=LIMIT_S)
        assert process.returncode == 1
        assert f"the {victim} died (killed by SIGKILL)" in stderr
        assert stderr.count("\n") == 1
        assert json.loads(stdout)["tasks"][0]["name"] == "slow.example"
        assert all_gone(others)


def test_a_run_that_breaks_at_its_start_prints_nothing() -> None:
    """Where nothing was measured there is a sentence only."""
    with started(*RUN) as process:
        await_that(lambda: role(process.pid, "observer")).kill()
        stdout, stderr = process.communicate(timeout=LIMIT_S)
        assert process.returncode == 1
        assert "the observer died (killed by SIGKILL)" in stderr
        assert stdout == "" or "slow.example" in stdout


def program(code: str, *args: str) -> "subprocess.CompletedProcess[str]":
    """Run a program that runs the command its own way."""
    return subprocess.run(
        [sys.executable, "-c", code, *args],
        capture_output=True,
        encoding="utf-8",
        env=environment(),
        timeout=LIMIT_S,
    )


def test_a_run_that_can_not_be_started_is_one_sentence(tmp_path: Path) -> None:
    """Such as for want of a place for what it writes beside."""
    missing = str(tmp_path / "missing")
    code = (
        f"import sys, tempfile; tempfile.tempdir = {missing!r}; from threadviz.cli.main import main; main()"
    )
    done = program(code, *RUN)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "threadviz: the run can't be started (No such file or directory).\n"


@needs_full_device
def test_a_full_disk_ends_a_recording_and_not_the_run() -> None:
    """It goes on to its end, and is reported; a sentence and the status tell of the recording."""
    done = threadviz("run", *FETCH, "--mode", "blocking", "--record", "/dev/full", "--json")
    assert done.returncode == 1
    assert done.stderr == (
        "threadviz: the recording is incomplete: it can't be written any further (No space left on device).\n"
    )
    facts = json.loads(done.stdout)
    assert facts["outcome"] == "finished"
    assert len(facts["tasks"]) == 4


def test_a_run_that_goes_on_without_its_site_is_broken(tmp_path: Path) -> None:
    """Its report is printed as others are, and who died is said."""
    recording = tmp_path / "run.jsonl"
    with started(*RUN, "--record", str(recording), "--json") as process:
        await_that(lambda: says(recording, "started"))
        found = role(process.pid, "mock_server")
        assert found is not None
        found.kill()
        stdout, stderr = process.communicate(timeout=LIMIT_S)
    assert process.returncode == 1
    assert stderr == "threadviz: the run is broken: the site died (killed by SIGKILL).\n"
    facts = json.loads(stdout)
    assert facts["outcome"] == "broken"
    assert "error" in facts["tasks"][0]


@pytest.mark.parametrize("args", [("list",), ("--help",), ("run", "primes", "--mode", "blocking")])
def test_ctrl_c_before_there_is_a_run_ends_the_command(args: tuple[str, ...]) -> None:
    """In its imports, say: without a traceback, and with the status of any other Ctrl-C."""
    code = (
        "import os, signal, sys\n"
        "def at_the_import_of_click(event, details):\n"
        "    if event == 'import' and details[0] == 'click': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.addaudithook(at_the_import_of_click)\n"
        "from threadviz.cli.main import main; main()"
    )
    done = program(code, *args)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "")


@needs_full_device
def test_a_report_that_can_not_be_written_is_an_error() -> None:
    """Who redirects stdout to a full disk is told."""
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            command("run", *FETCH, "--mode", "threads", "--json"),
            stdout=full,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            env=environment(),
            timeout=LIMIT_S,
        )
    assert done.returncode == 1
    assert done.stderr == ("threadviz: the output can't be written to stdout (No space left on device).\n")


@pytest.mark.parametrize(
    ("args", "statuses"),
    [(("list",), {0}), (("run", *FETCH, "--mode", "threads"), {0}), (("--help",), {0, 1})],  # help is click's
)
def test_a_reader_that_has_had_enough_is_no_error(args: tuple[str, ...], statuses: set[int]) -> None:
    """With stdout closed early, as by `| head`, nothing is said about it, least of all a traceback."""
    with started(*args) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == ""
        assert process.wait(LIMIT_S) in statuses


@pytest.mark.parametrize("redirection", [">&-", pytest.param(">/dev/full", marks=needs_full_device)])
@pytest.mark.parametrize(
    "args",
    [("--help",), ("run", "--help"), ("--version",), ("list",), ("run", *FETCH, "--mode", "threads")],
)
def test_what_can_not_be_printed_is_said(args: tuple[str, ...], redirection: str) -> None:
    """A command that is started without stdout (`>&-`), or with one that takes nothing, says so."""
    done = subprocess.run(
        ["/bin/sh", "-c", f'"$@" {redirection}', "sh", *command(*args)],
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment(),
        timeout=LIMIT_S,
    )
    assert done.returncode == 1
    why = "it is closed" if redirection == ">&-" else "No space left on device"
    assert done.stderr == f"threadviz: the output can't be written to stdout ({why}).\n"


def test_stdout_that_lacks_characters_gets_escapes(tmp_path: Path) -> None:
    """An encoding without the characters of a name is no reason to fail."""
    file = tmp_path / "sites.toml"
    site = 'url = "http://one.example/", bytes = 10, seconds = 0, name = "na\u00efve"'
    file.write_text(f"[sets.default]\nsites = [{{ {site} }}]\n", encoding="utf-8")
    args = ("run", "fetch", "--urls", str(file), "--mode", "blocking")
    done = threadviz(*args, PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stderr) == (0, "")
    assert r"na\xefve" in done.stdout
    assert "na\u00efve" in threadviz(*args).stdout
