"""What py-spy has dumped, as `py-spy dump --json --nonblocking` prints it, and what of it is worth telling.

The program was not paused for it, so that any of it may be torn: half of one moment and half of the next.
"""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import msgspec

_STANDARD = re.compile(r"/lib(?:64)?/python3\.\d+t?/(?!(?:site|dist)-packages/)|^<frozen ")
"""A file of the standard library."""

_INSTALLED = re.compile(r"/(?:site|dist)-packages/")
"""A file of a package that somebody else has made, as a rule."""

_MOST_NAME = 200
"""How long the name of a thread, a function or a file may be, in characters: one that is longer is none."""

_MOST_LINE = 10_000_000


class _Frame(msgspec.Struct, gc=False):
    name: str
    filename: str
    line: int
    short_filename: str | None = None


class _Thread(msgspec.Struct, gc=False):
    os_thread_id: int | None = None
    thread_name: str | None = None
    frames: tuple[_Frame, ...] = ()


_DECODER = msgspec.json.Decoder(tuple[_Thread, ...])


class Found(NamedTuple):
    """What was found of one thread: '' for a name or a function that there is not, or that can't be right."""

    tid: int
    name: str
    function: str


def read_dump(data: bytes) -> Iterator[Found]:
    """Yield what a dump says of each thread that it gives the system's number of. Raises msgspec.DecodeError."""
    for thread in _DECODER.decode(data):
        if thread.os_thread_id is not None:
            name = thread.thread_name or ""
            yield Found(thread.os_thread_id, name if _is_sane(name) else "", where(thread.frames))


def where(frames: Sequence[_Frame]) -> str:
    """Return what a thread is in, of its frames from the innermost on, such as 'fetch (app.py:12)'.

    That is the innermost function of the program's own: not of the standard library, nor, where there is another, of
    an installed package. Where that is in a call of others, the innermost follows: 'fetch (app.py:12) >
    SocketIO.readinto (socket.py:706)'.
    """
    if not frames or not all(map(_is_sound, frames)):
        return ""
    innermost = frames[0]
    others = [frame for frame in frames if not _STANDARD.search(frame.filename)]
    own = next((frame for frame in others if not _INSTALLED.search(frame.filename)), None)
    told = own or (others[0] if others else innermost)
    return _written(told) if told is innermost else f"{_written(told)} > {_written(innermost)}"


def _written(frame: _Frame) -> str:
    return f"{frame.name} ({_file(frame)}:{frame.line})"


def _file(frame: _Frame) -> str:
    return frame.short_filename or re.split(r"[/\\]", frame.filename)[-1]


def _is_sound(frame: _Frame) -> bool:
    return _is_sane(frame.name) and _is_sane(_file(frame)) and 0 <= frame.line <= _MOST_LINE


def _is_sane(text: str) -> bool:
    """Tell whether a text can be what a program calls something, rather than what memory held."""
    return 0 < len(text) <= _MOST_NAME and text.isprintable()
