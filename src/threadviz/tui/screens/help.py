"""The help: all that one can do, and how to read the lanes."""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.keys import format_key
from textual.widgets import Label, Static

from threadviz.presentation.styles import EDGE, STATE_STYLES
from threadviz.tui.commands import Command, CommandGroup
from threadviz.tui.commands.beside import KEYS, MOUSE, Beside
from threadviz.tui.render.glyphs import GlyphPainter
from threadviz.tui.render.styles import inks
from threadviz.tui.screens.dialog import Dialog

_LANES = (
    "One row for each worker, the event loop first, and time from left to right."
    " What is drawn was observed, from outside."
)
_MIXED = (
    "Where a character covers several states, the height of the green in it is the share that was running,"
    " and the rest is what else there was most of."
)
_TURNS = "Where a character covers several states, neighbouring ones share them out by their shares."
_SAMPLE = 3
"""So many characters of each state are shown."""


class HelpScreen(Dialog[None]):
    """Shows `commands`, by group, and what can be done beside them."""

    CSS_PATH = ["dialog.tcss", "help.tcss"]  # noqa: RUF012 - as Textual has it
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1,q,enter", "leave", "Leave", show=False),
        Binding("j", "go(1)", "Down", show=False),
        Binding("k", "go(-1)", "Up", show=False),
    ]

    def __init__(self, commands: Sequence[Command], *, plain: bool) -> None:
        super().__init__(plain=plain)
        self._commands = commands

    def compose(self) -> ComposeResult:
        """What one can do, and beside it (below, where it is narrow) how to read the lanes."""
        paint = GlyphPainter(inks(self.app), self.plain)
        with VerticalScroll(classes="dialog") as dialog:
            dialog.border_title = "Help"
            dialog.border_subtitle = "arrows scroll, escape leaves"
            with Vertical(classes="column"):
                yield from _groups(self._commands)
            with Vertical(classes="column"):
                yield Label("How to read the lanes", classes="heading")
                yield Static(_LANES, markup=False, classes="words")
                yield Static(_legend(paint), classes="words")
                yield Static(_MIXED if paint.mixes else _TURNS, markup=False)

    def action_go(self, lines: int) -> None:
        """Scroll by so many lines."""
        self.query_one(".dialog").scroll_relative(y=lines, animate=False)


def _legend(paint: GlyphPainter) -> Table:
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    for mark, look in STATE_STYLES.items():
        sample = paint.sample(mark)
        table.add_row(Text(sample.text * _SAMPLE, sample.style or ""), Text(mark, "bold"), Text(look.meaning))
    edge = EDGE.ascii if paint.plain else EDGE.glyph
    table.add_row(Text(edge), Text("lane", "bold"), Text(EDGE.meaning))
    return table


def _groups(commands: Sequence[Command]) -> Iterator[Label | Static]:
    by_heading = {
        str(group): [
            Beside(keys(command), command.label, command.about)
            for command in commands
            if command.group is group
        ]
        for group in CommandGroup
    }
    by_heading[CommandGroup.APP] += KEYS
    by_heading["Mouse"] = list(MOUSE)
    width = max(len(line.how) for lines in by_heading.values() for line in lines)
    for heading, lines in by_heading.items():
        table = Table.grid(padding=(0, 2), expand=True)
        table.add_column(no_wrap=True, width=width)
        table.add_column(ratio=1)
        for line in lines:
            table.add_row(Text(line.how, "bold"), Text.assemble((line.label, "bold"), ". ", line.about))
        if lines:
            yield Label(heading, classes="heading", markup=False)
            yield Static(table)


def keys(command: Command) -> str:
    """The keys of a command, as they are labelled on a keyboard: '+' for 'plus'."""
    labels = ((format_key(key), key) for key in command.keys)
    return "  ".join(label if label.isascii() else key for label, key in labels)
