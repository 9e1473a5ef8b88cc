from hypothesis import given
from hypothesis import strategies as st

from threadviz.tui.view.viewport import MAX_CELL_NS, MIN_CELL_NS, SPANS_NS, ZOOM, Viewport

S = 1_000_000_000

lengths = st.integers(0, 3600 * S)
cells = st.integers(1, 300)
steps = st.integers(-4, 4)


@st.composite
def cameras(draw: st.DrawFn) -> Viewport:
    """Any camera, as use may have left it."""
    cell_ns = draw(st.integers(MIN_CELL_NS, MAX_CELL_NS))
    return Viewport(
        draw(cells), cell_ns, draw(st.integers(0, 1000)) * cell_ns, draw(st.booleans()), draw(st.booleans())
    )


moves = st.lists(
    st.one_of(
        st.tuples(st.just("resize"), cells),
        st.tuples(st.just("fit"), lengths, st.booleans()),
        st.tuples(st.just("follow"), lengths),
        st.tuples(st.just("pan"), st.integers(-500, 500), lengths),
        st.tuples(st.just("zoom"), steps, lengths),
    ),
    max_size=8,
)


@given(cameras(), moves)
def test_cells_stay_where_they_are(viewport: Viewport, moves: list[tuple[str, int, int]]) -> None:
    """Whatever is done, the left edge is a multiple of a cell and not before the begin; zoom has its limits."""
    for name, *arguments in moves:
        getattr(viewport, name)(*arguments)
        assert viewport.left >= 0 and viewport.left % viewport.cell_ns == 0
        assert viewport.cell_ns >= MIN_CELL_NS
        assert viewport.cell_ns <= MAX_CELL_NS or name != "zoom"
        assert viewport.cells >= 1


@given(cameras(), st.data())
def test_a_moment_is_in_its_cell(viewport: Viewport, data: st.DataObject) -> None:
    """The middle of a cell falls into that cell, and is in sight just if the cell is."""
    cell = data.draw(st.integers(-5, viewport.cells + 5))
    assert viewport.cell(viewport.time(cell)) == cell
    assert viewport.sees(viewport.time(cell)) == (0 <= cell < viewport.cells)


@given(cameras(), lengths)
def test_fit_shows_all_that_is_over(viewport: Viewport, length: int) -> None:
    """A run that is over is seen from its begin to the moment of its end, and a cell less would not do."""
    viewport.fit(length, growing=False)
    assert viewport.left == 0 and viewport.sees(length)
    assert (viewport.cell_ns - 1) * viewport.cells <= length or viewport.cell_ns == MIN_CELL_NS


@given(cameras(), lengths)
def test_fit_shows_what_grows_with_room(viewport: Viewport, length: int) -> None:
    """Of a run that grows the present is seen: from its begin where it is short or whole, else near the right edge."""
    viewport.fit(length, growing=True)
    assert viewport.sees(length)
    if viewport.whole or length < SPANS_NS[-1]:
        assert viewport.left == 0
    else:
        assert viewport.cell(length) >= viewport.cells - max(1, viewport.cells // 16)


@given(cameras(), st.lists(lengths))
def test_what_grows_is_gone_along_with_in_steps(viewport: Viewport, times: list[int]) -> None:
    """It stays in sight, and the picture as it is for as long as it does."""
    for t in sorted(times):
        before, stays = viewport.left, viewport.sees(t)
        viewport.go_along(t)
        assert viewport.sees(t)
        assert viewport.left == before or not stays


@given(cameras(), lengths)
def test_follow_moves_no_farther_than_needed(viewport: Viewport, t: int) -> None:
    """What was in sight stays as it was; else the moment comes to the edge that it is beyond."""
    before = viewport.left
    seen, right = viewport.sees(t), t >= viewport.right
    viewport.follow(t)
    if seen:
        assert viewport.left == before
    else:
        assert viewport.cell(t) == (viewport.cells - 1 if right else 0)


@given(cameras(), st.integers(-2000, 2000), lengths)
def test_pan_stays_at_the_run(viewport: Viewport, by: int, length: int) -> None:
    """It moves by so many cells, or to the begin or the end of the run where that is nearer."""
    before = viewport.left // viewport.cell_ns
    viewport.pan(by, length)
    moved = viewport.left // viewport.cell_ns - before
    assert 0 <= moved <= by if by >= 0 else by <= moved <= 0
    if moved != by:
        assert viewport.left == 0 or viewport.sees(length) or moved == 0
    assert not viewport.fitted


@given(cameras(), st.data(), st.integers(1, 4))
def test_zoom_keeps_the_moment(viewport: Viewport, data: st.DataObject, nearer: int) -> None:
    """The moment stays in its cell, but where the begin of the run is in the way; and back again it is where it was."""
    t = data.draw(st.integers(viewport.left, viewport.right - 1))
    at, cell_ns = viewport.cell(t), viewport.cell_ns
    viewport.zoom(nearer, t)
    assert viewport.cell(t) == at
    assert viewport.cell_ns == max(MIN_CELL_NS, cell_ns // ZOOM**nearer)
    assert not viewport.fitted
    viewport.zoom(-nearer, t)
    assert viewport.cell(t) == at or viewport.left == 0
    if cell_ns >= MIN_CELL_NS * ZOOM**nearer:
        assert cell_ns - ZOOM**nearer < viewport.cell_ns <= cell_ns


@given(cameras(), st.data(), st.integers(1, 4))
def test_zoom_out_keeps_the_moment_in_sight(viewport: Viewport, data: st.DataObject, farther: int) -> None:
    """Farther away, the moment is in its cell, or left of it where the run begins before that."""
    t = data.draw(st.integers(viewport.left, viewport.right - 1))
    at = viewport.cell(t)
    viewport.zoom(-farther, t)
    assert viewport.sees(t)
    assert viewport.cell(t) == at or (viewport.left == 0 and viewport.cell(t) < at)


@given(cells, cells, lengths, st.booleans(), st.booleans())
def test_a_fitted_picture_is_fitted_to_new_room(
    before: int, after: int, length: int, growing: bool, whole: bool
) -> None:
    """Where nothing was chosen by hand, what was in sight at the present is so in another terminal's width."""
    viewport = Viewport(cells=before, whole=whole)
    viewport.fit(length, growing)
    all_of_it = viewport.left == 0
    viewport.resize(after)
    assert viewport.sees(length) and viewport.cells == after
    assert viewport.left == 0 or not all_of_it


@given(cameras(), cells)
def test_what_was_chosen_by_hand_stays(viewport: Viewport, room: int) -> None:
    """A zoom that was chosen is kept in another terminal's width, and so is the left edge."""
    viewport.fitted = False
    before = viewport.left, viewport.cell_ns
    viewport.resize(room)
    assert (viewport.left, viewport.cell_ns) == before
