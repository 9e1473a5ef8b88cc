"""What lanes wait on, told of real programs that wait on what is known."""

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the Linux probe alone tells of places")
if sys.platform == "linux":
    from tests.observer.sampling import Looking, looking, started
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
def waiting(folder: Path, paths: bool) -> Iterator[tuple["Looking", dict[str, str | None], dict[str, int]]]:
    """Look at the program; with what its threads wait on, and their numbers, by names."""
    with (
        started(WAITING, str(folder)) as (program, (expected, tids)),
        looking(program.pid, functools.partial(WaitTargetCollector, paths=paths)) as look,
    ):
        yield look, expected, tids


def places(look: Looking) -> dict[int, list[str]]:
    """Return what was told of each thread."""
    told: dict[int, list[str]] = {}
    for event in look.events:
        assert isinstance(event, WaitTarget)
        told.setdefault(look.tids[event.lane], []).append(event.place)
    return told


def enough(look: Looking, tids: list[int]) -> Callable[[], bool]:
    """Return what tells whether something was told of each of these threads."""
    return lambda: set(tids) <= places(look).keys()


def test_each_wait_is_told_what_it_is_on(tmp_path: Path) -> None:
    """Once, and nothing is told of waits that are on nothing, or on many things."""
    with waiting(tmp_path, paths=True) as (look, expected, tids):
        look.until(enough(look, [tids[name] for name, place in expected.items() if place]))
        for _ in range(50):
            look.once()
        told = places(look)
    assert {name: told.get(tid) for name, tid in tids.items()} == {
        name: place and [place] for name, place in expected.items()
    }


def test_without_paths_no_path_is_told(tmp_path: Path) -> None:
    """Peers and pipes are."""
    with waiting(tmp_path, paths=False) as (look, expected, tids):
        look.until(enough(look, [tids[name] for name in ("recv", "connect with a timeout", "pipe")]))
        for _ in range(50):
            look.once()
        told = places(look)
    assert not told.keys() & {tids[name] for name in ("fifo", "open", "unix")}
    assert told[tids["recv"]] == [expected["recv"]]
    assert not any(str(tmp_path) in place for several in told.values() for place in several)


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


def test_each_new_wait_is_told_anew_even_on_the_same_peer() -> None:
    """For a place is that of one wait; of a thread that is gone nothing is told."""
    with started(AGAIN) as (program, (tid, expected)):
        assert program.stdin is not None
        with looking(program.pid, functools.partial(WaitTargetCollector, paths=True)) as look:
            for number in range(1, 4):
                look.until(lambda wanted=number: len(places(look).get(tid, [])) == wanted)  # type: ignore[misc]
                program.stdin.write(b"\n")
                program.stdin.flush()
            assert places(look)[tid] == expected
