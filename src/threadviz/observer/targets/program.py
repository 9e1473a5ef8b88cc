"""A target that is a program, started to be observed."""

import os
import signal
from collections import defaultdict, deque
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic
from types import FrameType
from typing import NoReturn

from msgspec.structs import replace

from threadviz import processes, startup_hook
from threadviz.debug_log import ignoring
from threadviz.observer.collectors.registry import collectors_for
from threadviz.observer.collectors.reports import ReportCollector
from threadviz.observer.io import RunClock, is_readable
from threadviz.observer.observation import Observation, StartError, StopRequestedError, Target, make_header
from threadviz.observer.probes.base import Changes, Collector
from threadviz.observer.probes.choose import choose_probe
from threadviz.observer.system import raise_open_file_limit
from threadviz.processes import PASSED_ON
from threadviz.protocol.events import Event, RunEnded, StreamClosed
from threadviz.protocol.requests import ExecRequest
from threadviz.protocol.task_pipe import TASKS_VARIABLE

HOOK_FOLDER = Path(startup_hook.__file__).parent
"""The folder of the `sitecustomize` that a program imports, so that its threads can be named."""

NAMES_VARIABLE = "THREADVIZ_NAMES"
"""The environment variable with the path of the pipe that the startup hook reports names into."""

SIGNAL_WINDOW_S = 1.0
"""A signal to a process group reaches all of the group within this (s), and the viewer's message on it as well."""

ORPHANS_NS = 200_000_000
"""How often the observer looks for orphans (ns)."""

_RESTORED = (signal.SIGPIPE, signal.SIGXFSZ)
"""The signals that Python itself ignores, and that a program which it starts must not ignore."""


def prepare_program(request: ExecRequest, scratch: Path, lifeline: int, clock: RunClock) -> Observation:
    """Start the program, stopped before its first step, and prepare to observe it. Raises OSError."""
    reports = ReportCollector(scratch / "reports", clock)
    processes.adopt_orphans(True)
    program = Program(request, _with_reports(processes.environment(), str(reports.path)), lifeline)
    raise_open_file_limit()  # only now, so that the program inherits the original limit
    probe = choose_probe(program.pid, request.probe, clock)
    orphans = OrphanCollector(program.pid, probe.meet)
    collectors = [*collectors_for(probe, stacks=request.stacks), reports, orphans]
    clock.start()
    probe.begin()
    return Observation(make_header(request, probe=probe.info), program, probe, collectors, lifeline, clock)


def _with_reports(variables: Mapping[str, str], pipe: str) -> dict[str, str]:
    """Return the environment with what has a program report into `pipe`.

    The startup hook is not in it where PYTHONPATH can't hold the path of its folder.
    """
    variables = {**variables, TASKS_VARIABLE: pipe}
    if os.pathsep in str(HOOK_FOLDER):
        return variables
    others = variables.get("PYTHONPATH")
    path = f"{HOOK_FOLDER}{os.pathsep}{others}" if others else str(HOOK_FOLDER)
    return {**variables, "PYTHONPATH": path, NAMES_VARIABLE: pipe}


