import subprocess
import sys
import tomllib
from pathlib import Path
from shutil import copytree

import pytest
from hypothesis import given
from hypothesis import strategies as st

import threadviz
from threadviz.mock_server.config import MAX_FILE, SetsError, load
from threadviz.mock_server.sites import Site, Trouble

PACKAGE = Path(threadviz.__file__).parent
GOOD = """\
[sets.one]
about = "A set."
sites = [
    { url = "http://a.example/x", bytes = 10, seconds = 0.5 },
    { url = "https://B.example:8443", bytes = 0, seconds = 1, name = "bee", trouble = "hang" },
]
"""


@pytest.fixture(scope="session")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A path to write to: one for all, as hypothesis asks for."""
    return tmp_path_factory.mktemp("sets") / "urls.toml"


def complaint(path: Path, content: str | bytes) -> str:
    """Return the error for a file of such content."""
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(SetsError) as caught:
        load(path)
    return str(caught.value)


def test_the_default_set() -> None:
    """The shipped default set is the table of the design, in its order."""
    assert load(None)["default"].sites == (
        Site("https://www.naver.com", 152331, 0.098, "www.naver.com"),
        Site("https://www.daum.net", 204133, 0.105, "www.daum.net"),
        Site("https://www.yahoo.com", 509307, 1.440, "www.yahoo.com"),
        Site("http://fa.bianp.net/", 51394, 2.027, "fa.bianp.net"),
        Site("https://jakevdp.github.io", 60277, 1.729, "jakevdp.github.io"),
        Site("http://arogozhnikov.github.io", 24867, 1.163, "arogozhnikov.github.io"),
    )


def test_the_other_shipped_sets() -> None:
    """There are many small sites with delays of their own, and every kind of trouble beside healthy sites."""
    sets = load(None)
    many = [site.seconds for site in sets["many"].sites]
    assert len(set(many)) == len(many) == 64
    assert (min(many), max(many)) == (0.05, 0.6)
    troubles = [site.trouble for site in sets["trouble"].sites]
    assert set(troubles) == {*Trouble, None}
    assert all(read.about for read in sets.values())


def test_the_shipped_file_describes_every_trouble_and_key() -> None:
    """The head of the shipped file, which complaints refer to, explains whatever may stand in it."""
    text = (Path(__file__).parents[2] / "assets" / "urls.toml").read_text()
    head = text[: text.index("\n\n[sets.")]
    for word in (*Site.__struct_fields__, "about", *(f'"{trouble}"' for trouble in Trouble)):
        assert word in head


def load_in_copy(root: Path) -> "subprocess.CompletedProcess[str]":
    """Load the shipped sets with a copy of the package in `root`, and print their names or the complaint."""
    copytree(PACKAGE, root / "threadviz", dirs_exist_ok=True)
    program = (
        "from threadviz.mock_server.config import load, SetsError\n"
        "try: print(*load(None))\n"
        "except SetsError as error: print(error)\n"
    )
    return subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONPATH": str(root)},
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
        timeout=30,
    )


def test_the_shipped_file_of_an_installed_package(tmp_path: Path) -> None:
    """Where the file lies within the package, as the wheel puts it, it is found there."""
    assets = tmp_path / "threadviz" / "assets"
    assets.mkdir(parents=True)
    (assets / "urls.toml").write_text(GOOD)
    assert load_in_copy(tmp_path).stdout == "one\n"


def test_no_shipped_file(tmp_path: Path) -> None:
    """An incomplete installation is reported like any file that is missing."""
    assert "urls.toml can't be read (No such file or directory)" in load_in_copy(tmp_path).stdout


def test_a_good_file(path: Path) -> None:
    """Names come from the URL's host where none is given; whole numbers are good seconds."""
    path.write_text(GOOD)
    assert load(path)["one"].sites == (
        Site("http://a.example/x", 10, 0.5, "a.example"),
        Site("https://B.example:8443", 0, 1.0, "bee", Trouble.HANG),
    )
    path.write_text('[[sets.x.sites]]\nurl = "https://B.example:8443"\nbytes = 1\nseconds = 0\n')
    assert load(path)["x"].sites == (Site("https://B.example:8443", 1, 0.0, "b.example:8443"),)


