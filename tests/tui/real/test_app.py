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
    """The processes of the run, as soon as its lanes are on the screen with a task on one of them."""
    terminal.wait_for("event loop", "slow.example")
    processes = descendants(terminal.process.pid)
    assert len(processes) >= 3
    return processes


def test_the_app_shows_lanes_and_then_findings() -> None:
    """Of a real fetch: the event loop and six workers, and in the end what the run shows."""
    with in_terminal(command(), 120, 40) as terminal:
        terminal.wait_for("fetch", "threads", "event loop", "running", "LIVE")
        terminal.wait_for("FINISHED", "All 6 tasks succeeded.")
        terminal.press("q")
        assert terminal.wait_for_end() == 0
        assert terminal.restored


def test_leaving_in_mid_run_ends_the_run() -> None:
    """The terminal is as it was, and no process is left."""
    with in_terminal(endless()) as terminal:
        others = under_way(terminal)
        terminal.press("q")
        assert terminal.wait_for_end() == 0
        assert all_gone(others)
        assert terminal.restored


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_the_app_in_good_order(number: signal.Signals) -> None:
    """As `q` does, but for the status."""
    with in_terminal(endless()) as terminal:
        others = under_way(terminal)
        terminal.process.send_signal(number)
        assert terminal.wait_for_end() == 130
        assert all_gone(others)
        assert terminal.restored
        assert "Traceback" not in terminal.said


def test_closing_the_terminal_ends_the_app() -> None:
    """Nothing is left, though nobody is there to take leave of."""
    with in_terminal(endless()) as terminal:
        others = under_way(terminal)
        terminal.hang_up()
        assert all_gone([psutil.Process(terminal.process.pid)])
        assert all_gone(others)


def test_killing_the_app_ends_the_run() -> None:
    """The observer sees that nobody is there."""
    with in_terminal(endless()) as terminal:
        others = under_way(terminal)
        terminal.process.kill()
        assert terminal.wait_for_end() == -signal.SIGKILL
        assert all_gone(others)


def test_the_app_goes_on_when_the_observer_dies() -> None:
    """It says so, and runs the same again when it is told to."""
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


def test_a_crash_leaves_the_terminal_as_it_was() -> None:
    """The run ends with it; the status is 1, and what to report is printed."""
    with in_terminal(endless(before=CRASH)) as terminal:
        observer = terminal.wait_until(lambda: role(terminal.process.pid, "observer"))
        assert terminal.wait_for_end() == 1
        assert all_gone([observer])
        assert terminal.restored
        assert "a mistake of ours" in terminal.said


def test_the_app_lives_in_any_size() -> None:
    """Made much too small while a run goes on, and large again, it is whole again."""
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
    """All lanes, the legend and the figures."""
    with in_terminal(command("--ascii")) as terminal:
        terminal.wait_for("event loop", "running", "FINISHED")
        assert terminal.text.isascii()
