"""The commands: everything that one can do on the main screen, each declared once.

From a declaration come its keys, its place in the footer, its entry in the command palette, and its line in the help.
A command acts on a `Desk`, which the main screen is; nothing here knows how that is drawn.
"""

from threadviz.tui.commands.catalogue import COMMANDS
from threadviz.tui.commands.command import Command, CommandGroup, Desk, Panel

__all__ = ["COMMANDS", "Command", "CommandGroup", "Desk", "Panel"]
