"""How a process ended, in words."""

import signal


def how_it_ended(status: int) -> str:
    """Return, as a clause, what an exit status as `subprocess` gives it means."""
    if status >= 0:
        return f"exit status {status}"
    try:
        return f"killed by {signal.Signals(-status).name}"
    except ValueError:  # a real-time signal has no name there
        return f"killed by signal {-status}"
