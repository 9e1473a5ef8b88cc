from itertools import combinations, product

import pytest
from rich.color import ColorSystem
from textual.app import App
from textual.color import Color
from textual.theme import BUILTIN_THEMES, Theme

from threadviz.presentation.cells import ExtraMark, Mark
from threadviz.presentation.styles import STATE_STYLES
from threadviz.protocol.events import State
from threadviz.tui.render.styles import LEAST_CONTRAST, Depth, contrast, lane_styles, lane_variables, variable

THEMES = list(BUILTIN_THEMES.values())
DRAWN = [mark for mark in STATE_STYLES if mark is not ExtraMark.AWAY]


class Coloured(App[None]):
    """Has the lanes' colours."""

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """The colours of the lanes."""
        return lane_variables(self.current_theme)


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_every_theme_has_a_colour_for_every_mark(theme: Theme) -> None:
    """As a theme variable that can be parsed."""
    variables = lane_variables(theme)
    assert set(variables) == {variable(mark) for mark in DRAWN}
    for colour in variables.values():
        Color.parse(colour)


@pytest.mark.parametrize("theme", [theme for theme in THEMES if not theme.ansi], ids=lambda theme: theme.name)
def test_lanes_stand_out_from_every_background(theme: Theme) -> None:
    """By what WCAG asks for, on dark themes and on light ones."""
    background = Color.parse(theme.to_color_system().generate()["background"])
    for name, colour in lane_variables(theme).items():
        assert contrast(Color.parse(colour), background) >= LEAST_CONTRAST, name


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_only_a_blocked_loop_is_red(theme: Theme) -> None:
    """The hue of every other colour is at least 18 of 360 degrees away, or it is grey."""
    for mark in DRAWN:
        colour = Color.parse(lane_variables(theme)[variable(mark)])
        red = colour.hsl.s > 0.3 and abs((colour.hsl.h + 0.5) % 1 - 0.5) < 0.05
        assert red == (mark is ExtraMark.BLOCKED), mark


@pytest.mark.parametrize("theme", THEMES, ids=lambda theme: theme.name)
def test_what_runs_waits_and_blocks_differs_in_colour(theme: Theme) -> None:
    """Glyphs differ as well; nobody has to tell amber from orange by its colour alone."""
    variables = lane_variables(theme)
    telling: list[Mark] = [
        State.RUNNING,
        State.GIL,
        State.IO,
        State.LOCK,
        State.SLEEP,
        State.WAITING,
        ExtraMark.BLOCKED,
    ]
    assert len({variables[variable(mark)] for mark in telling}) == len(telling)


@pytest.mark.parametrize("theme", [theme for theme in THEMES if not theme.ansi], ids=lambda theme: theme.name)
def test_letters_stand_out_from_their_ground(monkeypatch: pytest.MonkeyPatch, theme: Theme) -> None:
    """On every lane, picked or not."""
    monkeypatch.setenv("COLORTERM", "truecolor")
    app = Coloured()
    app.theme = theme.name
    app.get_css_variables()
    found = lane_styles(app)
    for mark, lit, other in product(set(DRAWN) - {State.IDLE}, (False, True), (False, True)):
        style = found.lettered(mark, lit, other)
        assert style.color is not None and style.bgcolor is not None
        letter, ground = map(Color.from_rich_color, (style.color, style.bgcolor))
        assert contrast(letter, ground) >= LEAST_CONTRAST, mark


def test_black_and_white_are_as_far_apart_as_can_be() -> None:
    """The ratio is WCAG's."""
    assert contrast(Color.parse("black"), Color.parse("white")) == pytest.approx(21)
    assert contrast(Color.parse("#777777"), Color.parse("white")) == pytest.approx(4.48, abs=0.01)


def depth(monkeypatch: pytest.MonkeyPatch, **environ: str) -> Depth:
    """How many colours an app draws with in this environment."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return lane_styles(Coloured()).depth


def test_the_terminal_says_how_many_colours_there_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """All, 16 or, where the user wants none, none."""
    assert depth(monkeypatch) is Depth.ALL
    assert depth(monkeypatch, COLORTERM="", TERM="xterm-16color") is Depth.SIXTEEN
    assert depth(monkeypatch, NO_COLOR="1") is Depth.NONE


def test_of_16_colours_each_is_one_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that Textual, which knows only of true colours, comes out at the one that was meant; no two are alike."""
    monkeypatch.setenv("COLORTERM", "")
    monkeypatch.setenv("TERM", "xterm-16color")
    found = lane_styles(Coloured())
    marks: list[Mark] = [
        State.RUNNING,
        State.READY,
        State.GIL,
        State.IO,
        State.LOCK,
        State.SLEEP,
        ExtraMark.BLOCKED,
    ]
    numbers = []
    for mark in marks:
        colour = found.of(mark, lit=False, other=False).color
        assert colour is not None
        numbers.append(colour.downgrade(ColorSystem.STANDARD).number)
    assert numbers == [2, 11, 3, 12, 5, 6, 1]


def test_inks_are_the_same_as_long_as_the_colours_are() -> None:
    """So that whoever draws with them can tell when to draw anew."""
    app = Coloured()
    before = lane_styles(app)
    assert lane_styles(app) is before
    app.theme = "textual-light"
    app.get_css_variables()
    assert lane_styles(app) is not before


@pytest.mark.parametrize("theme", [theme for theme in THEMES if not theme.ansi], ids=lambda theme: theme.name)
def test_marks_look_different(theme: Theme) -> None:
    """No two marks have the same glyph and the same style."""
    app = Coloured()
    app.theme = theme.name
    app.get_css_variables()
    found = lane_styles(app)
    looks = [(STATE_STYLES[mark].glyph, found.of(mark, lit=False, other=False)) for mark in STATE_STYLES]
    for one, other in combinations(looks, 2):
        assert one != other
