"""Which Python a process runs, told from outside: by its memory map, and by what lies in its memory.

CPython is where `_PyRuntime` is: the interpreter lets extension modules see that, so that its name is found in a
stripped build as well, whatever the executable is called. In a build that names nothing, from 3.13 on, the cookie
is looked for that stands at its start. Where that fails too, or the memory can't be read, the names of files are all
there is.
"""

import re
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from threadviz.observer.cpython.debug_offsets import COOKIE, HEAD, SIZE, Offsets, read_head, version_text
from threadviz.observer.cpython.elf import Image, Symbol
from threadviz.observer.cpython.memory import AddressRange, Memory, Module, Reader, modules, number

_MOST_MAPS = 16 * 2**20
"""So much is read of a memory map at most (bytes): some 150,000 mappings."""

_MOST_SEARCHED = 32 * 2**20
_CHUNK = 2**20
"""How much data is searched for the cookie at most, and how much of it at a time (bytes)."""

_NAMED = re.compile(r"/(?:lib)?python(\d+\.\d+)[^/]*$")

_MOST_INTERPRETERS = 1000
"""So many sub-interpreters are looked through at most."""

_RUNTIME, _VERSION, _ANY = b"_PyRuntime", b"Py_Version", b"Py_Initialize"
"""What CPython has from 3.7 on, from 3.11 on, and from ever."""


@dataclass(frozen=True, slots=True)
class Interpreter:
    """The CPython of a process, as far as it could be told.

    `version` is as `platform.python_version()` has it, or only major and minor where no more is known, or empty. `gil`
    tells whether it has a GIL: None where that is not known, as of a free-threaded build that is not up yet. In
    `data`, address ranges [start, end), it keeps the main interpreter's, if it has one. `runtime` is where
    `_PyRuntime` is, `offsets` what it says of itself; both are None where they are not known. `pointer` is how many
    bytes an address takes, where `runtime` is known.
    """

    version: str
    gil: bool | None
    data: tuple[AddressRange, ...]
    pointer: int = 0
    runtime: int | None = None
    offsets: Offsets | None = None
    free_threaded: bool = False

    @property
    def minor(self) -> tuple[int, int] | None:
        """Its version's major and minor number; None where they are not known."""
        match = re.match(r"(\d+)\.(\d+)", self.version)
        return (int(match[1]), int(match[2])) if match else None


def interpreter_of(pid: int) -> Interpreter | None:
    """Return which CPython process `pid` runs; None where it runs none, is gone, or may not be looked at.

    Raises nothing. A process that has only just been started may not have loaded it yet: what it runs can be asked
    again. Takes about 1 ms.
    """
    try:
        executable = str(Path(f"/proc/{pid}/exe").readlink())
        found = modules(_maps(pid), executable)
    except OSError:
        return None
    try:
        memory = Memory(pid)
    except OSError:
        return _by_names(found)
    with closing(memory):
        return interpreter_in(memory.read, found)


def interpreter_in(read: Reader, found: Sequence[Module]) -> Interpreter | None:
    """Return which CPython is in a memory that has these modules loaded, the likelier ones first; None for none."""
    for module in found:
        try:
            image = Image(read, module.base)
        except ValueError:
            continue
        runtime = image.symbol(_RUNTIME) or _search(read, module)
        if runtime is not None:
            return _at(read, module, image, runtime)
        if image.symbol(_ANY) is not None:
            return Interpreter(_named(module), True, tuple(module.data))
    return _by_names(found)


def _at(read: Reader, module: Module, image: Image, runtime: Symbol) -> Interpreter:
    """Return what there is to know of the interpreter whose `_PyRuntime` is there."""
    pointer = image.pointer
    data = ((runtime.address, runtime.address + runtime.size),) if runtime.size else tuple(module.data)
    said = read(runtime.address, SIZE)
    head = read_head(said)
    if head is None:  # before 3.13
        return Interpreter(_version(read, image) or _named(module), True, data, pointer, runtime.address)
    version, free_threaded = head
    offsets = Offsets.read(said, pointer)
    gil = _has_gil(read, runtime.address, offsets, pointer) if free_threaded else True
    return Interpreter(version_text(version), gil, data, pointer, runtime.address, offsets, free_threaded)


def _version(read: Reader, image: Image) -> str:
    """Return what a version before 3.13 says of itself; '' where it says nothing."""
    symbol = image.symbol(_VERSION)
    version = number(read, symbol.address, image.pointer) if symbol else 0
    return version_text(version) if 2 <= version >> 24 <= 3 else ""


def _has_gil(read: Reader, runtime: int, offsets: Offsets | None, pointer: int) -> bool | None:
    """Tell whether a free-threaded build has its GIL on now; None where it is not up yet."""
    gil = dict(gils(read, runtime, offsets, pointer)).get(0) if offsets else None
    enabled = read(gil + offsets.enabled, 4) if gil and offsets else b""
    return any(enabled) if enabled else None


