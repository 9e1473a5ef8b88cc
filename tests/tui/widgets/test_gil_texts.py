from tests.timeline.programs import named, process, program, thread
from tests.tui.render.observed_runs import Told
from threadviz.protocol.events import ELSEWHERE, FREE, OPEN, GilHeld, Hold, ObserverTick
from threadviz.tui.view.gil_marks import GilRow
from threadviz.tui.view.view import View
from threadviz.tui.widgets.gil_lanes import holder_texts, share_texts

MS = 1_000_000


def gil_view(*holds: tuple[int, int], others: bool = False) -> tuple[View, GilRow]:
    """Return a view of a program whose GIL was held for these times (ms) by these holders."""
    timeline = program(
        thread(0, 100),
        thread(1, 101),
        process(100, "serve.py"),
        named(1, "pool-1\x1b"),
        GilHeld(100, 0, 0, tuple(Hold(ms * MS, holder) for ms, holder in holds)),
        *([thread(2, 200, 200), GilHeld(200, 0, 0, (Hold(MS, 2),))] if others else []),
        ObserverTick(sum(ms for ms, _ in holds) * MS, 1, 0, 0),
    )
    view = View([Told(timeline, over=True)])
    view.advance(0)
    return view, view.gil_rows.shown[0]


def test_share_of_the_time_seen() -> None:
    """Time that was not seen does not count; if it is most of the time, the text says so."""
    view, shown = gil_view((30, 0), (10, FREE), (20, OPEN))
    assert share_texts(view, shown, 60 * MS)[0] == "GIL 75 %"
    view, shown = gil_view((30, 0), (40, OPEN))
    assert share_texts(view, shown, 70 * MS)[0] == "GIL: mostly not seen on 3.13.0"
    view, shown = gil_view((30, 0), (10, FREE), others=True)
    assert share_texts(view, shown, 40 * MS)[0] == "GIL of serve.py 100 75 %"


def test_holder_texts_at_the_cursor() -> None:
    """Name and time, whoever the holder is; without a cursor there is no holder for a run that is over."""
    view, shown = gil_view((30, 0), (10, FREE), (20, OPEN), (5, ELSEWHERE), (5, 1))
    assert list(holder_texts(view, shown, 70 * MS)) == []
    texts = {}
    for ms in (10, 35, 50, 62, 67):
        view.set_cursor(ms * MS)
        texts[ms] = next(holder_texts(view, shown, 70 * MS))
    assert texts == {
        10: "serve.py since 0 ms, for 30 ms",
        35: "free since 30 ms, for 10 ms",
        50: "not seen since 40 ms, for 20 ms",
        62: "another thread since 60 ms, for 5.0 ms",
        67: r"pool-1\x1b since 65 ms, for 5.0 ms",
    }
