"""Commands that show again what was, slowly."""

from functools import partial

from threadviz.tui.commands.command import Command, CommandGroup, Desk
from threadviz.tui.view import Motion


def _replaying(desk: Desk) -> bool:
    return desk.view.playhead.motion is Motion.REPLAYING


_replay = partial(Command, group=CommandGroup.REPLAY)

COMMANDS: tuple[Command, ...] = (
    _replay(
        "replay",
        ("y",),
        "Replay",
        "Show the run again from the cursor on, or from its begin, at the speed that is set.",
        do=lambda desk: desk.view.replay(),
        footer="Replay",
        possible=lambda desk: desk.view.length > 0,
    ),
    _replay(
        "slower",
        ("comma", "less_than_sign"),
        "Slower",
        "Replay more slowly, down to a tenth of the run's own speed.",
        do=lambda desk: desk.view.playhead.change_speed(-1),
        footer="Speed",
        possible=_replaying,
    ),
    _replay(
        "faster",
        ("full_stop", "greater_than_sign"),
        "Faster",
        "Replay faster, up to ten times the run's own speed.",
        do=lambda desk: desk.view.playhead.change_speed(1),
        footer="Speed",
        possible=_replaying,
    ),
)
