"""Wait targets of real programs."""

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only the Linux probe finds wait targets")
if sys.platform == "linux":
    from tests.observer.sampling import SampledProcess, sampling, started
    from threadviz.observer.collectors.wait_targets import WaitTargetCollector
    from threadviz.protocol.events import WaitTarget

WAITING = """
import json, os, select, socket, sys, threading, time
folder = sys.argv[1]
os.chdir(folder)
for fifo in ("read", "opened"):
    os.mkfifo(fifo)
kept, expected, tids = [], {}, {}

def server(family=socket.AF_INET, host="127.0.0.1"):
    kept.append(socket.create_server((host, 0), family=family, backlog=100))
    return kept[-1]

def client(of, **options):
    kept.append(socket.create_connection(of.getsockname()[:2], **options))
    return kept[-1]

def waits(name, place, function, *arguments):
    thread = threading.Thread(target=function, args=arguments, daemon=True)
    thread.start()
    expected[name], tids[name] = place, thread.native_id

def written(of):
    host, port = of.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

silent = server()
waits("recv", written(silent), client(silent).recv, 1)
waits("recv with a timeout", written(silent), client(silent, timeout=1000).recv, 1)
waiting = server()
waits("accept", "listening on " + written(waiting), waiting.accept)
waits("select", written(silent), select.select, [client(silent)], [], [])
waits("select of two", None, select.select, [client(silent), client(silent)], [], [])

pair = socket.socketpair()
kept.extend(pair)
waits("pair", "a unix socket", pair[0].recv, 1)
pipe = os.pipe()
waits("pipe", "a pipe", os.read, pipe[0], 1)
waits("fifo", os.path.join(folder, "read"), os.read, os.open("read", os.O_RDWR), 1)
waits("open", os.path.join(folder, "opened"), open, "opened")
named = socket.socket(socket.AF_UNIX)
kept.append(named)
named.bind("s")
named.listen()
waits("unix", "listening on s", named.accept)

full = server()
full.listen(0)
for _ in range(4):  # it takes no more after some of these, and answers the next ones not at all
    kept.append(socket.socket())
    kept[-1].setblocking(False)
    kept[-1].connect_ex(full.getsockname())
waits("connect", written(full), client, full)
waits("connect with a timeout", written(full), lambda: client(full, timeout=1000))
waits("timer", None, time.sleep, 1000)
if socket.has_ipv6:
    try:
        six = server(socket.AF_INET6, "::1")
    except OSError:
        pass
    else:
        waits("ipv6", written(six), client(six).recv, 1)
print(json.dumps([expected, tids]), flush=True)
time.sleep(1000)
"""


@contextmanager
def waiting(
    folder: Path, paths: bool
) -> Iterator[tuple["SampledProcess", dict[str, str | None], dict[str, int]]]:
    """Sample the program, and yield what its threads wait on and their ids, by name."""
    with (
        started(WAITING, str(folder)) as (program, (expected, tids)),
        sampling(program.pid, functools.partial(WaitTargetCollector, paths=paths)) as sampled,
    ):
        yield sampled, expected, tids


def wait_targets(sampled: SampledProcess) -> dict[int, list[str]]:
    """Return the wait targets of each thread."""
    found: dict[int, list[str]] = {}
    for event in sampled.events:
        assert isinstance(event, WaitTarget)
        found.setdefault(sampled.tids[event.lane], []).append(event.place)
    return found


def enough(sampled: SampledProcess, tids: list[int]) -> Callable[[], bool]:
    """Return a function that tells whether each of these threads has a wait target."""
    return lambda: set(tids) <= wait_targets(sampled).keys()


def test_each_wait_has_its_target(tmp_path: Path) -> None:
    """It is reported once. Waits on nothing, or on several things, have none."""
    with waiting(tmp_path, paths=True) as (sampled, expected, tids):
        sampled.sample_until(enough(sampled, [tids[name] for name, place in expected.items() if place]))
        for _ in range(50):
            sampled.sample()
        found = wait_targets(sampled)
    assert {name: found.get(tid) for name, tid in tids.items()} == {
        name: place and [place] for name, place in expected.items()
    }


def test_without_paths_no_path_is_reported(tmp_path: Path) -> None:
    """Peers and pipes are reported."""
    with waiting(tmp_path, paths=False) as (sampled, expected, tids):
        sampled.sample_until(
            enough(sampled, [tids[name] for name in ("recv", "connect with a timeout", "pipe")])
        )
        for _ in range(50):
            sampled.sample()
        found = wait_targets(sampled)
    assert not found.keys() & {tids[name] for name in ("fifo", "open", "unix")}
    assert found[tids["recv"]] == [expected["recv"]]
    assert not any(str(tmp_path) in target for several in found.values() for target in several)


AGAIN = """
import json, os, socket, sys, threading
def receive(sockets):
    for each in sockets:
        each.recv(1)
servers = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
order = [servers[0], servers[0], servers[1]]
clients = [socket.create_connection(server.getsockname()) for server in order]
accepted = [server.accept()[0] for server in order]
thread = threading.Thread(target=receive, args=(clients,))
thread.start()
print(json.dumps([thread.native_id, ["127.0.0.1:%d" % server.getsockname()[1] for server in order]]), flush=True)
for each in accepted:
    sys.stdin.readline()
    each.send(b"x")
thread.join()
sys.stdin.readline()
"""


def test_each_wait_is_reported_even_on_the_same_peer() -> None:
    """Because a wait target belongs to one wait."""
    with started(AGAIN) as (program, (tid, expected)):
        assert program.stdin is not None
        with sampling(program.pid, functools.partial(WaitTargetCollector, paths=True)) as sampled:
            for number in range(1, 4):
                sampled.sample_until(lambda wanted=number: len(wait_targets(sampled).get(tid, [])) == wanted)  # type: ignore[misc]
                program.stdin.write(b"\n")
                program.stdin.flush()
            assert wait_targets(sampled)[tid] == expected
