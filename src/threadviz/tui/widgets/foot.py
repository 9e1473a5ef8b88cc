"""The footer: the keys of the most important commands, as many of them as there is room for."""

from textual.events import Resize
from textual.widget import Widget
from textual.widgets import Footer
from textual.widgets._footer import KeyGroup


class Foot(Footer):
    """A footer that shows no key in part: those that there is no room for are left out."""

    def __init__(self) -> None:
        super().__init__(show_command_palette=False, compact=True)

    async def recompose(self) -> None:
        """Show other keys."""
        await super().recompose()
        self.call_after_refresh(self._fit)

    def on_resize(self, event: Resize) -> None:
        """Show as many as fit into the new size."""
        self.call_after_refresh(self._fit)

    def _fit(self) -> None:
        """Leave out what reaches beyond the edge, and what belongs to it: keys in a group stand before their label."""
        width, before = self.size.width, list[Widget]()
        for child in self.children:
            before.append(child)
            if isinstance(child, KeyGroup):
                continue  # its label comes next
            fits = child.virtual_region.right <= width
            for each in before:
                each.visible = fits
            before.clear()
