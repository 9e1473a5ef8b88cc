"""All commands, those first that a narrow footer is to have."""

from threadviz.tui.commands import general, lanes, look, panels, replay, run
from threadviz.tui.commands.command import Command

_IN_FOOTER = (
    *("freeze", "earlier", "later", "zoom_in", "zoom_out", "lane_up", "lane_down", "details"),
    *(
        "choose",
        "compare",
        "help",
        "quit",
        "stop",
        "output",
        "tasks",
        "findings",
        "code",
        "find",
        "sort_lanes",
    ),
    *("again", "replay", "slower", "faster"),
)
"""Those that stand there, as far as there is room: in this order."""

_DECLARED = {
    command.id: command
    for module in (look, lanes, run, panels, replay, general)
    for command in module.COMMANDS
}

COMMANDS: tuple[Command, ...] = (
    *(_DECLARED[id_] for id_ in _IN_FOOTER),
    *(command for id_, command in _DECLARED.items() if id_ not in _IN_FOOTER),
)
"""Each key stands once."""
