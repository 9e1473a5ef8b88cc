from dataclasses import replace

from tests.timeline.programs import named, process, program, thread
from tests.tui.render.observed_runs import Told
from threadviz.protocol.events import ELSEWHERE, FREE, GilHeld, Hold, ObserverTick
from threadviz.timeline import Timeline
from threadviz.tui.view.gil_marks import HUES, OTHER
from threadviz.tui.view.rows import Row
from threadviz.tui.view.view import View


def holding(pid: int, *holders: int, start: int = 0, ns: int = 10) -> GilHeld:
    """One after the other holds the GIL."""
    return GilHeld(pid, 0, start, tuple(Hold(ns, holder) for holder in holders))


def scene_of(timeline: Timeline) -> View:
    """A scene of a run that is over."""
    view = View([Told(timeline, over=True)])
    view.advance(0)
    return view


def test_holders_are_known_by_a_sign_from_their_name() -> None:
    """The digit that a name ends in, else its first letter, else any that is left: each once."""
    timeline = program(
        *(thread(number, 100 + number) for number in range(5)),
        *(
            named(number, name)
            for number, name in enumerate(("main", "pool-1", "pool_0", "pool-11", "other-1"))
        ),
        process(100, "serve.py"),
        holding(100, 0, 1, 2, 3, 4, FREE, ELSEWHERE),
        ObserverTick(100, 1, 0, 0),
    )
    view = scene_of(timeline)
    (shown,) = view.gil_rows.shown
    signs = [shown.marks[number].sign for number in range(5)]
    assert signs == ["S", "1", "0", "P", "O"]
    assert ELSEWHERE not in shown.marks
    lanes = {lane.number: lane for lane in timeline.lanes}
    assert view.gil_rows.mark(view.runs[0], lanes[1]) == shown.marks[1]


def test_many_holders_share_what_signs_there_are() -> None:
    """No two have the same sign but those for which none is left; each keeps its own."""
    many = 60
    timeline = program(
        *(thread(number, 100 + number) for number in range(many)),
        holding(100, *range(many // 2)),
    )
    view = scene_of(timeline)
    (shown,) = view.gil_rows.shown
    first = [shown.marks[number] for number in range(many // 2)]
    timeline.apply(holding(100, *range(many // 2, many), start=10 * many))
    timeline.apply(ObserverTick(10**9, 1, 0, 0))
    (shown,) = view.gil_rows.shown
    all_of_them = [shown.marks[number] for number in range(many)]
    assert all_of_them[: many // 2] == first
    signs = [mark.sign for mark in all_of_them if mark.sign != OTHER]
    assert len(set(signs)) == len(signs) > many // 2
    assert {mark.hue for mark in all_of_them} <= {*range(HUES), None}


def test_the_gil_of_what_is_picked_is_shown() -> None:
    """Of the process that a lane, or a heading, belongs to; by itself, of the one that was held longest."""
    timeline = program(
        thread(0, 100),
        thread(1, 200, 200),
        holding(100, 0),
        holding(200, 1, ns=50),
        ObserverTick(100, 1, 0, 0),
    )
    view = scene_of(timeline)
    run = view.runs[0]
    assert [each.gil_timeline.pid for each in view.gil_rows.shown] == [200]
    assert view.gil_rows.mark(run, timeline.lanes[0]) is None
    for row in view.rows:
        view.select_row(row)
        pid = row.lane.pid if row.lane is not None else row.head.key.pid if row.head else None
        assert [each.gil_timeline.pid for each in view.gil_rows.shown] == [pid]
    view.gil_rows.enabled = False
    assert view.gil_rows.shown == () and view.gil_rows.mark(run, timeline.lanes[0]) is None


def test_the_gil_of_what_is_found_is_shown() -> None:
    """Where no lane of the process is to be seen whose GIL it would be, it is that of the topmost which has one."""
    timeline = program(
        *(thread(number, pid, pid) for number, pid in enumerate((100, 200, 300, 400))),
        *(named(number, name) for number, name in enumerate(("main", "work-0", "work-1", "work-2"))),
        holding(100, 0, ns=50),
        holding(400, 3),
        holding(300, 2),
        ObserverTick(100, 1, 0, 0),
    )
    view = scene_of(timeline)
    assert [each.gil_timeline.pid for each in view.gil_rows.shown] == [100]
    view.arrange(replace(view.row_cache.options, words="work"))
    assert [each.gil_timeline.pid for each in view.gil_rows.shown] == [300]
    view.arrange(replace(view.row_cache.options, words="main"))
    assert [each.gil_timeline.pid for each in view.gil_rows.shown] == [100]


def test_where_nothing_was_told_of_a_gil_there_is_no_ribbon() -> None:
    """And lanes have no marks."""
    timeline = program(thread(0, 100), ObserverTick(100, 1, 0, 0))
    view = scene_of(timeline)
    assert view.gil_rows.shown == ()
    assert view.gil_rows.mark(view.runs[0], timeline.lanes[0]) is None
    view.select_row(Row(view.runs[0], timeline.lanes[0]))
    assert view.gil_rows.shown == ()
