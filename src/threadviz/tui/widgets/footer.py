"""The footer: the keys of the most important commands, as many as there is room for."""

from typing import Any

from textual.events import Resize
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer
from textual.widgets._footer import KeyGroup


class RunFooter(Footer):
    """A footer that shows whole keys only. Textual's cuts the last one where the room ends."""

    def __init__(self) -> None:
        super().__init__(show_command_palette=False, compact=True)
        self._pending_recomposes = 0
        self._fitted = False

    @property
    def fitted(self) -> bool:
        """Whether it shows the current keys, and only those that fit."""
        return self._fitted and not self._pending_recomposes

    def bindings_changed(self, screen: Screen[Any]) -> None:
        if screen.app.app_focus and self.is_attached and screen is self.screen:  # then Textual recomposes
            self._pending_recomposes += 1
        super().bindings_changed(screen)

    async def recompose(self) -> None:
        self._pending_recomposes = max(0, self._pending_recomposes - 1)
        self._fitted = False
        await super().recompose()
        self.call_after_refresh(self.fit)

    def on_resize(self, event: Resize) -> None:
        self._fitted = False
        for child in self.children:
            child.visible = True  # a hidden child has no place, so it is not known whether it fits
        self.call_after_refresh(self.fit)

    def fit(self) -> None:
        """Hide what reaches beyond the edge. The keys of a group come before their label, and are hidden with it."""
        children = [child for child in self.children if child.visible]
        if not all(child.virtual_region.width for child in children):
            return  # not laid out yet
        group = list[Widget]()
        for child in children:
            group.append(child)
            if isinstance(child, KeyGroup):
                continue
            if child.virtual_region.right > self.size.width:
                for each in group:
                    each.visible = False
            group.clear()
        self._fitted = bool(self.children)
