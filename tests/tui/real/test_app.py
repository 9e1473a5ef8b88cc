import signal

import psutil
import pytest

from tests.cli.command import all_gone, command, descendants, role
from tests.tui.real.programs import endless
from tests.tui.real.terminal import Terminal, in_terminal

CRASH = """
from threadviz.tui.runs import Run
drain = Run.drain
def drain_and_fail(run, budget_ns):
    drain(run, budget_ns)
    if run.timeline.tasks:
        raise RuntimeError("a mistake of ours")
Run.drain = drain_and_fail
"""


def under_way(terminal: Terminal) -> list[psutil.Process]:
    """Return the processes of the run, as soon as its lanes are on the screen with a task on one of them."""
    terminal.wait_for("event loop", "slow.example")
    processes = descendants(terminal.process.pid)
    assert len(processes) >= 3
    return processes


def test_the_app_shows_lanes_and_then_findings() -> None:
    """Of a real fetch: the event loop and six workers, and in the end the findings."""
    with in_terminal(command(), 120, 40) as terminal:
        terminal.wait_for("fetch", "threads", "event loop", "running", "LIVE")
        terminal.wait_for("FINISHED", "All 6 tasks succeeded.")
        terminal.press("q")
        assert terminal.wait_for_end() == 0
        assert terminal.restored


def test_quitting_ends_the_run() -> None:
    """The terminal is restored, and no process is left."""
    with in_terminal(endless()) as terminal:
        others = under_way(terminal)
        terminal.press("q")
        assert terminal.wait_for_end() == 0
        assert all_gone(others)
        assert terminal.restored


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_app_properly(number: signal.Signals) -> None:
    """As `q` does, but for the exit status."""
    with in_terminal(endless()) as terminal:
        others = under_way(terminal)
        terminal.process.send_signal(number)
        assert terminal.wait_for_end() == 130
        assert all_gone(others)
        assert terminal.restored
        assert "Traceback" not in terminal.all_output


def test_closing_the_terminal_ends_the_app() -> None:
    """No process is left."""
    with in_terminal(endless()) as terminal:
        others = under_way(terminal)
        terminal.hang_up()
        assert all_gone([psutil.Process(terminal.process.pid)])
        assert all_gone(others)


def test_killing_the_app_ends_the_run() -> None:
    """The observer notices, and ends."""
    with in_terminal(endless()) as terminal:
        others = under_way(terminal)
        terminal.process.kill()
        assert terminal.wait_for_end() == -signal.SIGKILL
        assert all_gone(others)


def test_the_app_goes_on_when_the_observer_dies() -> None:
    """It shows it, and can run the same again."""
    with in_terminal(endless()) as terminal:
        others = under_way(terminal)
        observer = role(terminal.process.pid, "observer")
        assert observer is not None
        observer.kill()
        terminal.wait_for("BROKEN", "the observer died (killed by SIGKILL)")
        assert all_gone(others)
        terminal.press("r")
        terminal.wait_for("LIVE")
        under_way(terminal)
        terminal.press("q")
        assert terminal.wait_for_end() == 0
        assert terminal.restored


def test_a_crash_restores_the_terminal() -> None:
    """The run ends with it; the status is 1, and the traceback is printed."""
    with in_terminal(endless(setup=CRASH)) as terminal:
        observer = terminal.wait_until(lambda: role(terminal.process.pid, "observer"))
        assert terminal.wait_for_end() == 1
        assert all_gone([observer])
        assert terminal.restored
        assert "a mistake of ours" in terminal.all_output


def test_the_app_works_at_any_size() -> None:
    """It is complete again after the terminal was much too small while a run went on."""
    with in_terminal(endless(), 200, 50) as terminal:
        under_way(terminal)
        terminal.resize(20, 5)
        drawn = len(terminal.output)
        terminal.wait_until(lambda: len(terminal.output) > drawn and terminal.text.strip())
        terminal.resize(200, 50)
        under_way(terminal)
        terminal.wait_for("running", "total", "Quit")
        terminal.press("q")
        assert terminal.wait_for_end() == 0
        assert terminal.restored


def test_the_app_can_be_drawn_in_ascii() -> None:
    """The lanes, the legend and the figures."""
    with in_terminal(command("--ascii")) as terminal:
        terminal.wait_for("event loop", "running", "FINISHED")
        assert terminal.text.isascii()
