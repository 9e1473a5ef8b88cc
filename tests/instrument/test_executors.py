import asyncio
import gc
import os
import pickle
import subprocess
import sys
import threading
import traceback
import weakref
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures import thread as futures_thread
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

import threadviz
from tests.instrument.pipes import Reader, open_reader
from threadviz.instrument.executors import observed
from threadviz.protocol.task_pipe import TASKS_VARIABLE

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="there are no named pipes of this kind")

LIMIT_S = 60


class InPlace(Executor):
    """Makes each call at once, in the thread that submits it, and keeps what it was given."""

    def __init__(self) -> None:
        self.given: list[Callable[..., Any]] = []

    def submit(self, function: Callable[..., Any], /, *args: Any, **keywords: Any) -> Future[Any]:
        """Make the call."""
        self.given.append(function)
        future: Future[Any] = Future()
        try:
            future.set_result(function(*args, **keywords))
        except ValueError as error:
            future.set_exception(error)
        return future


class Listed(InPlace):
    """One that inspects its functions, and can be pickled."""

    def submit(self, function: Callable[..., Any], /, *args: Any, **keywords: Any) -> Future[Any]:
        """Make the call, and keep its name."""
        future = super().submit(function, *args, **keywords)
        self.names = [each.__name__ for each in self.given]
        return future

    def __getstate__(self) -> dict[str, Any]:
        return {"given": []}


class Slotted(Executor):
    """One without a dictionary of its own."""

    __slots__ = ("calls",)

    def submit(self, function: Callable[..., Any], /, *args: Any, **keywords: Any) -> Future[Any]:
        """Count the calls."""
        self.calls = getattr(self, "calls", 0) + 1
        return Future()


def double(number: int) -> int:
    """Return twice as much."""
    return 2 * number


def fail() -> None:
    """Raise."""
    raise ValueError("it is so")


def die() -> None:
    """End the process at once."""
    os._exit(3)


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    """A reader of the pipe that tasks are reported into."""
    with open_reader(tmp_path / "tasks") as reader:
        yield reader


def of_type(messages: list[Any], what: str) -> list[Any]:
    """Those of one kind."""
    return [each for each in messages if each["type"] == what]


def test_it_stays_the_same_object() -> None:
    """An executor of its class, by its name, that knows what it has known; wrapping it again changes nothing."""
    pool = ThreadPoolExecutor(1)
    before = repr(pool)
    with observed(pool) as same:
        assert same is pool and repr(pool) == before
        assert isinstance(same, ThreadPoolExecutor)
        assert observed(pool) is pool and type(observed(ThreadPoolExecutor(1))) is type(pool)
        assert pool.submit(double, 21).result() == 42
    assert threadviz.observed is observed


def test_only_executors_are_taken() -> None:
    """Anything else is refused."""
    with pytest.raises(TypeError, match="takes an executor, not 'list'"):
        observed([])  # type: ignore[type-var]


def test_those_with_slots_are_taken_too() -> None:
    """Their class can be replaced as well."""
    executor = observed(Slotted())
    executor.submit(double, 1)
    assert executor.calls == 1


def test_unobserved_tasks_are_not_wrapped() -> None:
    """The executor gets the very function."""
    executor = observed(InPlace())
    assert executor.submit(double, 4).result() == 8
    assert executor.given == [double]


def test_a_task_is_reported_from_its_submission_to_its_end(reader: Reader) -> None:
    """By its function's name, with where it runs, at times that follow each other; neither arguments nor result."""
    with observed(ThreadPoolExecutor(1)) as pool:
        where = pool.submit(threading.get_native_id).result()
    submitted, started, finished = reader.messages()
    assert submitted["type"], submitted["name"] == ("submitted", "get_native_id")
    assert (started["type"], started["pid"], started["tid"]) == ("started", os.getpid(), where)
    assert finished["error"] is None and finished["started"] == started
    assert submitted["t"] <= started["t"] <= finished["t"]
    assert len({each["task"] for each in (submitted, started, finished)}) == 1


@pytest.mark.usefixtures("no_servers_left")
@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_worker_processes_report(reader: Reader, method: str) -> None:
    """However they are started; chunks of a map are named after what they map."""
    with observed(ProcessPoolExecutor(1, mp_context=get_context(method))) as pool:
        assert list(pool.map(double, range(4), chunksize=2)) == [0, 2, 4, 6]
        (worker,) = pool._processes
    messages = reader.messages()
    assert [each["name"] for each in of_type(messages, "submitted")] == ["chunk of double"] * 2
    assert [each["pid"] for each in of_type(messages, "started")] == [worker] * 2
    assert [each["error"] for each in of_type(messages, "finished")] == [None] * 2


@pytest.mark.skipif(
    sys.version_info < (3, 14), reason="there are no pools of interpreters before CPython 3.14"
)
def test_interpreters_report(reader: Reader) -> None:
    """Each thread of such a pool is one; functions come there that can't be pickled."""
    from concurrent import futures

    with observed(futures.InterpreterPoolExecutor(1)) as pool:  # type: ignore[attr-defined]
        assert pool.submit(lambda: 42).result() == 42
        assert isinstance(pool.submit(int, "x").exception(), ValueError)
    messages = reader.messages()
    assert [each["pid"] for each in of_type(messages, "started")] == [os.getpid()] * 2
    assert [each["name"] for each in of_type(messages, "submitted")] == ["<lambda>", "int"]


