import re
from base64 import b64encode
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.exports.html_reader import Element, read
from tests.protocol.header import HEADER
from tests.report.golden import RUNS, recorded
from tests.timeline.programs import program, thread
from tests.timeline.streams import Run, interleavings, runs, timeline
from threadviz.analysis import findings
from threadviz.exports.html_page import MAX_LANES, MAX_TASKS, MOST_BLOCKS, MOST_CHARACTERS, page
from threadviz.presentation.cells import MARKS, run_window
from threadviz.presentation.styles import EVIDENCE_LABELS
from threadviz.presentation.summary import totals_rows
from threadviz.protocol.events import (
    FREE,
    OPEN,
    Evidence,
    GilHeld,
    Hold,
    LaneEnded,
    LaneStarted,
    ObserverTick,
    RunEnded,
    RunStarted,
    Span,
    Spans,
    State,
    TaskFinished,
    TaskStarted,
    TaskSubmitted,
)
from threadviz.timeline import Role, Timeline

NS_PER_MS = 1_000_000


def opened(of: Timeline, dropped: str = "") -> Element:
    """The page of a run, read back."""
    text = "".join(page(of, dropped))
    assert text.isascii()
    return read(text)


def percent(value: str) -> float:
    """A length in percent."""
    return float(value.removesuffix("%"))


def strips(of: Element) -> list[Element]:
    """The lanes' pictures."""
    return of.all("svg", "strip")


def blocks(strip: Element) -> list[Element]:
    """What is drawn of a lane's states."""
    marks = {str(mark) for mark in MARKS}
    return [rect for rect in strip.all("rect") if rect.attributes["class"] in marks]


def drawn(strip: Element, mark: str) -> float:
    """How much of a strip is in a mark, in percent of its area."""
    return sum(
        percent(rect.attributes["width"]) * percent(rect.attributes["height"]) / 100
        for rect in blocks(strip)
        if rect.attributes["class"] == mark
    )


def nothing_is_loaded(of: Element) -> None:
    """No element, attribute or style refers to anything outside; and by the policy none could."""
    policy = of.one("head").all("meta")[1].attributes
    assert policy["http-equiv"] == "Content-Security-Policy"
    hashes = [
        "sha256-" + b64encode(sha256(of.one(tag).text.encode()).digest()).decode()
        for tag in ("style", "script")
    ]
    assert policy["content"] == (
        f"default-src 'none'; style-src '{hashes[0]}'; script-src '{hashes[1]}'; base-uri 'none'; form-action 'none'"
    )
    for element in of:
        assert element.tag not in {
            "link",
            "img",
            "iframe",
            "object",
            "embed",
            "base",
            "form",
            "image",
            "use",
            "a",
        }
        for name, value in element.attributes.items():
            assert not name.startswith("on") and name not in {"style", "src", "href", "xlink:href"}
            assert name == "http-equiv" or "url(" not in value
    style = of.one("style").text
    assert set(re.findall(r"url\(([^)]*)\)", style)) <= {f"#{mark}" for mark in MARKS}
    assert "@import" not in style


@pytest.mark.parametrize("name", [*RUNS, "fetch-processes"])
def test_a_page_has_all_of_a_run(name: str) -> None:
    """Its lanes, with each state as long as it was; its findings, totals and tasks; and nothing from elsewhere."""
    of = recorded(name)
    found = opened(of)
    nothing_is_loaded(found)
    window = run_window(of)
    lanes = [lane for lane in of.lanes if lane.role is not Role.PLUMBING]
    lanes += [lane for lane in of.lanes if lane.role is Role.PLUMBING]
    for lane, strip in zip(lanes, strips(found), strict=True):
        assert strip.attributes["aria-label"].startswith(lane.name)
        states = lane.states(*window)
        blocked = sum(lane.blocked_binned(window.since, window.length, 1)[0])
        for state in (State.RUNNING, State.READY, State.GIL):
            assert drawn(strip, state) == pytest.approx(100 * states.get(state, 0) / window.length, abs=0.1)
        waits = sum(states.get(state, 0) for state in (State.IO, State.LOCK, State.SLEEP, State.WAITING))
        if lane is of.loop and name == "fetch-blocking":
            assert blocked > 0.9 * window.length
            assert drawn(strip, "blocked") == pytest.approx(100 * waits / window.length, abs=0.1)
    assert [item.one("b").text for item in found.one("ul", "findings").all("li")] == [
        each.id.replace("_", " ") for each in findings(of)
    ]
    assert [item.attributes["class"] for item in found.one("ul", "findings").all("li")] == [
        "holds" if each.holds else "fails" for each in findings(of)
    ]
    figures = found.one("table", "figures").text
    assert all(row.figure in figures for row in totals_rows(of))
    rows = found.one("table", "tasks").one("tbody").all("tr")
    assert [row.all("td")[0].text for row in rows] == [task.name for task in of.finished_tasks()]


