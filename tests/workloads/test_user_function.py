import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.workloads.user_functions import CODE
from threadviz.workloads import Call, WorkloadError
from threadviz.workloads.user_function import UserFunctionError, user_calls

BROKEN = {
    "fine.py": CODE,
    "dotted/__init__.py": "",
    "dotted/inner.py": "class Outer:\n    class Inner:\n        def method(self): pass\n    inner = Inner()\n",
    "raises.py": "import fine\nfine.fails(1)\n",
    "quits.py": "import sys\nsys.exit('usage')\n",
    "syntax.py": "def f(:\n",
    "needs.py": "import no_such_module\n",
    "lazy.py": "def __getattr__(name):\n    raise RuntimeError('not today')\n",
}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A folder of the user's modules; what is imported from there is forgotten afterwards."""
    for name, text in BROKEN.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setattr(sys, "path", [*sys.path])
    before = {*sys.modules}
    yield str(tmp_path)
    for name in {*sys.modules} - before:
        del sys.modules[name]


def calls(function: str, folder: str, *args: object, pickled: bool = True) -> list[Call]:
    """The one call with these arguments."""
    return user_calls(function, folder, [("name", args, {})], pickled=pickled)


@pytest.mark.parametrize(
    ("function", "args", "keywords", "result"),
    [
        ("fine:add", (1,), {}, 3),
        ("fine:add", (1,), {"b": 5, "c": 1}, 7),
        ("fine:Job.run", (5,), {}, 5),
        ("dotted.inner:Outer.inner.method", (), {}, None),
        ("json:loads", ("[1]",), {}, [1]),
        ("zlib:crc32", (b"x",), {}, 2363233923),
        ("fine:decorated", (1,), {}, ("given", 1)),
    ],
)
def test_a_function_is_found_and_called(
    folder: str, function: str, args: tuple[object, ...], keywords: dict[str, object], result: object
) -> None:
    """In the folder, or where it is installed; in a module, in a class, of an object; with all kinds of arguments."""
    (call,) = user_calls(function, folder, [("name", args, keywords)], pickled=True)
    assert (call.name, call.own, call()) == ("name", True, result)


def test_the_folder_comes_first(folder: str) -> None:
    """As it does for `python -m`."""
    Path(folder, "this.py").write_text("def zen():\n    return 'mine'\n")
    (call,) = calls("this:zen", folder)
    assert call() == "mine"


@pytest.mark.parametrize(
    ("function", "args", "sentence"),
    [
        (
            "nowhere:f",
            (),
            "there is no module 'nowhere' in the current folder, nor in the environment that threadviz is ",
        ),
        ("dotted.nix:f", (), "there is no module 'dotted.nix' in the current folder, nor in"),
        ("fine:ad", (), "there is no 'ad' in 'fine', but a 'add'"),
        ("fine:Job.nix.x", (), "there is no 'nix' in 'fine:Job'"),
        ("fine:number", (), "'fine:number' can't be called: it is of type 'int'"),
        (
            "fine:coroutine",
            (1,),
            "'fine:coroutine' only makes a coroutine when it is called: threadviz calls",
        ),
        ("fine:caller", (1,), "'fine:caller' only makes a coroutine when it is called: threadviz calls"),
        (
            "fine:generator",
            (1,),
            "'fine:generator' only makes a generator when it is called: threadviz calls",
        ),
        ("fine:asynchronous_generator", (1,), "'fine:asynchronous_generator' only makes an asynchronous gen"),
        ("fine:add", (), "'fine:add' can't be called without arguments: missing a required argument: 'a'"),
        ("fine:add", (1, 2, 3), "'fine:add' can't be called with item 'name': too many positional arguments"),
        ("fine:lambda_", (1,), "'fine:lambda_' can't be pickled, as it has to be for a process pool (Pickl"),
        ("fine:wrapped", (1,), "'fine:wrapped' can't be pickled, as it has to be for a process pool ("),
    ],
)
def test_what_can_not_be_called_is_a_sentence(
    folder: str, function: str, args: tuple[object, ...], sentence: str
) -> None:
    """It is nobody's code that failed, so there is no traceback."""
    with pytest.raises(UserFunctionError) as raised:
        calls(function, folder, *args)
    assert str(raised.value).startswith(sentence)
    assert not raised.value.traceback


@pytest.mark.parametrize(
    ("function", "sentence", "traceback"),
    [
        (
            "raises:f",
            "importing 'raises' failed: ValueError: no 1 \x1b[31m[red]",
            ['  File "raises.py", line 2, in <module>', '  File "fine.py", line 15, in fails'],
        ),
        (
            "quits:f",
            "importing 'quits' failed: SystemExit: usage",
            ['  File "quits.py", line 2, in <module>', "SystemExit: usage"],
        ),
        (
            "syntax:f",
            "importing 'syntax' failed: SyntaxError: invalid syntax (syntax.py, line 1)",
            ['  File "syntax.py", line 1', "SyntaxError: invalid syntax"],
        ),
        (
            "needs:f",
            "importing 'needs' failed: ModuleNotFoundError: No module named 'no_such_module': threadviz has",
            ['  File "needs.py", line 1, in <module>', "    import no_such_module"],
        ),
        (
            "lazy:f",
            "looking for 'f' in 'lazy' failed: RuntimeError: not today",
            ['  File "lazy.py", line 2, in __getattr__', "RuntimeError: not today"],
        ),
    ],
)
def test_code_that_fails_is_shown(folder: str, function: str, sentence: str, traceback: list[str]) -> None:
    """By its own frames only, and without the folders of this machine."""
    with pytest.raises(UserFunctionError) as raised:
        calls(function, folder)
    assert str(raised.value).startswith(sentence)
    shown = "\n".join(raised.value.traceback)
    assert [line for line in raised.value.traceback if line in traceback] == traceback
    assert folder not in shown and "threadviz" not in shown and "importlib" not in shown


def test_only_a_process_pool_pickles(folder: str) -> None:
    """Elsewhere any callable will do."""
    (call,) = calls("fine:lambda_", folder, 7, pickled=False)
    assert call() == 7


def test_each_way_of_calling_is_tried(folder: str) -> None:
    """Not only the first: a line that can't be right is reported by its name."""
    items: list[tuple[str, tuple[int, ...], dict[str, int]]] = [("one", (1,), {}), ("two", (1,), {"d": 1})]
    with pytest.raises(
        UserFunctionError, match=r"can't be called with item 'two': got an unexpected keyword argument 'd'"
    ):
        user_calls("fine:add", folder, items, pickled=False)


def test_a_coroutine_that_nobody_awaits_is_a_failure(folder: str) -> None:
    """It would look like a function that takes no time; it is closed, so that Python has nothing to warn of."""
    (call,) = calls("fine:forgets", folder, 1)
    with pytest.raises(WorkloadError, match="it returned a coroutine, which runs where it is awaited"):
        call()
