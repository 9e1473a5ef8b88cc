"""One run, from its first process to its last event."""

import errno
import gc
import platform
import traceback
from pathlib import Path

import threadviz
from threadviz.events import SCHEMA, Closed, Header, Outcome, ProbeInfo
from threadviz.observer.children import StandInSite, StartError, Subject
from threadviz.observer.clock import RunClock
from threadviz.observer.machine import cores, has_gil, open_as_many_files_as_allowed
from threadviz.observer.output import Output, ViewerGoneError
from threadviz.observer.start import CalledOffError, await_ready, await_site, give_order
from threadviz.request import RunRequest

NO_PROBE = ProbeInfo("none", (), "anything: nothing was watched", 0.0)


def observe(request: RunRequest, scratch: Path, lifeline: int, output: Output) -> None:
    """Start all processes, watch them, and write the whole stream, to its last event. Raises ViewerGoneError."""
    clock = RunClock()
    try:
        _run(request, scratch, lifeline, output, clock)
    except CalledOffError:
        output.write([header(request, 0), Closed(0, Outcome.INTERRUPTED, "it was interrupted")])
    except StartError as error:
        output.write([header(request, 0), Closed(0, Outcome.BROKEN, f"it did not start: {error}")])
    output.finish()


def _run(request: RunRequest, scratch: Path, lifeline: int, output: Output, clock: RunClock) -> None:
    try:
        site = StandInSite(request.sites) if request.sites and not request.online else None
        subject = Subject(scratch)
        # Imported while these start, and not before: so a run begins a little sooner.
        from threadviz.observer.probes import choose_probe
        from threadviz.observer.watch import Watch

        urls = await_site(site, lifeline) if site else tuple(each.url for each in request.sites)
        give_order(request, subject, urls)
        tasks = await_ready(subject, lifeline)
        open_as_many_files_as_allowed()  # only now, so that the subject's limit is what it would be
        probe = choose_probe(subject.process.pid, request.probe, clock)
        clock.start()
        probe.begin()
    except OSError as error:
        raise StartError(str(error)) from error
    output.write([header(request, tasks, probe.info)])
    gc.disable()  # nothing here is cyclic, and a collection would delay a look
    subject.go()
    try:
        Watch(subject, site, probe, lifeline, clock, tasks).run(output)
    except ViewerGoneError:
        raise
    except Exception as error:  # noqa: BLE001 - a fault of ours: said in the stream, for nothing else will be read
        output.write([Closed(clock(), Outcome.BROKEN, f"the observer failed: {_where(error)}")])


def header(request: RunRequest, tasks: int, probe: ProbeInfo = NO_PROBE) -> Header:
    """Return the first line of the stream; this Python is also the subject's."""
    return Header(
        schema=SCHEMA,
        threadviz=threadviz.__version__,
        workload=request.workload,
        mode=request.mode,
        workers=request.workers,
        tasks=tasks,
        python=platform.python_version(),
        gil=has_gil(),
        cores=cores(),
        platform=f"{platform.system()} {platform.machine()}",
        probe=probe,
    )


def _where(error: Exception) -> str:
    """Return what an exception says, and where it was raised."""
    if isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE):
        return "it takes three open files for each thread, and may have no more: raise the limit (ulimit -n)"
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__}: {error} ({Path(last.filename).name}, line {last.lineno})"
