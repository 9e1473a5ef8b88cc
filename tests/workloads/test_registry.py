import pickle
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.mock_server.running import site, stand_in
from threadviz.workloads import WORKLOADS, Call
from threadviz.workloads.base import numbered
from threadviz.workloads.fetch import LIMIT_BYTES, fetch

URLS = [("a", "http://a.example/"), ("b", "http://b.example/")]


def calls(name: str, tasks: int | None) -> list[Call]:
    """Return the calls of a workload for two sites."""
    return WORKLOADS[name].make_calls(tasks, URLS, 2.5, True)


def test_the_workloads() -> None:
    """There are four of them; two fetch."""
    assert list(WORKLOADS) == ["fetch", "primes", "digest", "mixed"]
    assert [workload.fetches for workload in WORKLOADS.values()] == [True, False, False, True]
    assert all(workload.name == name and workload.about for name, workload in WORKLOADS.items())


def test_fetches_follow_the_sites() -> None:
    """There is a task for each site, named like it, unless more are asked for; then the sites come again."""
    assert [call.name for call in calls("fetch", None)] == ["a", "b"]
    five = calls("mixed", 5)
    assert [call.name for call in five] == ["a", "b", "a #2", "b #2", "a #3"]
    assert [call.args[0] for call in five] == [URLS[n % 2][1] for n in range(5)]


def test_the_options_of_a_fetch() -> None:
    """The timeout and the use of proxies reach the function."""
    assert calls("fetch", 1) == [Call("a", fetch, ("http://a.example/", 2.5, LIMIT_BYTES, True))]


@pytest.mark.parametrize("name", WORKLOADS)
@pytest.mark.parametrize("tasks", [1, 3, 20])
def test_as_many_tasks_as_asked_for(name: str, tasks: int) -> None:
    """Any workload scales to any number of tasks, each with a name of its own, all of them picklable."""
    made = calls(name, tasks)
    assert len({call.name for call in made}) == tasks
    assert pickle.loads(pickle.dumps(made)) == made


def test_names_of_the_others() -> None:
    """Primes are named by their number, digests by their order; both have eight tasks by default."""
    primes = calls("primes", None)
    assert [call.name for call in primes] == [str(call.args[0]) for call in primes]
    assert [call.name for call in calls("digest", None)] == [f"digest {n}" for n in range(1, 9)]
    assert len(primes) == 8
    assert len({call.args for call in calls("digest", None)}) == 8


def test_calls_call() -> None:
    """To call a call is to call its function, with a short text for a result."""
    assert Call("x", "{}-{}".format, (1, 2))() == "1-2"
    with stand_in(site(size=10)) as running:
        (call,) = WORKLOADS["fetch"].make_calls(None, [("a", running.urls[0])], 30.0, False)
        assert call() == "10 bytes"


@pytest.mark.parametrize("name", ["fetch", "mixed"])
def test_nothing_to_fetch(name: str) -> None:
    """A workload that fetches needs addresses."""
    with pytest.raises(ValueError, match=f"the workload {name} has nothing to fetch"):
        WORKLOADS[name].make_calls(3, [], 1.0, False)


@pytest.mark.parametrize("name", WORKLOADS)
@pytest.mark.parametrize("tasks", [0, -1])
def test_no_tasks(name: str, tasks: int) -> None:
    """Fewer than one task make no run."""
    with pytest.raises(ValueError, match="at least one task"):
        calls(name, tasks)


@given(st.lists(st.sampled_from("abc")))
def test_numbered(names: list[str]) -> None:
    """Each name comes out by itself the first time, and with its count after that."""
    result = numbered(names)
    assert len(set(result)) == len(names)
    for at, (name, new) in enumerate(zip(names, result, strict=True)):
        count = names[: at + 1].count(name)
        assert new == (name if count == 1 else f"{name} #{count}")


def test_names_cost_no_imports() -> None:
    """Whoever reads the workloads' names, or makes checks of primes, does not wait for urllib."""
    program = """
import sys
from threadviz.workloads import WORKLOADS
print(*WORKLOADS)
WORKLOADS["primes"].make_calls(None, [], 1.0, False)
print(*{"urllib.request", "html.parser", "hashlib", "threadviz.mock_server"} & set(sys.modules))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=30
    )
    assert done.stdout == "fetch primes digest mixed\n\n"
