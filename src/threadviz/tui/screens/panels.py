"""Which panels are shown."""

from collections.abc import Iterator, Mapping, Sequence

from textual.widget import Widget

from threadviz.tui.commands import Panel

ROOM_FOR_A_PANEL = 34
"""From so many lines on, the findings are open although nobody asked for them."""

ROOM_FOR_OUTPUT = 24
"""The same for what a program prints."""


class Panels:
    """The panels of the main screen: one of `widgets` is open at a time, or none, and `code` beside it, or not.

    Instead of the findings of one run, `comparison` is open where there are several. Until somebody opens or closes a
    panel, the findings are open where there is room for them, and the comparison always; of a program whose output
    comes here, the output is as soon as there is any, for which a little room is enough.
    """

    def __init__(self, widgets: Mapping[Panel, Widget], comparison: Widget, code: Widget) -> None:
        self._widgets = widgets
        self._comparison = comparison
        self._code = code
        self._opened: Panel | None = None
        self._untouched = True
        self._room = self._little_room = self._prints = self._printed = False
        self._comparing = False

    def __iter__(self) -> Iterator[Widget]:
        """All of them, but the code."""
        yield from self._widgets.values()
        yield self._comparison

    @property
    def opened(self) -> Panel | None:
        """The panel that is open, other than the code."""
        if not self._untouched:
            return self._opened
        if self._printed and not self._comparing:
            return Panel.OUTPUT if self._little_room else None
        return Panel.FINDINGS if self._room or self._comparing else None

    @property
    def widget(self) -> Widget | None:
        """What is shown of it."""
        return next((widget for widget in self if widget.display), None)

    def make_room(self, lines: int, *, printed: bool) -> None:
        """Say how many lines the screen has, and whether there is output: what to open that nobody asked for."""
        now = lines >= ROOM_FOR_A_PANEL, lines >= ROOM_FOR_OUTPUT, printed
        if now != (self._room, self._little_room, self._printed):
            self._room, self._little_room, self._printed = now
            self.show()

    def look_at(self, *, comparing: bool, prints: bool) -> None:
        """Say whether there are several runs; then their comparison is what one wants to see.

        Else, of a program that `prints` what comes here, that is.
        """
        if comparing or prints is not self._prints:
            self._untouched = True
        self._comparing, self._prints = comparing, prints
        self.show()

    def toggle(self, panel: Panel) -> None:
        """Open a panel, or close it."""
        if panel is Panel.CODE:
            self._code.display = not self._code.display
            self.show()
            return
        opened = self.opened
        self._untouched = False
        self._opened = None if panel is opened else panel
        self.show()

    def open(self, panel: Panel) -> None:
        """Open a panel where it is not."""
        if panel is not self.opened:
            self.toggle(panel)

    def open_only(self, panels: Sequence[Panel]) -> None:
        """Open these, and close the others."""
        self._untouched = False
        self._code.display = Panel.CODE in panels
        self._opened = next((panel for panel in panels if panel is not Panel.CODE), None)
        self.show()

    def close(self) -> bool:
        """Close what was opened by hand, and tell whether there was anything."""
        if self._code.display:
            self._code.display = False
        elif self._opened is not None:
            self._opened = None
            self._untouched = True
        else:
            return False
        self.show()
        return True

    def show(self) -> None:
        """Show what is open, and nothing else; where there is little room, the code takes all of it."""
        opened = None if self._code.display and not self._room else self.opened
        for panel, widget in self._widgets.items():
            widget.display = panel is opened and not (panel is Panel.FINDINGS and self._comparing)
        self._comparison.display = opened is Panel.FINDINGS and self._comparing
