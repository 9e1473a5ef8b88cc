"""A workload under a mode: its processes are brought up, until they wait for nothing but the word to go."""

from pathlib import Path

from threadviz.observer.clock import RunClock
from threadviz.observer.header import header
from threadviz.observer.machine import open_as_many_files_as_allowed
from threadviz.observer.prepared import Prepared
from threadviz.observer.subjects.children import StandInSite, Subject
from threadviz.observer.subjects.start import await_ready, await_site, give_order
from threadviz.processes.offspring import adopt_orphans, end_children, keep_ended_children
from threadviz.request import RunRequest
from threadviz.subject.order import SENDS


def prepare_run(request: RunRequest, scratch: Path, lifeline: int, clock: RunClock) -> Prepared:
    """Start the site and the subject, and open the books. Raises StartError, CalledOffError and OSError.

    What tasks start belongs to the run, wherever it goes: it comes down to this process, which ends it.
    """
    keep_ended_children()
    adopt_orphans(True)
    try:
        return _prepare(request, scratch, lifeline, clock)
    except BaseException:
        end_children()
        raise


def _prepare(request: RunRequest, scratch: Path, lifeline: int, clock: RunClock) -> Prepared:
    site = StandInSite(request.sites) if request.sites and not request.online else None
    subject = Subject(scratch, request.calling.output if request.calling else "")
    # Imported while these start, and not before: so a run begins a little sooner.
    from threadviz.observer.probing.kinds import in_pool, without_pool
    from threadviz.observer.probing.probes import choose_probe
    from threadviz.observer.telling.tellers import tellers_for
    from threadviz.observer.watch import Watch

    urls = await_site(site, lifeline) if site else tuple(each.url for each in request.sites)
    give_order(request, subject, urls)
    tasks = await_ready(subject, lifeline, request.calling)
    open_as_many_files_as_allowed()  # only now, so that the subject's limit is what it would be
    kind_of = in_pool if request.mode == SENDS else without_pool
    probe = choose_probe(subject.process.pid, request.probe, clock, kind_of=kind_of)
    clock.start()
    probe.begin()
    # A recording of a workload has no path in it, unless it is somebody's own function that has to do with files.
    tellers = tellers_for(probe, paths=request.calling is not None)
    watch = Watch(subject, site, probe, lifeline, clock, tasks, tellers)
    return Prepared(header(request, tasks, probe.info), watch, subject.go)
