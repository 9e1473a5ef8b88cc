from collections import Counter
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from tests.protocol.header import HEADER
from tests.timeline.programs import BEGIN, PROGRAM, Comings, comings, named, process, thread
from tests.tui.render.observed_runs import Told
from threadviz.protocol.events import Event, LaneEnded, ObserverTick, Span, Spans, State, WaitTarget
from threadviz.timeline import Lane, Timeline
from threadviz.tui.view.row_cache import PERIOD_NS
from threadviz.tui.view.rows import LAST_ENDED, GroupKind, LaneSort, Row, RowOptions
from threadviz.tui.view.view import View

S = 1_000_000_000

arrangings = st.builds(
    RowOptions,
    grouped=st.sampled_from([None, True, False]),
    sort=st.sampled_from(LaneSort),
    words=st.sampled_from(["", "io", "process 2", "python", "nowhere"]),
    idle_folded=st.booleans(),
    plumbing=st.booleans(),
)


def scene_of(*events: Event, over: bool = True) -> View:
    """A scene of a program of these events, all of which is in sight."""
    timeline = Timeline()
    timeline.extend([PROGRAM, BEGIN, *events])
    view = View([Told(timeline, over)])
    view.advance(0)
    return view


def names(view: View) -> list[str]:
    """What the rows are, from the top."""
    return [
        row.lane.name if row.lane is not None else row.head.key.kind.value if row.head else "run"
        for row in view.rows
    ]


def states(lane: int, *spans: tuple[float, State]) -> Spans:
    """What a lane was in from the begin on, in seconds."""
    return Spans(lane, 0, tuple(Span(round(s * S), state) for s, state in spans))


def three() -> list[Event]:
    """Three threads of one second: one that runs, one that waits for the GIL, one that waits for other things."""
    return [
        *(thread(number, 100 + number) for number in range(3)),
        *(named(number, name) for number, name in enumerate(("runner", "waiter", "reader"))),
        states(0, (1.0, State.RUNNING)),
        states(1, (0.4, State.RUNNING), (0.6, State.GIL)),
        states(2, (1.0, State.IO)),
        ObserverTick(S, 1, 0, 0),
    ]


def count(view: View) -> Counter[Lane]:
    """How often each lane is shown, or counted."""
    shown = Counter(row.lane for row in view.rows if row.lane is not None)
    folded = Counter[Lane]()
    for row in view.rows:
        if row.head is not None and row.head.folded:
            folded.update(lane for lane in row.head.lanes if lane not in shown)
    return shown + folded


@given(comings(), arrangings, st.lists(st.integers(0, 40), max_size=4), st.integers(0, 30))
def test_each_lane_is_shown_or_counted_once(
    told: Comings, how: RowOptions, folds: list[int], picked: int
) -> None:
    """However lanes are arranged and folded; only those that are not found, and plumbing, are not among them."""
    view = scene_of(*told.events[2:])
    (run,) = view.runs
    view.arrange(how)
    for fold in folds:
        if view.rows:
            view.fold(view.rows[fold % len(view.rows)])
    if picked < len(run.timeline.lanes):
        view.select_row(Row(run, run.timeline.lanes[picked]))
    counted = count(view)
    assert set(counted.values()) <= {1}
    assert len(counted) + view.row_cache.hidden == len(run.timeline.lanes)
    assert view.selected_row is None or any(view.is_selected(row) for row in view.rows)
    if not how.words and how.plumbing:
        assert not view.row_cache.hidden


@given(comings(), arrangings)
def test_a_row_of_a_folded_head_is_below_no_other(told: Comings, how: RowOptions) -> None:
    """Folding all heads leaves no lane; unfolding them all brings each one back."""
    view = scene_of(*told.events[2:])
    view.arrange(how)
    before = count(view)
    for _ in range(3):  # heads may come to light below others
        for row in view.rows:
            if row.head is not None and row.head.folded and row.head.lanes:
                view.fold(row)
    assert Counter(row.lane for row in view.rows if row.lane is not None) == before


def test_a_program_of_several_processes_is_grouped_by_itself() -> None:
    """Each process below a heading; a program of one process is not, unless somebody asks for it."""
    alone = scene_of(*three())
    assert "process" not in names(alone)
    alone.arrange(RowOptions(grouped=True))
    assert names(alone)[0] == "process"
    several = scene_of(*three(), process(200, "worker"), thread(3, 200, 200))
    assert names(several).count("process") == 2
    several.arrange(RowOptions(grouped=False))
    assert "process" not in names(several)


def test_lanes_are_sorted_by_what_they_did_in_sight() -> None:
    """Who waits, runs, and waits for the GIL most comes first, of what the camera sees."""
    view = scene_of(*three())
    by = {}
    for sort in LaneSort:
        view.arrange(RowOptions(sort=sort))
        by[sort] = names(view)[0]
    assert by[LaneSort.WAITING] == "reader" and by[LaneSort.GIL] == "waiter"
    view.arrange(RowOptions(sort=LaneSort.RUNNING))
    first = names(view)[0]
    view.viewport.fitted = False
    view.viewport.left, view.viewport.cell_ns, view.viewport.cells = 0, S // 100, 30
    view.advance(0)
    assert names(view)[0] == first
    assert names(view)[-1] == "reader"


