"""The command: reads what is asked for, has it run, and prints the report.

Data goes to stdout, words go to stderr. What is slow to import (rich, the probes) is imported where it is used, so
that no command waits for what it does without.
"""

from threadviz.cli.commands import main

__all__ = ["main"]
