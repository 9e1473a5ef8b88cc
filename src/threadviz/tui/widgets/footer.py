"""The footer: the keys of the most important commands, as many of them as there is room for."""

from typing import Any

from textual.events import Resize
from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Footer
from textual.widgets._footer import KeyGroup


class RunFooter(Footer):
    """A footer that shows no key in part: those that there is no room for are left out."""

    def __init__(self) -> None:
        super().__init__(show_command_palette=False, compact=True)
        self._due = 0
        self._fits = False

    @property
    def fitted(self) -> bool:
        """Whether it shows what there is to show and room for, and that alone."""
        return self._fits and not self._due

    def bindings_changed(self, screen: Screen[Any]) -> None:
        """Show other keys soon, as they are then."""
        if screen.app.app_focus and self.is_attached and screen is self.screen:
            self._due += 1  # in this case, and in no other, it is composed anew
        super().bindings_changed(screen)

    async def recompose(self) -> None:
        """Show other keys."""
        self._due = max(0, self._due - 1)
        self._fits = False
        await super().recompose()
        self.call_after_refresh(self.fit)

    def on_resize(self, event: Resize) -> None:
        """Show as many as fit into the new size."""
        self._fits = False
        for child in self.children:
            child.visible = True  # what is hidden has no place, and so can't be told to fit
        self.call_after_refresh(self.fit)

    def fit(self) -> None:
        """Leave out what reaches beyond the edge, and what belongs to it: keys in a group stand before their label."""
        shown = [child for child in self.children if child.visible]
        if not all(child.virtual_region.width for child in shown):
            return  # they have no places yet
        before = list[Widget]()
        for child in shown:
            before.append(child)
            if isinstance(child, KeyGroup):
                continue  # its label comes next
            if child.virtual_region.right > self.size.width:
                for each in before:
                    each.visible = False
            before.clear()
        self._fits = bool(self.children)
