"""All that these tests import from inside threadviz. When something is renamed there, this is the place to follow."""

from pathlib import Path

import threadviz
from threadviz import tui
from threadviz.cli.commands import threadviz as whole_command
from threadviz.protocol.events import AnyEvent
from threadviz.report.json_report import ComparisonFacts
from threadviz.tui.commands import COMMANDS

SOURCE = Path(threadviz.__file__).parent
"""The folder of the package."""

COMMAND = whole_command
"""The command `threadviz`, as click has it."""

APP = tui
"""The package of the app."""

APP_COMMANDS = COMMANDS
"""All that one can do on the app's main screen: by id, each has `keys`."""

EVENT = AnyEvent
"""Every event that a recording can consist of."""

COMPARISON = ComparisonFacts
"""What `compare --json` prints; what the others print is in its `runs`."""
