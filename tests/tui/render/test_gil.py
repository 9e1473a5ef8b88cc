from hypothesis import given
from hypothesis import strategies as st

from tests.timeline.programs import program, thread
from tests.tui.render.observed_runs import BLACK, WHITE
from threadviz.protocol.events import ELSEWHERE, FREE, OPEN, GilHeld, Hold, ObserverTick
from threadviz.timeline import GilTimeline, Timeline
from threadviz.tui.render.gil import LEVELS, MAX_NEW_CELLS, GilCells, GilPainter
from threadviz.tui.render.styles import Depth, LaneStyles
from threadviz.tui.view.gil_marks import OTHER_MARK, Marks, add_marks

THREADS = 3

holds = st.lists(
    st.builds(Hold, st.integers(1, 30), st.sampled_from([*range(THREADS), FREE, OPEN, ELSEWHERE])),
    min_size=1,
    max_size=20,
)


def told(*parts: list[Hold]) -> Timeline:
    """A program whose threads have held the GIL like this, one part after the other."""
    timeline = program(*(thread(number, 100 + number) for number in range(THREADS)))
    for part in parts:
        tell(timeline, part)
    return timeline


def tell(timeline: Timeline, part: list[Hold]) -> None:
    """Tell how it went on."""
    start = timeline.gil_timelines[0].end if timeline.gil_timelines else 0
    event = GilHeld(100, 0, start, tuple(part))
    timeline.extend([event, ObserverTick(start + sum(hold.ns for hold in part), 1, 0, 0)])


def marks_of(gil_timeline: GilTimeline, timeline: Timeline) -> Marks:
    """The marks of its holders."""
    marks: Marks = {}
    add_marks(marks, gil_timeline.holders, timeline.lanes)
    return marks


@given(st.lists(holds, min_size=1, max_size=4), st.integers(1, 40), st.integers(0, 5))
def test_cells_that_are_kept_are_what_they_would_be_anew(
    parts: list[list[Hold]], cell_ns: int, first: int
) -> None:
    """However much was told between two looks."""
    timeline = told(parts[0])
    (gil_timeline,) = timeline.gil_timelines
    marks: Marks = {}
    cells = GilCells(gil_timeline, marks, 0, cell_ns)
    for part in [[], *parts[1:]]:
        tell(timeline, part)
        add_marks(marks, gil_timeline.holders, timeline.lanes)
        until = min(timeline.now, (first + MAX_NEW_CELLS) * cell_ns)
        assert cells.cells(first, until) == GilCells(gil_timeline, marks, 0, cell_ns).cells(first, until)
        assert cells.whole


@given(holds, st.integers(1, 40))
def test_a_cell_says_who_held_for_longest_and_for_how_much(held: list[Hold], cell_ns: int) -> None:
    """Nanosecond by nanosecond."""
    timeline = told(held)
    (gil_timeline,) = timeline.gil_timelines
    marks = marks_of(gil_timeline, timeline)
    line = [hold.holder for hold in held for _ in range(hold.ns)]
    until = min(len(line), MAX_NEW_CELLS * cell_ns)
    for number, cell in enumerate(GilCells(gil_timeline, marks, 0, cell_ns).cells(0, until)):
        there = line[number * cell_ns : (number + 1) * cell_ns]
        by = {holder: there.count(holder) for holder in there}
        free, unseen = by.pop(FREE, 0), by.pop(OPEN, 0)
        taken = sum(by.values())
        if unseen > taken and unseen > free:
            assert (cell.mark.sign, cell.level) == ("?", 0)
        elif not by:
            assert cell.level == 0 and cell.mark.sign == " "
        else:
            most = max(by.values())
            assert cell.mark in {marks.get(holder, OTHER_MARK) for holder, ns in by.items() if ns == most}
            assert (cell.level - 1) * len(there) < taken * LEVELS <= cell.level * len(there)


def test_what_takes_long_comes_in_several_frames() -> None:
    """Until then it says that it is not whole, and only the first ones are there."""
    timeline = told([Hold(1, 0)] * 3 * MAX_NEW_CELLS)
    (gil_timeline,) = timeline.gil_timelines
    cells = GilCells(gil_timeline, marks_of(gil_timeline, timeline), 0, 1)
    looks: list[list[int]] = []
    while not looks or not cells.whole:
        looks.append([cell.level for cell in cells.cells(0, 3 * MAX_NEW_CELLS)])
    assert [len(look) for look in looks] == [MAX_NEW_CELLS, 2 * MAX_NEW_CELLS, 3 * MAX_NEW_CELLS]
    assert all(level for look in looks for level in look)


def test_without_colours_each_cell_has_its_sign() -> None:
    """With them, it stands where the holder changes, on a colour that goes on."""
    timeline = told([Hold(30, 0), Hold(10, 1), Hold(10, FREE), Hold(10, OPEN)])
    (gil_timeline,) = timeline.gil_timelines
    marks = marks_of(gil_timeline, timeline)
    drawn = GilCells(gil_timeline, marks, 0, 10).cells(0, 60)
    one, other = (marks[number].sign for number in (0, 1))
    for depth, plain, text in (
        (Depth.ALL, False, f"{one}  {other} ?"),
        (Depth.ALL, True, f"{one * 3}{other} ?"),
        (Depth.NONE, False, f"{one * 3}{other} ?"),
        (Depth.SIXTEEN, False, f"{one * 3}{other} ?"),
    ):
        inks = LaneStyles({}, BLACK, WHITE, depth)
        segments = GilPainter(inks, plain).segments(drawn)
        assert "".join(segment.text for segment in segments) == text
    grounds = [
        segment.style and segment.style.bgcolor
        for segment in GilPainter(LaneStyles({}, BLACK, WHITE, Depth.ALL), False).segments(drawn)
    ]
    assert len({*grounds}) == 3  # two holders, and nobody
