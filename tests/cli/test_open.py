from pathlib import Path

import pytest

from tests.cli.command import DATA, command, threadviz
from tests.tui.real.terminal import in_terminal

THREADS, BLOCKING = str(DATA / "fetch-threads.jsonl"), str(DATA / "fetch-blocking.jsonl")


def test_a_recording_is_opened_at_its_end() -> None:
    """With its findings; leaving the app is the end of the command."""
    with in_terminal(command("open", THREADS), 120, 40) as terminal:
        terminal.wait_for("event loop", "thread 4", "176 ms", "fetch")
        terminal.press("q")
        assert terminal.wait_for_end() == 0
        assert terminal.restored


def test_several_are_compared() -> None:
    """On one axis, with the verdict; in ASCII where that is asked for."""
    with in_terminal(command("open", "--ascii", BLOCKING, THREADS), 160, 50) as terminal:
        terminal.wait_for("event loop", "thread 4", "1.9x faster")
        terminal.press("q")
        assert terminal.wait_for_end() == 0


def test_a_loop_goes_on_until_somebody_leaves() -> None:
    """It draws by itself."""
    with in_terminal(command("open", "--loop", THREADS), 120, 40) as terminal:
        terminal.wait_for("event loop", "thread 4")
        drawn = len(terminal.output)
        terminal.wait_until(lambda: len(terminal.output) > drawn + 5000)
        terminal.press("q")
        assert terminal.wait_for_end() == 0


def test_what_was_dropped_is_told_in_the_app(tmp_path: Path) -> None:
    """The rest is shown."""
    recording = tmp_path / "run.jsonl"
    recording.write_bytes(b"".join(Path(THREADS).read_bytes().splitlines(keepends=True)[:-5]) + b"what?\n")
    with in_terminal(command("open", str(recording)), 160, 50) as terminal:
        terminal.wait_for("event loop", "is damaged: line")
        terminal.press("q")
        assert terminal.wait_for_end() == 0


@pytest.mark.parametrize("args", [(THREADS,), ("--loop", "missing")])
def test_it_needs_a_terminal(args: tuple[str, ...]) -> None:
    """What there is without one is named."""
    done = threadviz("open", *args)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.endswith("is none: for a report without the app, see threadviz show --help.\n")


def test_what_can_not_be_read_opens_nothing(tmp_path: Path) -> None:
    """One sentence, in a terminal as left alone as before."""
    for args, sentence in [
        ((THREADS, "missing"), "the recording 'missing' can't be read (No such file or directory)."),
        ((str(DATA / "README.md"),), "line 1 is no event"),
    ]:
        with in_terminal(command("open", *args), 200, 10) as terminal:
            assert terminal.wait_for_end() == 2
            assert sentence in terminal.text
            assert "\x1b[?1049h" not in terminal.all_output


def test_ascii_stands_after_open() -> None:
    """A sentence says so."""
    done = threadviz("--ascii", "open", THREADS)
    assert (done.returncode, done.stderr) == (2, "threadviz: --ascii is for the app: write it after open.\n")


def test_nothing_of_a_recording_is_taken_for_control_or_markup(tmp_path: Path) -> None:
    """Whatever its names, results and errors are: not in the lanes, the tasks, the details or the findings."""
    evil = r"\u001b]0;owned\u0007[bold]\u009b31m[/bold]"
    text = Path(THREADS).read_text("utf-8")
    for name in (
        "python",
        "subject",
        "fetch",
        "Linux x86_64",
        "one.example",
        "HTTP 404 Not Found",
        "1000 bytes",
    ):
        assert f':"{name}"' in text
        text = text.replace(f':"{name}"', f':"{evil}{name}"')
    recording = tmp_path / "run.jsonl"
    recording.write_text(text.replace('"mode":"', f'"mode":"{evil}'), "utf-8")
    with in_terminal(command("open", str(recording), str(recording)), 200, 50) as terminal:
        terminal.wait_for("event loop", "[bold]")
        terminal.press("t")
        terminal.wait_for("[bold]", "one.example")
        terminal.press("j\r")
        terminal.wait_for("Longest")
        terminal.press("q")
        assert terminal.wait_for_end() == 0
        assert b"owned\x07" not in terminal.output
        assert "\x9b" not in terminal.all_output