def test_what_a_task_raises_is_what_comes_out(reader: Reader) -> None:
    """The same exception, from where it was raised; it is reported."""
    error = ValueError("it is so")

    def fail_so() -> None:
        raise error

    with observed(ThreadPoolExecutor(1)) as pool:
        raised = pool.submit(fail_so).exception()
    assert raised is error
    assert traceback.extract_tb(error.__traceback__)[-1].name == "fail_so"
    assert {each["error"] for each in of_type(reader.messages(), "finished")} == {"ValueError: it is so"}


def test_what_a_failed_task_was_given_is_not_kept(reader: Reader) -> None:
    """Its exception keeps what its function has kept, and no more."""

    class Argument:
        pass

    def forget(argument: Argument) -> None:
        del argument
        raise ValueError

    argument = Argument()
    gone = weakref.ref(argument)
    with observed(ThreadPoolExecutor(1)) as pool:
        future = pool.submit(forget, argument)
        del argument
        error = future.exception()
    assert isinstance(error, ValueError)
    for frame, _ in traceback.walk_tb(error.__traceback__):
        if frame.f_code.co_filename == futures_thread.__file__:
            frame.clear()  # CPython 3.14 keeps there what it was given, and is not meant here
    gc.collect()
    assert gone() is None


def test_a_cancelled_task_is_reported(reader: Reader) -> None:
    """It is over without having started."""
    hold = threading.Event()
    with observed(ThreadPoolExecutor(1)) as pool:
        pool.submit(hold.wait)
        assert pool.submit(double, 1).cancel()
        hold.set()
    messages = reader.messages()
    cancelled = next(each["task"] for each in of_type(messages, "submitted") if each["name"] == "double")
    assert [(each["type"], each.get("error")) for each in messages if each["task"] == cancelled] == [
        ("submitted", None),
        ("finished", "cancelled"),
    ]


def test_a_refused_task_is_reported(reader: Reader) -> None:
    """The executor says why, and that is what is raised, and reported."""
    pool = observed(ThreadPoolExecutor(1))
    pool.shutdown()
    with pytest.raises(RuntimeError, match="after shutdown"):
        pool.submit(double, 1)
    assert "after shutdown" in of_type(reader.messages(), "finished")[0]["error"]


@pytest.mark.usefixtures("no_servers_left")
def test_a_task_whose_worker_dies_is_reported(reader: Reader) -> None:
    """By the process that has submitted it: the worker can't."""
    with observed(ProcessPoolExecutor(1)) as pool, pytest.raises(BrokenExecutor):
        pool.submit(die).result()
    (finished,) = of_type(reader.messages(), "finished")
    assert finished["error"].startswith("BrokenProcessPool: ") and finished["started"] is None


@pytest.mark.usefixtures("no_servers_left")
def test_a_function_that_cannot_be_pickled_fails_as_ever(reader: Reader) -> None:
    """With the same message."""
    plain, wrapped = ProcessPoolExecutor(1), observed(ProcessPoolExecutor(1))
    same = lambda: None  # noqa: E731 - it is the name that can't be found
    with plain, wrapped:
        errors = [pool.submit(same).exception() for pool in (plain, wrapped)]
    assert type(errors[0]) is type(errors[1]) and str(errors[0]) == str(errors[1])
    assert of_type(reader.messages(), "finished")[0]["error"] == f"{type(errors[0]).__name__}: {errors[0]}"


def test_what_is_no_call_is_left_to_the_executor(reader: Reader) -> None:
    """It raises its own error, and no task is reported."""
    with ThreadPoolExecutor(1) as plain, observed(ThreadPoolExecutor(1)) as pool:
        for each in (plain, pool):
            with pytest.raises(TypeError, match="missing 1 required positional argument: 'fn'"):
                each.submit(arg=1)  # type: ignore[call-arg]
        assert isinstance(pool.submit(3).exception(), TypeError)  # type: ignore[arg-type]
    assert reader.messages() == []


def test_an_executor_sees_its_function(reader: Reader) -> None:
    """One that asks a function for its name gets it, observed or not."""
    executor = observed(Listed())
    executor.submit(double, 1)
    assert executor.names == ["double"]


def test_an_executor_that_can_be_pickled_still_can(reader: Reader) -> None:
    """And what comes out is observed as well."""
    again = pickle.loads(pickle.dumps(observed(Listed())))
    assert isinstance(again, Listed) and again.submit(double, 5).result() == 10
    assert [each["type"] for each in reader.messages()] == ["submitted", "started", "finished"]


def test_a_pool_that_is_dropped_ends(reader: Reader) -> None:
    """At once, as without: nothing keeps it alive."""
    pool = observed(ThreadPoolExecutor(2))
    pool.submit(double, 1).result()
    threads = list(pool._threads)
    del pool
    for thread in threads:
        thread.join(LIMIT_S)
        assert not thread.is_alive()


