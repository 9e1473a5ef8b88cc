"""The help: all commands, and how to read the lanes."""

from collections.abc import Iterator, Sequence
from typing import ClassVar, get_args

from rich.table import Table
from rich.text import Text
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.keys import format_key
from textual.widgets import Label, Static

from threadviz.presentation.styles import EDGE, STATE_STYLES
from threadviz.tui.commands import Command, CommandGroup
from threadviz.tui.render.ascii import draws_ascii
from threadviz.tui.render.glyphs import GlyphPainter
from threadviz.tui.render.styles import lane_styles
from threadviz.tui.screens.dialog import Dialog

OTHER_KEYS = (
    ("ctrl+p", "Palette", "Find any of these by its name, or choose a theme: the colours of everything."),
)
"""Keys that Textual binds, with a label and a sentence."""

MOUSE = (
    ("point", "Cursor", "Put the cursor at the pointer, as long as it is on the lanes."),
    ("click", "Select", "Select a lane or a task, or press a key of the footer."),
    ("double click", "Details", "Show all about a lane."),
    ("wheel", "Scroll", "Scroll the lanes, a panel or this help."),
    ("ctrl+wheel", "Zoom", "Show a shorter or a longer time, around the pointer."),
    ("shift+wheel", "Time", "Go to earlier or later moments."),
)
"""What can be done with the mouse, with a label and a sentence."""

_LANES = (
    "One row for each worker, the event loop first, and time from left to right."
    " What is drawn was observed, from outside."
)
_MIXED = (
    "Where a character covers several states, the height of the green in it is the share of running,"
    " and the rest has the colour of the most frequent other state."
)
_ASCII_MIXED = "Where a character covers several states, neighbouring ones share them out by their shares."
_SAMPLE = 3
"""The number of characters in the sample of each state."""


class HelpScreen(Dialog[None]):
    """Shows `commands` by group, other keys, the mouse, and a legend of the lanes."""

    CSS_PATH = ["dialog.tcss", "help.tcss"]  # noqa: RUF012 - as Textual has it
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1,q,enter", "leave", "Leave", show=False),
        Binding("j", "scroll(1)", "Down", show=False),
        Binding("k", "scroll(-1)", "Up", show=False),
    ]

    def __init__(self, commands: Sequence[Command]) -> None:
        super().__init__()
        self._commands = commands

    def compose(self) -> ComposeResult:
        painter = GlyphPainter(lane_styles(self.app), draws_ascii(self.app))
        with VerticalScroll(classes="dialog") as dialog:
            dialog.border_title = "Help"
            dialog.border_subtitle = "arrows scroll, escape leaves"
            with Vertical(classes="column"):
                yield from _groups(self._commands)
            with Vertical(classes="column"):
                yield Label("How to read the lanes", classes="heading")
                yield Static(_LANES, markup=False, classes="words")
                yield Static(_legend(painter), classes="words")
                yield Static(_MIXED if painter.mixes else _ASCII_MIXED, markup=False)

    def action_scroll(self, lines: int) -> None:
        """Scroll down by so many lines."""
        self.query_one(".dialog").scroll_relative(y=lines, animate=False)


def _legend(painter: GlyphPainter) -> Table:
    table = Table.grid(padding=(0, 1), expand=True)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(ratio=1)
    for mark, state_style in STATE_STYLES.items():
        sample = painter.sample(mark)
        table.add_row(
            Text(sample.text * _SAMPLE, sample.style or ""), Text(mark, "bold"), Text(state_style.meaning)
        )
    edge = EDGE.ascii if painter.ascii_only else EDGE.glyph
    table.add_row(Text(edge), Text("lane", "bold"), Text(EDGE.meaning))
    return table


def _groups(commands: Sequence[Command]) -> Iterator[Label | Static]:
    groups = {
        group: [(key_labels(each), each.label, each.help) for each in commands if each.group == group]
        for group in get_args(CommandGroup)
    }
    groups["App"] += OTHER_KEYS
    groups["Mouse"] = list(MOUSE)
    width = max(len(keys) for lines in groups.values() for keys, _, _ in lines)
    for heading, lines in groups.items():
        table = Table.grid(padding=(0, 2), expand=True)
        table.add_column(no_wrap=True, width=width)
        table.add_column(ratio=1)
        for keys, label, sentence in lines:
            table.add_row(Text(keys, "bold"), Text.assemble((label, "bold"), ". ", sentence))
        if lines:
            yield Label(heading, classes="heading", markup=False)
            yield Static(table)


def key_labels(command: Command) -> str:
    """Return the keys of a command as they are labelled on a keyboard: '+' for 'plus'."""
    labels = ((format_key(key), key) for key in command.keys)
    return "  ".join(label if label.isascii() else key for label, key in labels)
