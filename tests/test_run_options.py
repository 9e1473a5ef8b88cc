from dataclasses import replace
from pathlib import Path

import pytest

from threadviz.mock_server.config import load
from threadviz.protocol.requests import UserFunction
from threadviz.protocol.subject import CallItem
from threadviz.run_options import MAX_TASKS, OWN, OptionsError, RunOptions, fitting, requests
from threadviz.workloads import WORKLOADS
from threadviz.workloads.items import repeated

URLS = Path(__file__).parent / "data" / "sites.toml"


@pytest.mark.parametrize("workload", WORKLOADS)
def test_what_fits_can_be_run(workload: str) -> None:
    """All wishes at once come to a request under any workload; only those about fetching are left out, of some."""
    wishes = RunOptions(workload, 2, 3, "slow", URLS, True, 1.5, "portable")
    (request,) = requests(fitting(wishes), ["threads"])
    assert (request.workers, request.tasks, request.probe) == (2, 3, "portable")
    if WORKLOADS[workload].fetches:
        assert fitting(wishes) == wishes
        assert (request.online, request.timeout_s, len(request.sites)) == (True, 1.5, 1)
    else:
        assert (request.online, request.sites) == (False, ())


def test_a_workload_that_is_not_there() -> None:
    """It is left as it is, for `requests` to complain about."""
    wishes = RunOptions("nix", online=True)
    assert fitting(wishes) == wishes


def test_sets_that_were_read_already() -> None:
    """They are taken as they are: no file is looked for."""
    sets = load(URLS)
    asked = RunOptions(set_name="slow", urls=Path("no/such/file"))
    (request,) = requests(asked, ["threads"], sets)
    assert request.sites == sets["slow"].sites
    with pytest.raises(OptionsError, match="there is no set 'nix'"):
        requests(RunOptions(set_name="nix"), ["threads"], sets)


def test_a_function_of_somebodys_own(tmp_path: Path) -> None:
    """What the file says, or so many calls without arguments; looked for where one is, with a worker for each core."""
    path = tmp_path / "items"
    path.write_text("one\ntwo\n")
    for wishes, items in (
        (
            RunOptions(OWN, call="a.b:C.d", items=path),
            (CallItem("one", ("one",), {}), CallItem("two", ("two",), {})),
        ),
        (
            RunOptions(OWN, call="a.b:C.d", repeat=2),
            (CallItem("C.d 1"), CallItem("C.d 2")),
        ),
    ):
        first, second = requests(wishes, ["threads", "processes"])
        assert first.calling == UserFunction(function="a.b:C.d", folder=str(Path.cwd()), items=items)
        assert (first.workload, first.tasks, first.workers, first.sites) == ("a.b:C.d", None, 2, ())
        assert second.calling == first.calling


def test_items_that_were_read_already() -> None:
    """They are taken as they are: no file is looked for."""
    read = repeated("f", 1)
    (request,) = requests(RunOptions(OWN, call="a:f", items=Path("no/such/file")), ["threads"], items=read)
    assert request.calling is not None and request.calling.items == (CallItem("f 1"),)


def test_each_workload_has_wishes_of_its_own() -> None:
    """What a function has no use for does not fit it, and the other way round."""
    wishes = RunOptions("primes", 2, 3, "slow", URLS, True, 1.5, "portable", "a:f", Path("items"), 4)
    own = fitting(replace(wishes, workload=OWN))
    assert own == RunOptions(OWN, workers=2, probe="portable", call="a:f", items=Path("items"), repeat=4)
    assert fitting(wishes) == RunOptions("primes", 2, 3, probe="portable")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (None, "is not given: give package.module:function, such as json:loads"),
        ("json", "is 'json': give package"),
        ("json.loads", "is 'json.loads': give package"),
        ("a:b:c", "is 'a:b:c': give package"),
        ("a b:c", "is 'a b:c': give package"),
        ("1a:c", "is '1a:c': give package"),
        (":c", "is ':c': give package"),
        ("a:", "is 'a:': give package"),
        ("a:b()", "is 'a:b()': give package"),
        (
            "./code/mine.py:f",
            "is './code/mine.py:f', the path of a file: give the module's name, such as code.mine:f",
        ),
        (
            "/code/mine.py",
            "is '/code/mine.py', the path of a file: give the module's name, such as code.mine:function",
        ),
    ],
)
def test_what_names_no_function(call: str | None, words: str) -> None:
    """It is said what would."""
    with pytest.raises(OptionsError) as raised:
        requests(RunOptions(OWN, call=call, repeat=1), ["threads"])
    assert raised.value.field == "call" and raised.value.wrong.startswith(words)


def test_names_may_have_letters_of_any_script() -> None:
    """As they may in Python."""
    (request,) = requests(RunOptions(OWN, call="größe.π:Ω_1", repeat=1), ["threads"])
    assert request.workload == "größe.π:Ω_1"


def test_too_many_items(tmp_path: Path) -> None:
    """There is the same limit as for tasks."""
    path = tmp_path / "items"
    path.write_text("x\n" * (MAX_TASKS + 1))
    with pytest.raises(OptionsError, match=r"items has 100001 lines in .*: give at most 100000"):
        requests(RunOptions(OWN, call="a:f", items=path), ["threads"])


def test_what_is_missing_is_called_as_it_is_said() -> None:
    """An option in a command, and a field elsewhere."""
    with pytest.raises(OptionsError) as raised:
        requests(RunOptions(OWN, call="a:f"), ["threads"])
    words = "is not given: name a file with one item a line, or say with {}repeat how often to call"
    assert raised.value.wrong.startswith(words.format(""))
    assert str(raised.value).startswith(f"items {words.format('')}")
    assert raised.value.as_options.startswith(f"--items {words.format('--')}")
