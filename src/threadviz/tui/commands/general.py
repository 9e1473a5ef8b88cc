"""Commands that are about the app."""

from functools import partial

from threadviz.tui.commands.command import Command, CommandGroup

_app = partial(Command, group=CommandGroup.APP)

COMMANDS: tuple[Command, ...] = (
    _app(
        "write",
        ("w",),
        "Save recording",
        "Write what is looked at into a file in the current folder, to open again with threadviz open; says where.",
        do=lambda desk: desk.runs.save(),
        possible=lambda desk: desk.view.length > 0,
    ),
    _app(
        "help",
        ("question_mark", "f1"),
        "Help",
        "Show all keys, and how to read the lanes.",
        do=lambda desk: desk.show_help(),
        footer="Help",
    ),
    _app(
        "quit",
        ("q",),
        "Quit",
        "Leave; a run that goes on is ended.",
        do=lambda desk: desk.leave(),
        footer="Quit",
    ),
    _app(
        "save",
        ("s",),
        "Save picture",
        "Save the screen as an SVG picture in the current folder, and say where.",
        do=lambda desk: desk.save_picture(),
    ),
)