def gils(read: Reader, runtime: int, offsets: Offsets, pointer: int) -> list[tuple[int, int]]:
    """Return the number of each interpreter that has a GIL of its own, and where that is; the main one's is 0.

    Empty where there is none yet. Sub-interpreters that share the main one's are left out.
    """
    found: dict[int, int] = {}
    met: set[int] = set()
    at = number(read, runtime + offsets.head, pointer)
    while at and at not in met and len(met) < _MOST_INTERPRETERS:
        met.add(at)
        which, gil = number(read, at + offsets.id, 8), number(read, at + offsets.gil, pointer)
        if gil and which < 2**31:
            # The main interpreter is the oldest and so the last of the list: it has the last word on what is shared.
            found[gil] = which
        at = number(read, at + offsets.next, pointer)
    return sorted((which, gil) for gil, which in found.items())


def _search(read: Reader, module: Module) -> Symbol | None:
    """Look for the cookie in a module's data."""
    left = _MOST_SEARCHED
    for start, end in module.data:
        for at in range(start, end, _CHUNK):
            if left <= 0:
                return None
            left -= _CHUNK
            data = read(at, min(_CHUNK, end - at) + HEAD)
            place = data.find(COOKIE)
            while place >= 0:
                if place % 8 == 0 and read_head(data[place : place + HEAD]):
                    return Symbol(at + place, 0)
                place = data.find(COOKIE, place + 1)
    return None


def _by_names(found: Sequence[Module]) -> Interpreter | None:
    """Return what the names of files tell. Builds that can do without a GIL came with 3.13."""
    for module in found:
        if version := _named(module):
            major, minor = map(int, version.split("."))
            return Interpreter(version, True if (major, minor) < (3, 13) else None, tuple(module.data))
    return None


def _named(module: Module) -> str:
    match = _NAMED.search(module.path)
    return match[1] if match else ""


def _maps(pid: int) -> list[str]:
    with Path(f"/proc/{pid}/maps").open(encoding="utf-8", errors="replace") as file:
        return file.read(_MOST_MAPS).splitlines()


# What a process runs: which program, and which Python, as it stands, for a process can change both.

AGAIN_NS = 1_000_000
"""When a process is looked at again for the first time (ns): it may have been found right before it runs another
program. Each time after that it takes twice as long ..."""

_IMAGE_MAX_NS = 1_000_000_000
"""... until it is asked once in so long whether it runs another program by now (ns) ..."""

_PYTHON_MAX_NS = 60_000_000_000
"""... and once in so long for its Python, where that was not found, or can still change (ns): this takes longer."""

_NEVER = -1
_FOREVER = 2**63


class RunningProgram:
    """What process `pid` runs. Asking costs little where nothing has changed; nothing is raised where it is gone."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.interpreter: Interpreter | None = None
        self.images = 0
        """How many programs it was seen to run, one after the other."""
        self._image: tuple[str, bytes] | None = None
        self.due = self._python_due = 0
        """When it is looked at again, at the soonest (ns since the run's origin)."""
        self._image_pause = self._python_pause = AGAIN_NS
        self._cpu = _NEVER

    @property
    def gil_data(self) -> tuple[AddressRange, ...]:
        """Where it keeps its GIL; nothing where it has none."""
        if self.interpreter is None or self.interpreter.gil is False:
            return ()
        return self.interpreter.data

    def look(self, now: int, cpu: int = _NEVER) -> None:
        """Look again at what it runs, where that is due by `now` (ns).

        `cpu` is the CPU time that it has used (ns), if that is known: without using any it can't have changed.
        """
        if now < self.due or cpu == self._cpu != _NEVER:
            return
        self._cpu = cpu
        try:  # its file, and the addresses that it was given, which are drawn anew for each (proc_pid_auxv(5))
            image = str(Path(f"/proc/{self.pid}/exe").readlink()), Path(f"/proc/{self.pid}/auxv").read_bytes()
        except OSError:
            return  # it is gone: what it was is what it has been
        if image != self._image:
            self._image = image
            self.images += 1
            self._image_pause = self._python_pause = AGAIN_NS
            self._find(now)
        elif now >= self._python_due:
            self._find(now)
        self.due = now + self._image_pause
        self._image_pause = min(2 * self._image_pause, _IMAGE_MAX_NS)

    def _find(self, now: int) -> None:
        self.interpreter = python = interpreter_of(self.pid)
        # It can change while the program stays: a library may be loaded, a free-threaded build can turn its GIL on.
        settled = python is not None and python.runtime is not None and not python.free_threaded
        self._python_due = _FOREVER if settled else now + self._python_pause
        self._python_pause = min(2 * self._python_pause, _PYTHON_MAX_NS)
