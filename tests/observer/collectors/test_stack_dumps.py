"""How py-spy's dumps are read."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadviz.observer.collectors.stacks import read_dump

OWN = ("fetch", "/home/me/app.py", "app.py", 12)
SOCKET = ("SocketIO.readinto", "/usr/lib/python3.13/socket.py", "socket.py", 719)
THREADING = ("Thread.run", "/usr/lib/python3.13/threading.py", "threading.py", 1024)
CLIENT = ("HTTPConnection.getresponse", "/usr/lib/python3.13/http/client.py", "http/client.py", 1428)
REQUESTS = ("send", "/v/lib/python3.13/site-packages/requests/api.py", "requests/api.py", 73)
FROZEN = ("_find_and_load", "<frozen importlib._bootstrap>", "<frozen importlib._bootstrap>", 1360)
TYPED = ("<module>", "<string>", "<string>", 1)


def dump(
    *frames: tuple[str, str, str | None, int], name: str | None = "worker", tid: int | None = 7
) -> bytes:
    """Return a dump of one thread, as far as it is read."""
    return msgspec.json.encode(
        [
            {
                "os_thread_id": tid,
                "thread_name": name,
                "active": True,
                "frames": [
                    {
                        "name": function,
                        "filename": path,
                        "short_filename": short,
                        "line": line,
                        "locals": None,
                    }
                    for function, path, short, line in frames
                ],
            }
        ]
    )


@pytest.mark.parametrize(
    ("frames", "function"),
    [
        ([OWN, THREADING], "fetch (app.py:12)"),
        ([SOCKET, CLIENT, OWN, THREADING], "fetch (app.py:12) > SocketIO.readinto (socket.py:719)"),
        ([SOCKET, REQUESTS, OWN], "fetch (app.py:12) > SocketIO.readinto (socket.py:719)"),
        ([SOCKET, REQUESTS, THREADING], "send (requests/api.py:73) > SocketIO.readinto (socket.py:719)"),
        ([REQUESTS, THREADING], "send (requests/api.py:73)"),
        ([THREADING], "Thread.run (threading.py:1024)"),
        ([FROZEN, TYPED], "<module> (<string>:1) > _find_and_load (<frozen importlib._bootstrap>:1360)"),
        ([("f", "/home/me/a/b.py", None, 3)], "f (b.py:3)"),
        ([], ""),
    ],
)
def test_the_programs_own_function_comes_first(
    frames: list[tuple[str, str, str | None, int]], function: str
) -> None:
    """Then the innermost. Without an own one, that of an installed package stands in, or else the innermost."""
    assert read_dump(dump(*frames)) == [(7, "worker", function)]


def test_a_thread_without_the_systems_number_is_skipped() -> None:
    """Its lane can't be told. So it is with a Python before 3.11."""
    assert read_dump(dump(OWN, tid=None)) == []


@pytest.mark.parametrize(
    "name", [None, "", "torn\x1b[31m", "\ud800".encode("utf-8", "replace").decode() * 300]
)
def test_an_impossible_name_is_dropped(name: str | None) -> None:
    """Such as one with control characters, or a very long one. The location is kept."""
    assert read_dump(dump(OWN, name=name)) == [(7, "", "fetch (app.py:12)")]


@pytest.mark.parametrize(
    "frame", [("f\0", "/a.py", "a.py", 1), ("f", "/a.py", "a.py", -1), ("f", "/a.py", "a.py", 2**60)]
)
def test_an_impossible_frame_drops_the_location(frame: tuple[str, str, str, int]) -> None:
    """A stack that is torn in one place may be so in others."""
    assert read_dump(dump(OWN, frame)) == [(7, "worker", "")]


@pytest.mark.parametrize(
    "data", [b"", b"[", b"{}", b'[{"os_thread_id": "x"}]', b'[{"frames": [{}]}]', b"\xff"]
)
def test_other_data_raises(data: bytes) -> None:
    """A DecodeError, and no other."""
    with pytest.raises(msgspec.DecodeError):
        read_dump(data)


TEXT = st.text(max_size=8)
WILD: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)
FRAME = st.fixed_dictionaries(
    {"name": TEXT, "filename": TEXT, "line": st.integers(0, 99), "short_filename": st.none() | TEXT}
)
THREAD = st.fixed_dictionaries(
    {
        "os_thread_id": st.none() | st.integers(),
        "thread_name": st.none() | TEXT,
        "frames": st.lists(FRAME, max_size=3),
    }
)


@given(st.lists(THREAD, max_size=3) | WILD | st.lists(WILD, max_size=3))
def test_any_json_gives_printable_text_or_raises(value: object) -> None:
    """py-spy reads the memory of a program that goes on meanwhile."""
    try:
        found = read_dump(msgspec.json.encode(value))
    except msgspec.DecodeError:
        return
    for _, name, location in found:
        assert name.isprintable() and location.isprintable()
        assert len(name) <= 200