@given(run=runs(), data=st.data())
def test_any_run_has_a_page(run: Run, data: st.DataObject) -> None:
    """Also one that has not begun, or of which nothing was seen; no strip is drawn beyond its width."""
    of = timeline()
    of.extend(data.draw(interleavings(run.seen, run.said)))
    found = opened(of)
    nothing_is_loaded(found)
    assert bool(strips(found)) == bool(run_window(of).length and of.lanes)
    for strip in strips(found):
        for rect in blocks(strip):
            x, width = (percent(rect.attributes[name]) for name in ("x", "width"))
            assert 0 <= x <= x + width <= 100.001


NASTY = (
    "<script>alert(1)</script>",
    '"onmouseover="alert(1)',
    "</title></style><img src=x onerror=alert(1)>",
    "&lt;&#60;",
    "\x00\x07\x1b[31m\r\n\x9b\u202e\ud800",
)


@pytest.mark.parametrize("nasty", NASTY)
def test_text_from_outside_stays_text(nasty: str) -> None:
    """Wherever it stands: it makes no element, no attribute and no control character."""

    def made(text: str) -> Timeline:
        of = Timeline()
        names = dict.fromkeys(("workload", "mode", "python", "platform", "threadviz"), text)
        of.apply(
            type(HEADER)(**{**{name: getattr(HEADER, name) for name in HEADER.__struct_fields__}, **names})
        )
        of.extend(
            [
                LaneStarted(0, 0, pid=1, tid=1, name=text, process=text),
                RunStarted(0, 1, 2),
                *(TaskSubmitted(0, number, text) for number in range(3)),
                TaskStarted(0, 0, 1, 1),
                TaskStarted(0, 1, 1, 1),
                Spans(0, 0, (Span(5, State.IO, call=text),)),
                TaskFinished(4, 0, result=text),
                TaskFinished(5, 1, error=text),
                RunEnded(9, error=text),
                ObserverTick(9, 1, 0, 0),
            ]
        )
        return of

    def shape(of: Element) -> list[tuple[str, list[str]]]:
        return [(each.tag, list(each.attributes)) for each in of]

    found = opened(made(nasty), nasty)
    assert shape(found) == shape(opened(made("plain"), "plain"))
    nothing_is_loaded(found)
    for element in found:
        assert all(value.isprintable() for value in element.attributes.values())
        if element.tag not in {"style", "script"}:
            texts = [child for child in element.children if isinstance(child, str)]
            assert all(child.isprintable() for child in texts if child != "\n")


def test_a_block_tells_what_it_is() -> None:
    """State, call, how long, from when on, how that is known, and the task; a blocked loop is called so."""
    ms = NS_PER_MS
    of = timeline(
        LaneStarted(0, 0, pid=1, tid=1, name="", process="subject"),
        RunStarted(0, 1, 1),
        TaskSubmitted(0, 0, "a.example"),
        TaskStarted(2 * ms, 0, 1, 1),
        Spans(0, 0, (Span(2 * ms, State.RUNNING), Span(40 * ms, State.IO, call="recvfrom"))),
        TaskFinished(42 * ms, 0, result="fine"),
        RunEnded(42 * ms),
        ObserverTick(42 * ms, 1, 0, 0),
    )
    (strip,) = strips(opened(of))
    assert [block.one("title").text for block in blocks(strip)] == [
        "running, 2.0 ms, from 0 on, sampled",
        "blocked: io in recvfrom, 40 ms, from 2.00 ms on, sampled; task a.example",
    ]


def test_every_kind_of_evidence_is_named() -> None:
    """In the title of its block."""
    ms = NS_PER_MS
    spans = tuple(Span(10 * ms, State.GIL, evidence) for evidence in Evidence)
    of = timeline(
        LaneStarted(0, 0, pid=1, tid=1, name="", process="subject"),
        RunStarted(0, 1, 1),
        Spans(0, 0, spans),
        RunEnded(40 * ms),
        ObserverTick(40 * ms, 1, 0, 0),
    )
    (strip,) = strips(opened(of))
    titles = [block.one("title").text for block in blocks(strip)]
    assert [title.split(", ")[3] for title in titles] == [EVIDENCE_LABELS[evidence] for evidence in Evidence]