def test_a_missing_file(tmp_path: Path) -> None:
    """The reason is the system's."""
    with pytest.raises(
        SetsError, match=r"none\.toml can't be read \(No such file or directory\); give the path"
    ):
        load(tmp_path / "none.toml")


def test_a_folder(tmp_path: Path) -> None:
    """What is no file is not opened."""
    with pytest.raises(SetsError, match="is not a regular file"):
        load(tmp_path)


def test_an_unprintable_path(tmp_path: Path) -> None:
    """The path in a complaint is printable, whatever the path is."""
    with pytest.raises(SetsError) as caught:
        load(tmp_path / "\x1b[31m\udcff")
    assert r"\x1b[31m\udcff can't be read" in str(caught.value)
    assert str(caught.value).isprintable()


WHOLE = {
    "": "is empty",
    " \n\n": "is empty",
    "# nothing\n": "sets: there is no set here",
    "x = [\n": "is not TOML: ",
    "a = 1\na = 2\n": "at line 2",
    "sets = 3\n": "sets: there is no set here",
    "[sets]\n": "sets: there is no set here",
    "[others]\n": "line 1: others: this key is not known here",
    "[sets]\na = 3\n": "line 2: sets.a: expected a table, got int",
    '[sets."a\\u001b"]\n': r"line 1: sets.a\x1b: a set's name has",
    "[sets.a]\n": "line 1: sets.a: object missing required field sites",
    "[sets.a]\nsites = []\n": "line 2: sets.a.sites: expected array of length >= 1",
    "[sets.a]\nsites = 'x'\n": "line 2: sets.a.sites: expected array, got str",
    "[sets.a]\nsites = [\n1\n]\n": "line 3: sets.a.sites[0]: expected a table, got int",
    "[sets.a]\nsize = 1\n": "line 2: sets.a.size: this key is not known here",
    "x = " + "[" * 5000: "is nested too deeply",
    "x = " + "9" * 5000: "is not TOML: ",
    b"a = 1\nb = '\xff'\n": ", line 2: this is not UTF-8",
    "#" * (MAX_FILE + 1): f"is larger than {MAX_FILE} bytes",
}


@pytest.mark.parametrize(("content", "sentence"), WHOLE.items(), ids=range(len(WHOLE)))
def test_a_bad_file(path: Path, content: str | bytes, sentence: str) -> None:
    """Each way in which a file as a whole can be wrong is reported, with its line where there is one."""
    text = complaint(path, content)
    assert text.startswith(str(path))
    assert sentence in text
    assert text.isprintable()


BAD_VALUES = {
    "bytes = -1": "bytes: expected int >= 0",
    "bytes = 100000001": "bytes: expected int <= 100000000",
    "bytes = 1.5": "bytes: expected int, got float",
    "bytes = true": "bytes: expected int, got bool",
    "seconds = -0.1": "seconds: expected float >= 0",
    "seconds = 601": "seconds: expected float <= 600",
    "seconds = nan": "seconds: expected float",
    "seconds = 2026-01-01": "seconds: expected float, got date",
    'name = "a\\nb"': "name: there are control characters",
    'trouble = "lazy"': "trouble: invalid enum value 'lazy'",
    'trouble = "\\u001b[1m"': r"trouble: invalid enum value '\x1b[1m'",
    "delay = 1": "delay: this key is not known here",
    '"`\\u0007" = 1': r"`\x07: this key is not known here",
    "url = 1": "url: expected str, got int",
    'url = "file:///etc/passwd"': "url: the scheme is 'file', but only http and https are fetched",
    'url = "ftp://a.example/"': "url: the scheme is 'ftp'",
    'url = "www.example.com"': "url: the scheme is ''",
    'url = "http://"': "url: the URL has no host",
    'url = "http:///path"': "url: the URL has no host",
    'url = "http://a b.example/"': "url: a URL has ASCII characters only",
    'url = "http://a.example/\\r\\nX: y"': "url: a URL has ASCII characters only",
    'url = "http://é.example/"': "url: a URL has ASCII characters only",
    'url = ""': "url: a URL has ASCII characters only",
    'url = "http://u:p@a.example/"': "url: the URL names a user",
    'url = "http://[::1/"': "url: this is not a URL",
    'url = "http://a.example:99999/"': "url: this is not a URL",
    f'url = "http://{"a" * 201}/"': "url: the host is longer than 200 characters",
    f'url = "http://a.example/{"a" * 2000}"': "url: the URL is longer than 2000 characters",
}