async def test_an_event_loop_takes_it_for_its_own(reader: Reader) -> None:
    """It is a thread pool as any."""
    loop = asyncio.get_running_loop()
    loop.set_default_executor(observed(ThreadPoolExecutor(1)))
    assert await loop.run_in_executor(None, double, 3) == 6
    assert await asyncio.to_thread(double, 4) == 8
    assert [each["name"] for each in of_type(reader.messages(), "submitted")] == ["double", "double"]


def test_all_observers_get_reports(reader: Reader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recording within a program that was started to be observed."""
    other = Reader(tmp_path / "other")
    monkeypatch.setenv(TASKS_VARIABLE, str(other.path))
    with observed(ThreadPoolExecutor(1)) as pool:
        pool.submit(double, 1)
    assert reader.messages() == other.messages() != []
    os.close(other.descriptor)


@pytest.mark.skipif(sys.platform != "linux", reason="only there can a pipe be made small")
def test_a_full_pipe_does_not_stop_the_program(reader: Reader) -> None:
    """It goes on, and each task that was not reported, or not to its end, is counted."""
    reader.shrink()
    with observed(ThreadPoolExecutor(1)) as pool:
        assert list(pool.map(double, range(500))) == [2 * number for number in range(500)]
    messages = reader.messages()
    told = len(of_type(messages, "submitted"))
    assert 0 < told < 500
    # Each of the others, and something of those that were told but for the end.
    assert reader.unreported.stat().st_size >= 500 - len(of_type(messages, "finished"))
    with observed(ThreadPoolExecutor(1)) as pool:
        pool.submit(double, 1)
    assert len(reader.messages()) == 3  # once there is room again, it goes on


def run(source: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a program to its end."""
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-c", source, *arguments],
        capture_output=True,
        encoding="utf-8",
        timeout=LIMIT_S,
    )


GOES_ON = """
import os, signal, sys
from concurrent.futures import ThreadPoolExecutor
from threadviz import observed
from threadviz.protocol import task_pipe
signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # as many programs have it
path = sys.argv[1]
os.mkfifo(path)
open(path + task_pipe.UNREPORTED_SUFFIX, "w").close()
reads = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
task_pipe.add_pipe(path)
with observed(ThreadPoolExecutor(1)) as pool:
    pool.submit(int).result()
    os.close(reads)
    os.unlink(path)
    print(sum(pool.map(len, ["a"] * 5000)))
"""


def test_a_program_goes_on_when_its_observer_is_gone(tmp_path: Path) -> None:
    """No signal comes of it, no error, and nothing is written anywhere."""
    done = run(GOES_ON, str(tmp_path / "tasks"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "5000\n", "")
    assert (tmp_path / "tasks.untold").stat().st_size >= 0


CLOSES_ALL = """
import os, sys
from concurrent.futures import ThreadPoolExecutor
from threadviz import observed
from threadviz.protocol import task_pipe
path = sys.argv[1]
task_pipe.add_pipe(path)
with observed(ThreadPoolExecutor(1)) as pool:
    pool.submit(int).result()
    if os.fork() == 0:  # as a daemon does
        os.closerange(3, 100)
        others = [os.open(sys.argv[2], os.O_WRONLY) for _ in range(20)]
        with observed(ThreadPoolExecutor(1)) as pool:
            pool.submit(len, "a").result()
        os._exit(0)
    assert os.wait()[1] == 0
"""


def test_files_of_a_program_are_not_mistaken_for_the_pipe(reader: Reader, tmp_path: Path) -> None:
    """Not even in a process that was forked, and has closed all that there was."""
    own = tmp_path / "own"
    own.touch()
    done = run(CLOSES_ALL, str(reader.path), str(own))
    assert (done.returncode, done.stderr) == (0, "")
    assert [each["name"] for each in of_type(reader.messages(), "submitted")] == ["int", "len"]
    assert own.read_text() == ""


def imported(name: str) -> set[str]:
    """The modules that a Python imports for the sake of this name, beyond those that it begins with."""
    module, _, attribute = name.rpartition(".")
    source = f"import sys; before = set(sys.modules); from {module} import {attribute}"
    return set(run(f"{source}; print(*set(sys.modules) - before)").stdout.split())


def test_it_imports_little() -> None:
    """Into users' programs: nothing but the standard library, and of that nothing large."""
    modules = imported("threadviz.observed")
    assert {each for each in modules if each.partition(".")[0] not in sys.stdlib_module_names} == {
        "threadviz",
        *(f"threadviz.{name}" for name in ("_version", "instrument", "instrument.executors")),
        *(f"threadviz.{name}" for name in ("protocol", "protocol.task_pipe")),
    }
    # What executors are made of is imported by who has one; CPython 3.14 has dataclasses among it.
    more = modules - imported("concurrent.futures.Executor")
    assert more.isdisjoint({"asyncio", "multiprocessing", "dataclasses", "socket", "subprocess"})