def busy(lanes: int, changes: int, tasks: int = 0, keep: int = 10**7) -> Timeline:
    """A run of lanes that change very often."""
    of = Timeline(keep)
    of.apply(HEADER)
    of.apply(LaneStarted(0, 0, 1, 1, "", "subject"))
    of.apply(RunStarted(0, 1, 1))
    for number in range(1, lanes):
        of.apply(LaneStarted(0, number, 1, number + 1, "", "subject"))
        of.apply(TaskSubmitted(0, number, f"task {number}"))
        of.apply(TaskStarted(0, number, 1, number + 1))
    for number in range(lanes, lanes + tasks):
        of.apply(TaskSubmitted(0, number, f"task {number}"))
        of.apply(TaskFinished(1, number, error="refused"))
    states = (State.RUNNING, State.GIL, State.READY)
    ns = max(1, 1_000 * NS_PER_MS // changes)
    for number in range(lanes):
        of.apply(Spans(number, 0, tuple(Span(ns, states[index % 3]) for index in range(changes))))
    of.apply(RunEnded(ns * changes))
    of.apply(ObserverTick(ns * changes, 1, 0, 0))
    return of


def test_a_lane_that_changes_too_often_is_drawn_in_columns() -> None:
    """Stacked by shares, which add up; and the page says how long a column is."""
    found = opened(busy(2, 30_000))
    for strip in strips(found):
        assert len(blocks(strip)) <= 3 * 1000
        for state in (State.RUNNING, State.GIL, State.READY):
            assert drawn(strip, state) == pytest.approx(100 / 3, abs=0.1)
    assert "One that changes often has a column for every 1.0 ms." in found.text


def test_a_page_is_bounded() -> None:
    """However many lanes and tasks there are; what is left out is said."""
    found = opened(busy(MAX_LANES + 7, 400, tasks=MAX_TASKS))
    assert len(strips(found)) == MAX_LANES
    assert sum(map(len, map(blocks, strips(found)))) <= 3 * MOST_BLOCKS
    assert "7 workers left out here" in found.text
    assert len(found.one("table", "tasks").one("tbody").all("tr")) == MAX_TASKS
    assert f"{MAX_LANES + 6} tasks left out here" in found.text


def test_no_text_is_longer_than_there_is_room_for() -> None:
    """A name may be told of in thousands of places, and a hostile one be megabytes long."""
    of = timeline(
        LaneStarted(0, 0, pid=1, tid=1, name="n" * 10_000, process="subject"),
        RunStarted(0, 1, 1),
        TaskSubmitted(0, 0, "t" * 10_000),
        TaskStarted(0, 0, 1, 1),
        ObserverTick(9, 1, 0, 0),
    )
    found = opened(of)
    others = [each for each in found if each.tag not in {"style", "script"}]
    assert (
        max(len(child) for each in others for child in each.children if isinstance(child, str))
        == MOST_CHARACTERS + 3
    )
    assert max(len(value) for each in others for value in each.attributes.values()) < MOST_CHARACTERS + 50


def test_what_was_thinned_or_dropped_is_said() -> None:
    """At the lanes, and at the top."""
    found = opened(busy(2, 60_000, keep=20_000), "Not all could be taken: line 7 is no event.")
    assert "in its older part the order is not known" in found.text
    assert found.one("p", "dropped").text == "Not all could be taken: line 7 is no event."
    assert not opened(recorded("fetch-threads")).all("p", "dropped")


def test_a_page_is_the_same_each_time() -> None:
    """There is no time of day in it, and no order that changes."""
    assert "".join(page(recorded("fetch-processes"))) == "".join(page(recorded("fetch-processes")))


def test_the_gil_has_a_strip_above_the_lanes() -> None:
    """As much of each column is filled as it was held, and it says who held it most; at the top what was not seen."""
    ms = NS_PER_MS
    of = program(
        thread(0, 100),
        GilHeld(100, 0, 0, (Hold(300 * ms, 0), Hold(200 * ms, FREE), Hold(500 * ms, OPEN))),
        RunEnded(1000 * ms),
    )
    found = opened(of)
    nothing_is_loaded(found)
    gil, *_ = strips(found)
    assert gil.attributes["aria-label"] == "GIL: held for 60 % of the time for which that is known"
    held = [rect for rect in gil.all("rect") if rect.attributes["class"] == "held"]
    assert sum(percent(rect.attributes["width"]) for rect in held) == pytest.approx(30, abs=0.2)
    assert held[0].one("title").text == "held for 100 %, most of it by process 100"
    assert drawn(gil, "unknown") == pytest.approx(50, abs=0.2)


def test_a_program_has_a_page_without_tasks() -> None:
    """Its lanes are threads; what was folded away is counted."""
    of = recorded("exec-serve")
    found = opened(of)
    nothing_is_loaded(found)
    assert [heading.text for heading in found.all("h2")] == ["Lanes", "Findings", "Totals", "How to read it"]
    labels = [strip.attributes["aria-label"] for strip in strips(found)]
    assert labels[0].startswith("GIL: held") and len(labels) == 1 + len(of.lanes)
    folded = program(thread(0, 100), thread(1, 101), LaneEnded(5, 1), RunEnded(9), most_gone=0)
    assert "1 thread more came and went: they are in the totals." in opened(folded).text
