"""From commands to what Textual binds keys with."""

from collections.abc import Iterator, Sequence
from itertools import groupby

from textual.binding import Binding

from threadviz.tui.commands import Command


def bindings_of(commands: Sequence[Command]) -> Iterator[Binding]:
    """Yield a binding for each command's keys; neighbours with the same footer are shown as one there."""
    for footer, alike in groupby(commands, key=lambda command: command.footer):
        together = list(alike)
        group = Binding.Group(footer, compact=True) if len(together) > 1 and footer else None
        for command in together:
            shown, *others = command.keys
            action = f"carry_out('{command.id}')"
            first = command.takes_keys
            yield Binding(
                shown,
                action,
                footer or command.label,
                bool(footer),
                priority=first,
                tooltip=command.about,
                group=group,
            )
            for key in others:
                yield Binding(key, action, command.label, show=False, priority=first)
