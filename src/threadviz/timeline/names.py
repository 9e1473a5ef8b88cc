"""What the lanes of a program are called, such that each name is that of one lane."""

from typing import NamedTuple

from threadviz.timeline.lane import Lane
from threadviz.timeline.reading import Role
from threadviz.vocabulary import NamedBy

_MAIN = "MainThread"
"""What CPython calls the main thread, unless the program does otherwise."""


class _Wish(NamedTuple):
    """What to call a lane if no other is called so, and whether that tells it from others."""

    name: str
    tells: bool


class Names:
    """Gives lanes their names. Where several would have the same, all of these get their tid added."""

    def __init__(self) -> None:
        # Lanes by their numbers, by what they would be called if no other was, and whether that would tell them apart.
        self._bearers: dict[_Wish, dict[int, Lane]] = {}
        self._wishes: dict[int, _Wish] = {}

    def call(self, lane: Lane, main: Lane | None) -> None:
        """Name a lane, anew where it has a name; `main` is the main thread's of its process, where that is known."""
        wish = _wish(lane, main)
        if self._wishes.get(lane.number) != wish:
            self.forget(lane)
            self._wishes[lane.number] = wish
            bearers = self._bearers.setdefault(wish, {})
            bearers[lane.number] = lane
            if len(bearers) == 2:
                self._show_all(wish)
        self._show(lane, wish)

    def forget(self, lane: Lane) -> None:
        """It is called otherwise now, or is folded away."""
        wish = self._wishes.pop(lane.number, None)
        if wish is None:
            return
        bearers = self._bearers[wish]
        del bearers[lane.number]
        if len(bearers) == 1:
            self._show_all(wish)
        elif not bearers:
            del self._bearers[wish]

    def _show_all(self, wish: _Wish) -> None:
        for lane in self._bearers[wish].values():
            self._show(lane, wish)

    def _show(self, lane: Lane, wish: _Wish) -> None:
        alone = wish.tells and len(self._bearers[wish]) == 1
        name = wish.name if alone else f"{wish.name} {lane.tid}"
        lane.name = f"{name} (loop)" if lane.role is Role.LOOP else name


def _wish(lane: Lane, main: Lane | None) -> _Wish:
    said = lane.named_by in (NamedBy.PROGRAM, NamedBy.STACKS)
    if lane.is_main:
        named = lane.own_name if said else _MAIN
        return _Wish(lane.process_name if named == _MAIN else f"{lane.process_name}: {named}", tells=True)
    if said:
        return _Wish(lane.own_name, tells=True)
    # Before CPython 3.14 gave threads' names to the system, each had that of the thread that started it.
    inherited = main is not None and lane.system_name == main.system_name
    if lane.system_name and not inherited:
        return _Wish(lane.system_name, tells=True)
    return _Wish("thread", tells=False)
