"""What a process runs: which program, and which Python, as it stands, for a process can change both."""

from contextlib import suppress
from pathlib import Path

from threadviz.observer.interpreters.gil import AddressRange
from threadviz.observer.interpreters.interpreter import Interpreter, interpreter_of

AGAIN_NS = 1_000_000
"""When a process is looked at again for the first time (ns): it may have been found right before it runs another
program. Each time after that it takes twice as long ..."""

_IMAGE_MAX_NS = 1_000_000_000
"""... until it is asked once in so long whether it runs another program by now (ns) ..."""

_PYTHON_MAX_NS = 60_000_000_000
"""... and once in so long for its Python, where that was not found, or can still change (ns): this takes longer."""

_NEVER = -1


class Program:
    """What process `pid` runs. Asking costs little where nothing has changed; nothing is raised where it is gone."""

    __slots__ = (
        "_cpu",
        "_image",
        "_image_pause",
        "_python_due",
        "_python_pause",
        "due",
        "images",
        "interpreter",
        "pid",
    )

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
        image = _image(self.pid)
        if image is None:
            return  # what it was is what it has been
        if image != self._image:
            self._image = image
            self.images += 1
            self._image_pause = self._python_pause = AGAIN_NS
            self._find(now)
        elif not self._settled and now >= self._python_due:
            self._find(now)
        self.due = now + self._image_pause
        self._image_pause = min(2 * self._image_pause, _IMAGE_MAX_NS)

    @property
    def _settled(self) -> bool:
        """Whether its Python is known, and can't change as long as it runs the same program.

        A library may be loaded at any time; a free-threaded build can turn its GIL on.
        """
        python = self.interpreter
        return python is not None and python.runtime is not None and not python.free_threaded

    def _find(self, now: int) -> None:
        self.interpreter = interpreter_of(self.pid)
        self._python_due = now + self._python_pause
        self._python_pause = min(2 * self._python_pause, _PYTHON_MAX_NS)


def _image(pid: int) -> tuple[str, bytes] | None:
    """Return what differs from one program to the next in a process; None where it is gone.

    Those are its file, and the addresses that it was given, which are drawn anew for each (proc_pid_auxv(5)).
    """
    with suppress(OSError):
        return str(Path(f"/proc/{pid}/exe").readlink()), Path(f"/proc/{pid}/auxv").read_bytes()
    return None