@pytest.mark.parametrize(("pair", "sentence"), BAD_VALUES.items())
def test_a_bad_value(path: Path, pair: str, sentence: str) -> None:
    """Each bad value of a site is reported with its line and its key."""
    good = {"url": 'url = "http://a.example/"', "bytes": "bytes = 1", "seconds": "seconds = 1"}
    key = pair.split(" = ")[0]
    site = ", ".join({**good, key: pair}.values())
    text = complaint(path, GOOD.replace("\n]", f"\n    {{ {site} }},\n]"))
    assert text.startswith(f"{path}, line 6: sets.one.sites[2].{sentence}")
    assert text.isprintable()


def test_a_missing_value(path: Path) -> None:
    """A site without one of its keys is reported with the line of the site."""
    text = complaint(path, GOOD.replace("bytes = 0, ", ""))
    assert text.startswith(f"{path}, line 5: sets.one.sites[1]: object missing required field bytes;")


def test_control_characters_in_about(path: Path) -> None:
    """A set's sentence goes to the terminal too."""
    text = complaint(path, GOOD.replace("A set.", "A \\u009b set."))
    assert text.startswith(f"{path}, line 2: sets.one.about: there are control characters")


def holds_or_is_told(path: Path, content: bytes) -> None:
    """Hold a file to the rule: its sets are good through and through, or the error is one printable sentence."""
    path.write_bytes(content)
    sentence, sets = "", {}
    try:
        sets = load(path)
    except SetsError as error:
        sentence = str(error)
    assert bool(sentence) != bool(sets)
    assert sentence.isprintable()
    for read in sets.values():
        assert read.about.isprintable()
        for site in read.sites:
            assert site.url.lower().startswith(("http://", "https://"))
            assert site.name
            assert site.name.isprintable()
            assert site.bytes >= 0
            assert 0 <= site.seconds <= 600


@given(st.lists(st.tuples(st.integers(0, len(GOOD)), st.integers(0, 12), st.binary(max_size=6)), max_size=4))
def test_a_damaged_file(path: Path, cuts: list[tuple[int, int, bytes]]) -> None:
    """A file with bytes taken out and put in is used or complained about, nothing else."""
    content = GOOD.encode()
    for at, length, new in cuts:
        content = content[:at] + new + content[at + length :]
    holds_or_is_told(path, content)


TOML_VALUES = st.one_of(
    st.integers().map(str),
    st.floats().map(lambda number: f"{number:.6f}" if abs(number) < 1e300 else "inf"),
    st.sampled_from(["true", "nan", "[]", "{}", "[1, {}]", "1979-05-27T07:32:00Z", "07:32:00", '"http://x"']),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=12).map(
        lambda text: '"' + "".join(f"\\U{ord(char):08x}" for char in text) + '"'
    ),
)


@given(
    st.dictionaries(
        st.sampled_from([*Site.__struct_fields__, "about", '"\\u001b"', "x.y"]), TOML_VALUES, max_size=6
    )
)
def test_odd_values(path: Path, values: dict[str, str]) -> None:
    """Any values for any keys are used or complained about, nothing else."""
    site = ", ".join(f"{key} = {value}" for key, value in values.items())
    content = f"[sets.one]\nsites = [{{ {site} }}]\n"
    tomllib.loads(content)
    holds_or_is_told(path, content.encode())