def test_who_only_lets_time_pass_does_not_wait() -> None:
    """A lane that sleeps, or has nothing to do, comes after one that waits for something for a while."""
    view = scene_of(
        *(thread(number, 100 + number) for number in range(3)),
        *(named(number, name) for number, name in enumerate(("sleeper", "idler", "locked"))),
        states(0, (1.0, State.SLEEP)),
        states(1, (1.0, State.IDLE)),
        states(2, (0.9, State.RUNNING), (0.1, State.LOCK)),
        ObserverTick(S, 1, 0, 0),
    )
    view.arrange(RowOptions(sort=LaneSort.WAITING))
    assert names(view)[0] == "locked"


def test_while_a_run_goes_on_lanes_change_places_seldom_and_never_below_one_that_is_picked() -> None:
    """Once a second, by what is seen then; while a lane is picked not at all."""
    view = scene_of(*three(), over=False)
    timeline = view.runs[0].timeline
    view.arrange(RowOptions(sort=LaneSort.GIL))
    before = names(view)
    timeline.apply(Spans(2, S, (Span(5 * S, State.GIL),)))
    timeline.apply(ObserverTick(6 * S, 2, 0, 0))
    view.advance(PERIOD_NS // 2)
    assert names(view) == before
    view.select_row(view.rows[0])
    view.advance(PERIOD_NS)
    assert names(view) == before
    view.select_row(None)
    view.advance(PERIOD_NS)
    assert names(view)[0] == "reader" != before[0]


def test_lanes_are_found_by_what_is_told_of_them() -> None:
    """By name, process, number, place, and by the states that they are much in; all of the words have to fit."""
    view = scene_of(*three(), WaitTarget(S, 2, "127.0.0.1:8080"), process(100, "serve.py"))
    found = {}
    for words in ("READ", "gil", "runn", "8080", "102 io", "reader gil", "serve", " ", "nowhere"):
        view.arrange(RowOptions(words=words))
        found[words] = names(view), view.row_cache.hidden
    assert found["READ"] == found["8080"] == found["102 io"] == (["reader"], 2)
    assert found["gil"] == (["waiter"], 2)
    assert found["runn"][1] == 1
    assert found["reader gil"] == found["nowhere"] == ([], 3)
    assert found["serve"][1] == found[" "][1] == 0


def test_idle_lanes_are_put_together_on_request() -> None:
    """Those that hardly ran in the time in sight have one line, from which they can be unfolded."""
    view = scene_of(*three())
    view.arrange(RowOptions(idle_folded=True))
    assert names(view)[-1] == "idle" and "reader" not in names(view)
    view.fold(view.rows[-1])
    assert names(view)[-2:] == ["idle", "reader"]


def test_a_lane_that_is_folded_away_is_picked_no_more_but_its_head_is() -> None:
    """So the same key unfolds it again."""
    view = scene_of(*three(), thread(3, 200, 200))
    view.select_row(next(row for row in view.rows if row.lane is not None and row.lane.name == "reader"))
    assert view.row_cache.header_of(view.selected_row) is not None
    view.fold()
    assert [row.head.key.kind for row in view.rows if row.head and view.is_selected(row)] == [
        GroupKind.PROCESS
    ]
    assert "reader" not in names(view)
    view.fold()
    assert "reader" in names(view)
    assert [row.head.key.kind for row in view.rows if row.head and view.is_selected(row)] == [
        GroupKind.PROCESS
    ]


def test_threads_that_came_and_went_are_counted() -> None:
    """But for the last of them, and those that lived for long."""
    many = 5 * LAST_ENDED
    events: list[Event] = [thread(0, 100), thread(1, 101)]
    for number in range(2, many + 2):
        start = number * S // 10
        events += [thread(number, 100 + number, t=start), LaneEnded(start + S // 20, number)]
    end = (many + 2) * S // 10
    view = scene_of(*events, LaneEnded(end - S, 1), ObserverTick(end, 1, 0, 0), over=False)
    (head,) = [row.head for row in view.rows if row.head is not None]
    assert head.key.kind is GroupKind.ENDED and head.folded
    assert len(head.lanes) == many - LAST_ENDED
    lanes = [row.lane for row in view.rows if row.lane is not None]
    assert {0, 1} <= {lane.number for lane in lanes}


def test_a_workload_s_lanes_are_as_they_appeared() -> None:
    """Nothing of it is folded or grouped, however many of its threads have ended."""
    timeline = Timeline()
    timeline.extend([HEADER, BEGIN])
    for number in range(3 * LAST_ENDED):
        timeline.extend([thread(number, 100 + number, t=number), LaneEnded(number, number)])
    view = View([Told(timeline, over=True)])
    view.arrange(replace(view.row_cache.options, plumbing=True))
    assert [row.lane for row in view.rows] == list(timeline.lanes)
