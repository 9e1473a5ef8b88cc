"""The commands of the main screen, each declared once."""

from threadviz.tui.commands.catalogue import COMMANDS, Command, CommandGroup, Panel

__all__ = ["COMMANDS", "Command", "CommandGroup", "Panel"]
