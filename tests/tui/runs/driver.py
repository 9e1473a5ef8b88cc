"""Drives runs as the app does: a little at each frame."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.mock_server.running import wait_until
from threadviz.tui.runs import Run, Session

BUDGET_NS = 4_000_000


def drain_until(what: Run | Session, condition: Callable[[], bool]) -> None:
    """Drain until the condition holds."""

    def holds() -> bool:
        what.drain(BUDGET_NS)
        return condition()

    wait_until(holds)


def observe_with(script: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Replace the observer by this Python script, which writes the stream into `out`."""
    program = folder / "observer"
    program.write_text(
        f"#!{sys.executable}\n"
        "import os, sys, time\n"
        "from tests.protocol.header import HEADER\n"
        "from threadviz.protocol.events import *\n"
        "from threadviz.protocol.codec import encode\n"
        "out = os.fdopen(int(sys.argv[-1]), 'wb')\n" + script
    )
    program.chmod(0o755)
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[3]))
    monkeypatch.setattr("threadviz.launcher.PYTHON", (str(program),))
