"""A fixture for all tests of the app."""

import pytest
from textual.app import App


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw the app in truecolor, wherever the tests are run; a test may override it."""
    monkeypatch.setenv("COLORTERM", "truecolor")
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)


@pytest.fixture(autouse=True)
def _lasting_notices(monkeypatch: pytest.MonkeyPatch) -> None:
    """A notice stays for longer than any test takes, so that a slow machine sees what a fast one does."""
    monkeypatch.setattr(App, "NOTIFICATION_TIMEOUT", 600)