class Program(Target):
    """A child of this process that becomes the program at `start`, and does nothing until then. Raises OSError.

    The streams of `request` become its standard ones, and are closed here; it inherits the other inherited descriptors
    as they are. It leads a process group of its own, unless it is in the foreground.
    """

    outlives_observation = True

    def __init__(self, request: ExecRequest, environment: Mapping[str, str], lifeline: int) -> None:
        self._ended = False
        self._lifeline = lifeline
        handed_on = processes.descriptors() | {request.stdin, request.stdout, request.stderr}
        ignores_children = processes.keep_ended_children()
        may_start, self._may_start = os.pipe()
        self._failure, failed = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(self._may_start)
            os.close(self._failure)
            _become(request, environment, may_start, failed, ignores_children)
        for descriptor in (may_start, failed, *handed_on):
            os.close(descriptor)
        self._signals = ReceivedSignals() if request.foreground else None
        super().__init__(pid)

    def start(self) -> list[Event]:
        """Let the child become the program. Raises StartError where the system can't execute it."""
        if is_readable(self._lifeline):
            raise StopRequestedError
        os.write(self._may_start, b"\0")
        os.close(self._may_start)
        error = os.read(self._failure, 16)
        os.close(self._failure)
        if error:
            raise StartError(os.strerror(int(error)))
        return super().start()

    @property
    def ended(self) -> bool:
        """Whether it has ended. Collects it where it has."""
        if not self._ended:
            self._note_end(processes.collect([self.pid]))
        return self._ended

    def receive(self, message: bytes) -> None:
        """Pass on the signals, given by their numbers, that the viewer has received."""
        for number in map(int, message.split()):
            if number in PASSED_ON and not (self._signals and self._signals.take(number)):
                self.send(number)

    def send(self, number: int) -> None:
        """Send it a signal; does nothing where it has ended."""
        if not self.ended:
            with ignoring(PermissionError):  # it has taken other rights
                os.kill(self.pid, number)

    def stop(self, now: int) -> tuple[list[Event], StreamClosed]:
        self._end_all()
        _, closed = super().stop(now)
        return [RunEnded(now)], replace(closed, status=self.status)

    def close(self) -> None:
        """End the program where it has not ended. What it has left running otherwise is left alone."""
        if not self._ended:
            self._end_all()

    def _end_all(self) -> None:
        """End it and all that it has started."""
        self._note_end(processes.end_children())

    def _note_end(self, collected: Mapping[int, int | None]) -> None:
        if self.pid in collected and not self._ended:
            self._ended, self.status = True, collected[self.pid]


def _become(
    request: ExecRequest, environment: Mapping[str, str], may_start: int, failed: int, ignores_children: bool
) -> NoReturn:
    """Become the program, once there is a byte to read from `may_start`. Writes an error number to `failed`."""
    try:
        if not request.foreground:
            os.setpgid(0, 0)
        for number in _RESTORED:
            signal.signal(number, signal.SIG_DFL)
        if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # Python has installed a handler at its start
        if ignores_children:
            signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        if request.foreground:
            signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)
        for standard, descriptor in enumerate((request.stdin, request.stdout, request.stderr)):
            os.dup2(descriptor, standard)
            os.close(descriptor)
        if os.read(may_start, 1):
            os.execvpe(request.command[0], request.command, environment)
    except OSError as error:
        os.write(failed, b"%d" % (error.errno or 0))
    finally:
        os._exit(127)


class ReceivedSignals:
    """Takes the signals that are for the program, which is to be observed to its end whatever comes.

    What a terminal sends reaches all processes in the foreground, and so the program itself. What was sent to the
    viewer alone is to be passed on. The two differ in whether this process was sent the signal as well, each time.
    """

    def __init__(self) -> None:
        self._times = defaultdict[int, deque[float]](deque)
        for number in processes.forwarded_signals():
            signal.signal(number, self._handle)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, PASSED_ON)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        self._times[number].append(monotonic())

    def take(self, number: int) -> bool:
        """Return whether signal `number` came here just now. Each accounts for one message of the viewer."""
        times = self._times[number]
        return any(monotonic() - times.popleft() < SIGNAL_WINDOW_S for _ in range(len(times)))


class OrphanCollector(Collector):
    """Has the probe `meet` processes whose parents have ended, and which this process has adopted. Yields no events.

    It collects those that have ended, as init would have done. `root` is no orphan.
    """

    def __init__(self, root: int, meet: Callable[[int], None]) -> None:
        self._root = root
        self._meet = meet
        self._due = ORPHANS_NS
        self._met: set[int] = set()

    def poll(self, now: int, changes: Changes) -> tuple[()]:
        if now >= self._due:
            self._due = now + ORPHANS_NS
            orphans = processes.children() - processes.HELPERS - {self._root}
            for pid in orphans - self._met:
                self._meet(pid)
            self._met = orphans - processes.collect(orphans).keys()
        return ()
