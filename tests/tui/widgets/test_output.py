from hypothesis import given
from hypothesis import strategies as st

from tests.tui.widgets.widget_app import redraw, show_widget, visible_lines
from threadviz.tui.runs.terminal import MAX_LINES, TerminalText
from threadviz.tui.view.view import View
from threadviz.tui.widgets.output import UNFED, OutputPanel

ROWS = 4


def output_panel(printed: TerminalText | None) -> OutputPanel:
    """Return the panel of this output."""
    return OutputPanel(View(), printed=lambda: printed)


async def test_end_of_the_output_is_visible() -> None:
    """As it grows, also of an unfinished line."""
    printed = TerminalText()
    widget = output_panel(printed)
    async with show_widget(widget, 20, ROWS) as pilot:
        assert visible_lines(widget)[0] == "It has printed nothi"[: len(visible_lines(widget)[0])]
        printed.feed(b"".join(b"line %d\n" % number for number in range(9)))
        assert await redraw(widget, pilot) == ["line 5", "line 6", "line 7", "line 8"]
        printed.feed(b"line ")
        printed.feed(b"9")
        assert (await redraw(widget, pilot))[-2:] == ["line 8", "line 9"]
        printed.feed(b" and so on\nmore")
        assert (await redraw(widget, pilot))[-2:] == ["line 9 and so on", "more"]


async def test_scrolled_up_output_stays() -> None:
    """Until the end is visible again."""
    printed = TerminalText()
    widget = output_panel(printed)
    async with show_widget(widget, 20, ROWS) as pilot:
        printed.feed(b"".join(b"%d\n" % number for number in range(20)))
        await redraw(widget, pilot)
        widget.scroll_to(y=3, animate=False)
        await pilot.pause()
        printed.feed(b"more\n" * 20)
        assert await redraw(widget, pilot) == ["3", "4", "5", "6"]
        widget.scroll_end(animate=False)
        await pilot.pause()
        printed.feed(b"the end")
        assert (await redraw(widget, pilot))[-1] == "the end"


async def test_long_lines_are_folded_without_markup() -> None:
    """Printed text is shown as it is."""
    printed = TerminalText()
    widget = output_panel(printed)
    async with show_widget(widget, 10, ROWS) as pilot:
        printed.feed("[bold]x[/bold] [link=a]日本\x1b[31m$text\n".encode())
        lines = await redraw(widget, pilot)
        assert "".join(lines) == "[bold]x[/bold] [link=a]日本$text"


async def test_dropped_lines_are_counted() -> None:
    """A visible old line stays visible while earlier ones are dropped."""
    printed = TerminalText()
    widget = output_panel(printed)
    async with show_widget(widget, 20, ROWS) as pilot:
        printed.feed(b"".join(b"%d\n" % number for number in range(MAX_LINES)))
        await redraw(widget, pilot)
        widget.scroll_to(y=100, animate=False)
        await pilot.pause()
        printed.feed(b"more\n" * 40)
        assert await redraw(widget, pilot) == ["100", "101", "102", "103"]
        assert widget.line_count == MAX_LINES
        assert "40 lines" in str(widget.border_title)


async def test_output_that_is_not_captured() -> None:
    """As of a process that was running before."""
    widget = output_panel(None)
    async with show_widget(widget):
        assert visible_lines(widget)[0] == "What it prints does not come here."


async def test_empty_standard_input_is_explained() -> None:
    """Only if the app has the terminal."""
    printed = TerminalText(unfed=True)
    widget = output_panel(printed)
    async with show_widget(widget, 80, ROWS) as pilot:
        assert visible_lines(widget)[:2] == [UNFED, "It has printed nothing so far."]
        printed.feed(b"name?")
        assert (await redraw(widget, pilot))[:2] == [UNFED, "name?"]


@given(st.lists(st.text("ab日\n", max_size=30), max_size=8), st.integers(2, 9))
def test_rows_taken_in_steps_equal_those_taken_at_once(parts: list[str], width: int) -> None:
    """However the output was divided."""
    printed, whole = TerminalText(), TerminalText()
    bit_by_bit, at_once = output_panel(printed), output_panel(whole)
    for part in parts:
        printed.feed(part.encode())
        bit_by_bit._take(printed, width)
    whole.feed("".join(parts).encode())
    at_once._take(whole, width)
    rows = [[str(each.line(number)) for number in range(each.line_count)] for each in (bit_by_bit, at_once)]
    assert rows[0] == rows[1]
