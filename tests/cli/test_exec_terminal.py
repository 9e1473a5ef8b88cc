import signal
from pathlib import Path

import psutil

from tests.cli.command import all_gone, await_that, command, descendants, role
from tests.cli.executed import TREE, script
from tests.tui.real.terminal import Terminal, in_terminal

WAITING = "import sys, time\nprint('here it is', flush=True)\ntime.sleep(600)"


def _programs(terminal: Terminal) -> list[psutil.Process]:
    """The processes of the run, as soon as its program has said something."""
    observer = await_that(lambda: role(terminal.process.pid, "observer"))
    terminal.wait_until(lambda: observer.children())
    return descendants(terminal.process.pid)


def test_ctrl_c_is_for_the_program(tmp_path: Path) -> None:
    """It takes it, goes on as it likes, and threadviz reports when it has ended."""
    text = """
import sys, time
try:
    print("waiting", sys.stdin.isatty(), sys.stdout.isatty(), sys.stderr.isatty(), flush=True)
    time.sleep(600)
except KeyboardInterrupt:
    print("cleaning up", flush=True)
    sys.exit(5)
"""
    with in_terminal(command("exec", "--headless", script(tmp_path, text)), 100, 60) as terminal:
        terminal.wait_for("waiting True True True")
        terminal.press("\x03")
        assert terminal.wait_for_end() == 5
        assert "cleaning up" in terminal.all_output and "exit status 5" in terminal.all_output


def test_a_program_asks_on_the_terminal(tmp_path: Path) -> None:
    """For a line, and for a password, unseen."""
    text = "import getpass\nline = input('line? ')\nword = getpass.getpass('word? ')\nprint(line[::-1], word[::-1])"
    with in_terminal(command("exec", "--headless", script(tmp_path, text)), 100, 60) as terminal:
        terminal.wait_for("line?")
        terminal.press("abc\n")
        terminal.wait_for("word?")
        terminal.press("secret\n")
        assert terminal.wait_for_end() == 0
        assert "cba terces" in terminal.all_output and "secret" not in terminal.all_output


def test_ctrl_z_stops_all_and_it_goes_on(tmp_path: Path) -> None:
    """As a shell with jobs has it."""
    program = script(tmp_path, "print('here it is', flush=True)\ninput()\nprint('went on')")
    words = " ".join([*command("exec", "--headless", program)])
    with in_terminal(["bash", "--norc", "-i"], 100, 60, PS1="$ ") as terminal:
        terminal.press(f"{words}\n")
        terminal.wait_for("here it is")
        processes = _programs(terminal)
        terminal.press("\x1a")
        terminal.wait_until(lambda: all(each.status() == psutil.STATUS_STOPPED for each in processes))
        terminal.press("fg\n")
        terminal.wait_until(lambda: all(each.status() != psutil.STATUS_STOPPED for each in processes))
        terminal.press("\n")
        terminal.wait_for("went on", "exit status 0")
        terminal.press("exit\n")
        assert terminal.wait_for_end() == 0


def test_closing_the_terminal_ends_the_program(tmp_path: Path) -> None:
    """It gets the hang-up, as alone, and nothing of ours is left."""
    with in_terminal(command("exec", "--headless", script(tmp_path, WAITING))) as terminal:
        terminal.wait_for("here it is")
        processes = _programs(terminal)
        terminal.hang_up()
        assert all_gone(processes)
        assert terminal.process.wait(20) == 128 + signal.SIGHUP


def test_the_app_shows_a_program_and_leaving_it_ends_it(tmp_path: Path) -> None:
    """All of its tree; the status says that it did not end by itself."""
    (tmp_path / "tree.py").write_text(TREE)
    with in_terminal(command("exec", str(tmp_path / "tree.py")), 120, 40) as terminal:
        terminal.wait_for("tree.py", "LIVE")
        terminal.wait_until(lambda: len(descendants(terminal.process.pid)) >= 4)
        processes = descendants(terminal.process.pid)
        terminal.press("q")
        assert terminal.wait_for_end() == 130
        assert all_gone(processes)
        assert terminal.restored


def test_the_app_ends_with_the_programs_status(tmp_path: Path) -> None:
    """And with nothing more on the terminal than there was before."""
    with in_terminal(
        command("exec", script(tmp_path, "print('words')\nraise SystemExit(9)")), 120, 40
    ) as terminal:
        terminal.wait_for("program.py", "exit status 9", "words")
        terminal.press("q")
        assert terminal.wait_for_end() == 9
        assert b"words" not in terminal.output.rpartition(b"\x1b[?1049l")[2]
        assert terminal.restored


def test_in_the_app_a_program_has_a_terminal_to_print_on_and_none_to_ask_on(tmp_path: Path) -> None:
    """Its output is one of the same size, its input is at its end, and it can't wait for a password."""
    told = tmp_path / "told"
    text = f"""
import os, sys
size = os.get_terminal_size(1)
try:
    os.close(os.open("/dev/tty", os.O_RDWR))
    tty = True
except OSError:
    tty = False
with open({str(told)!r}, "w") as file:
    print(os.isatty(1), os.isatty(2), size.columns, size.lines, file=file)
    print(repr(sys.stdin.read()), tty, os.getpgrp() == os.getpid(), sorted(os.listdir("/proc/self/fd")), file=file)
"""
    with in_terminal(command("exec", script(tmp_path, text)), 120, 40) as terminal:
        terminal.wait_for("exit status 0")
        terminal.press("q")
        assert terminal.wait_for_end() == 0
    assert told.read_text() == "True True 120 40\n'' False True ['0', '1', '2', '3', '4']\n"


def test_in_the_app_a_program_gets_what_is_piped_in(tmp_path: Path) -> None:
    """The keys come from the terminal nevertheless."""
    told = tmp_path / "told"
    text = f"import sys, pathlib; pathlib.Path({str(told)!r}).write_text(sys.stdin.read())"
    words = ["sh", "-c", 'echo data | "$@"', "sh", *command("exec", script(tmp_path, text))]
    with in_terminal(words, 120, 40) as terminal:
        terminal.wait_for("exit status 0")
        terminal.press("q")
        assert terminal.wait_for_end() == 0
    assert told.read_text() == "data\n"


def test_the_app_killed_leaves_nothing(tmp_path: Path) -> None:
    """Nor does its observer."""
    for who in ("viewer", "observer"):
        (tmp_path / "tree.py").write_text(TREE)
        with in_terminal(command("exec", str(tmp_path / "tree.py")), 120, 40) as terminal:
            terminal.wait_for("tree.py", "LIVE")
            terminal.wait_until(lambda: len(descendants(terminal.process.pid)) >= 4)
            processes = descendants(terminal.process.pid)
            if who == "viewer":
                terminal.process.kill()
            else:
                observer = role(terminal.process.pid, "observer")
                assert observer is not None
                observer.kill()
            assert all_gone(processes)
