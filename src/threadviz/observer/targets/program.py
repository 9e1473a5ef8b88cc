"""A program that is started to be watched."""

import os
import signal
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import NoReturn

from threadviz import startup_hook
from threadviz.observer.collectors.registry import collectors_for
from threadviz.observer.collectors.tasks import TaskCollector
from threadviz.observer.collectors.thread_names import ReportedNameCollector
from threadviz.observer.io import RunClock
from threadviz.observer.observation import CalledOffError, Onlooking, Prepared, StartError, called_off, header
from threadviz.observer.probes.base import Collector, ObservedThread
from threadviz.observer.probes.choose import choose_probe
from threadviz.observer.system import open_as_many_files_as_allowed
from threadviz.processes import (
    HELPERS,
    PASSED_ON,
    adopt_orphans,
    children,
    collect,
    descriptors,
    end_children,
    environment,
    forwarded_signals,
    keep_ended_children,
)
from threadviz.protocol.events import Outcome, StreamClosed
from threadviz.protocol.requests import ExecRequest
from threadviz.protocol.task_pipe import TASKS_VARIABLE

# A program, as a child of this process.

_RESTORED = ("SIGPIPE", "SIGXFSZ")
"""What Python ignores by itself, and a program that it starts is not to ignore."""


class Child:
    """A process that becomes the program at the word to go, and does nothing until then. Raises OSError.

    `streams` are the descriptors that become its standard ones, and are closed here; `inherited` are others that it is
    to have as they are. Where it is not in the `foreground`, it leads a process group of its own.
    """

    ours = True

    def __init__(
        self,
        command: Sequence[bytes],
        environment: Mapping[str, str],
        streams: Sequence[int],
        inherited: Collection[int],
        *,
        foreground: bool,
    ) -> None:
        self._over = False
        self._status: int | None = None
        ignored = keep_ended_children()
        may_go, self._go = os.pipe()
        self._failure, failed = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            os.close(self._go)
            os.close(self._failure)
            _become(
                command, environment, streams, may_go, failed, apart=not foreground, ignores_children=ignored
            )
        for descriptor in (may_go, failed, *streams, *inherited):
            os.close(descriptor)

    @property
    def over(self) -> bool:
        """Whether it has ended. That is noted when it is asked for."""
        if not self._over:
            self._note(collect([self.pid]))
        return self._over

    @property
    def status(self) -> int | None:
        """How it ended, as `subprocess` gives it; None where somebody else has taken note of that."""
        return self._status

    def go(self) -> None:
        """Let it become the program. Raises StartError where the system can't make it that."""
        os.write(self._go, b"\0")
        os.close(self._go)
        why = os.read(self._failure, 16)
        os.close(self._failure)
        if why:
            raise StartError(os.strerror(int(why)))

    def send(self, number: int) -> None:
        """Send it a signal; nothing happens where it has ended."""
        if not self.over:
            with suppress(PermissionError):  # it has taken other rights
                os.kill(self.pid, number)

    def let_go(self) -> StreamClosed:
        """End it, and all that has come of it."""
        ended = end_children()
        if not self._over:
            self._note(ended)
        return StreamClosed(0, Outcome.INTERRUPTED, "it was interrupted", status=self._status)

    def _note(self, ended: Mapping[int, int | None]) -> None:
        if self.pid in ended:
            self._over, self._status = True, ended[self.pid]


def _become(
    command: Sequence[bytes],
    environment: Mapping[str, str],
    streams: Sequence[int],
    may_go: int,
    failed: int,
    *,
    apart: bool,
    ignores_children: bool,
) -> NoReturn:
    """Become the program, once there is something to read from `may_go`. Why it can't be is written to `failed`."""
    try:
        if apart:
            os.setpgid(0, 0)
        for name in _RESTORED:
            signal.signal(getattr(signal, name), signal.SIG_DFL)
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # which Python takes at its start
        if ignores_children:
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        if not apart:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
        for number, descriptor in enumerate(streams):
            os.dup2(descriptor, number)
            os.close(descriptor)
        if os.read(may_go, 1):
            os.execvpe(command[0], [*command], environment)
    except OSError as error:
        os.write(failed, b"%d" % (error.errno or 0))
    finally:
        os._exit(127)


