from hypothesis import given
from hypothesis import strategies as st

from tests.tui.widgets.widget_app import redraw, show_widget, visible_lines
from threadviz.tui.runs.ansi import MAX_LINES, TerminalText
from threadviz.tui.view import View
from threadviz.tui.widgets.output import UNFED, OutputPanel

ROWS = 4


def output_of(printed: TerminalText | None) -> OutputPanel:
    """The panel of this output."""
    return OutputPanel(View(), printed=lambda: printed)


async def test_the_end_is_in_sight() -> None:
    """As it grows, too, and also of a line that has not ended."""
    printed = TerminalText()
    widget = output_of(printed)
    async with show_widget(widget, 20, ROWS) as pilot:
        assert visible_lines(widget)[0] == "It has printed nothi"[: len(visible_lines(widget)[0])]
        printed.feed(b"".join(b"line %d\n" % number for number in range(9)))
        assert await redraw(widget, pilot) == ["line 5", "line 6", "line 7", "line 8"]
        printed.feed(b"line ")
        printed.feed(b"9")
        assert (await redraw(widget, pilot))[-2:] == ["line 8", "line 9"]
        printed.feed(b" and so on\nmore")
        assert (await redraw(widget, pilot))[-2:] == ["line 9 and so on", "more"]


async def test_who_has_scrolled_up_stays_there() -> None:
    """Until the end is in sight again."""
    printed = TerminalText()
    widget = output_of(printed)
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


async def test_long_lines_are_broken_and_nothing_is_taken_for_markup() -> None:
    """What is printed is shown as it is, whatever it means elsewhere."""
    printed = TerminalText()
    widget = output_of(printed)
    async with show_widget(widget, 10, ROWS) as pilot:
        printed.feed("[bold]x[/bold] [link=a]日本\x1b[31m$text\n".encode())
        lines = await redraw(widget, pilot)
        assert "".join(lines) == "[bold]x[/bold] [link=a]日本$text"


async def test_lines_that_are_dropped_are_told_of() -> None:
    """The panel has no more than is kept, and who looks at an old line goes on to."""
    printed = TerminalText()
    widget = output_of(printed)
    async with show_widget(widget, 20, ROWS) as pilot:
        printed.feed(b"".join(b"%d\n" % number for number in range(MAX_LINES)))
        await redraw(widget, pilot)
        widget.scroll_to(y=100, animate=False)
        await pilot.pause()
        printed.feed(b"more\n" * 40)
        assert await redraw(widget, pilot) == ["100", "101", "102", "103"]
        assert widget.line_count == MAX_LINES
        assert "40 lines" in str(widget.border_title)


async def test_where_nothing_comes_it_says_so() -> None:
    """Such as of a process that was running before."""
    widget = output_of(None)
    async with show_widget(widget):
        assert visible_lines(widget)[0] == "What it prints does not come here."


async def test_why_a_program_has_nothing_to_read_stands_above_what_it_prints() -> None:
    """Only where that is so, because the app has the terminal."""
    printed = TerminalText(unfed=True)
    widget = output_of(printed)
    async with show_widget(widget, 80, ROWS) as pilot:
        assert visible_lines(widget)[:2] == [UNFED, "It has printed nothing so far."]
        printed.feed(b"name?")
        assert (await redraw(widget, pilot))[:2] == [UNFED, "name?"]


@given(st.lists(st.text("ab日\n", max_size=30), max_size=8), st.integers(2, 9))
def test_rows_taken_bit_by_bit_are_those_of_the_whole(parts: list[str], width: int) -> None:
    """However what was printed came."""
    printed, whole = TerminalText(), TerminalText()
    bit_by_bit, at_once = output_of(printed), output_of(whole)
    for part in parts:
        printed.feed(part.encode())
        bit_by_bit._take(printed, width)
    whole.feed("".join(parts).encode())
    at_once._take(whole, width)
    rows = [[str(each.line(number)) for number in range(each.line_count)] for each in (bit_by_bit, at_once)]
    assert rows[0] == rows[1]