# The signals that this process gets beside a program that it watches.

TOGETHER_S = 1.0
"""What is sent to a process group comes to all of it within this (s), and to be told of it takes no longer."""


class Hearing:
    """Takes them: they are for the program, and the program is to be watched to its end.

    What a terminal sends comes to all who share it, and so to the program by itself. What was sent to the viewer alone
    is to be passed on. The two are told apart by whether it came here as well: once for each time.
    """

    def __init__(self) -> None:
        self._heard = defaultdict[int, deque[float]](deque)
        for number in forwarded_signals():
            signal.signal(number, self._take)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)

    def _take(self, number: int, frame: FrameType | None) -> None:
        self._heard[number].append(monotonic())

    def heard(self, number: int) -> bool:
        """Tell whether signal `number` came here just now, and was not told of yet."""
        heard = self._heard[number]
        while heard:
            if monotonic() - heard.popleft() < TOGETHER_S:
                return True
        return False


# Processes of a program whose parents have ended.

LOOK_NS = 200_000_000
"""How often they are looked for (ns)."""


class Orphans(Collector):
    """A `Teller` that tells nothing: it has a probe `meet` the orphans that have come down to this process.

    Those that end it collects, as whoever would have got them else had done. `root` is no orphan.
    """

    def __init__(self, root: int, meet: Callable[[int], None]) -> None:
        self._root = root
        self._meet = meet
        self._due = LOOK_NS
        self._met: set[int] = set()

    def poll(self, now: int, new: Sequence[ObservedThread], gone: Sequence[ObservedThread]) -> tuple[()]:
        """Look for them, where that is due."""
        if now >= self._due:
            self._due = now + LOOK_NS
            orphans = children() - HELPERS - {self._root}
            for pid in orphans - self._met:
                self._meet(pid)
            self._met = orphans - collect(orphans).keys()
        return ()


HOOK_FOLDER = Path(startup_hook.__file__).parent
"""The folder of the `sitecustomize` that a program imports, so that its threads can be named."""

NAMES_VARIABLE = "THREADVIZ_NAMES"
"""The environment variable with the path of the pipe that the startup hook reports names into."""


def prepare_program(request: ExecRequest, scratch: Path, lifeline: int, clock: RunClock) -> Prepared:
    """Start the program, stopped before its first step, and open the books. Raises StartError and OSError."""
    names = ReportedNameCollector(scratch / "names")
    tasks = TaskCollector(scratch / "tasks", clock)
    adopt_orphans(True)
    streams = request.stdin, request.stdout, request.stderr
    child = Child(
        request.command,
        {**_with_startup_hook(environment(), names.path), TASKS_VARIABLE: str(tasks.path)},
        streams,
        descriptors().difference(streams),
        foreground=request.foreground,
    )
    hearing = Hearing() if request.foreground else None
    open_as_many_files_as_allowed()  # only now, so that the program's limit is what it would be
    probe = choose_probe(child.pid, request.probe, clock)
    collectors = [*collectors_for(probe, stacks=request.stacks), names, tasks, Orphans(child.pid, probe.meet)]
    clock.start()
    probe.begin()
    watch = Onlooking(child, probe, collectors, lifeline, clock, _passing_on(child, hearing))

    def go() -> None:
        if called_off(lifeline):
            raise CalledOffError
        child.go()

    return Prepared(header(request, probe=probe.info), watch, go)


def _with_startup_hook(variables: dict[str, str], pipe: Path) -> dict[str, str]:
    """Return the environment with the startup hook; unchanged where PYTHONPATH can't hold the path of its folder."""
    if os.pathsep in str(HOOK_FOLDER):
        return variables
    others = variables.get("PYTHONPATH")
    path = f"{HOOK_FOLDER}{os.pathsep}{others}" if others else str(HOOK_FOLDER)
    return {**variables, "PYTHONPATH": path, NAMES_VARIABLE: str(pipe)}


def _passing_on(child: Child, hearing: Hearing | None) -> Callable[[bytes], None]:
    """Return what passes signals on to the program: those that the viewer says it was sent, by their numbers."""

    def heed(said: bytes) -> None:
        for number in map(int, said.split()):
            if number in PASSED_ON and not (hearing and hearing.heard(number)):
                child.send(number)

    return heed
