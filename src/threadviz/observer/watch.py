"""One run under observation, from the word to go to its last event."""

import signal
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from threadviz.events import Closed, Died, Ended, Event, Started
from threadviz.observer.clock import RunClock
from threadviz.observer.open_tasks import OpenTasks
from threadviz.observer.output import Output
from threadviz.observer.probing.sampler import Sampler
from threadviz.observer.probing.watched import Probe, ProcessKind, Teller, Watched, close_all
from threadviz.observer.subjects.children import StandInSite, Subject, Told
from threadviz.observer.subjects.start import called_off
from threadviz.processes.endings import how_it_ended
from threadviz.processes.offspring import end_children
from threadviz.subject.order import Ready, Refused
from threadviz.vocabulary import Outcome


class Watch:
    """Samples, listens and tells, until the subject has ended or `lifeline` (a descriptor) has."""

    def __init__(
        self,
        subject: Subject,
        site: StandInSite | None,
        probe: Probe,
        lifeline: int,
        clock: RunClock,
        tasks: int,
        tellers: Sequence[Teller],
    ) -> None:
        self._subject = subject
        self._site = site
        self._probe = probe
        self._lifeline = lifeline
        self._clock = clock
        self._sampler = Sampler(probe, clock)
        self._tellers = tellers
        self._open = OpenTasks(tasks)
        self._mourned: set[str] = set()
        self._closed: Closed | None = None

    def run(self, output: Output) -> None:
        """See the run through."""
        for now in self._sampler.rounds():
            output.write(self._news(now))
            if self._closed is not None:
                output.write([self._closed])
                return

    def close(self) -> None:
        """Let go of the files, and end what was started only to look, and whatever is left of the run."""
        try:
            close_all(self._probe, self._tellers)
        finally:
            with self._subject.printed.kept():
                end_children()

    def _news(self, now: int) -> Iterator[Event]:
        """Yield what there is to tell, the subject's own words first, and note whether the run is over."""
        status = self._subject.process.poll()
        self._subject.printed.cut()
        said = [
            self._in_run_time(event)
            for event in self._subject.said()
            if not isinstance(event, Ready | Refused)
        ]
        for event in said:
            self._open.note(event)
            if isinstance(event, Started):
                self._probe.meet(event.pid, ProcessKind.WORKER)
        if status is not None or any(isinstance(event, Ended) for event in said):
            now = self._sampler.look()  # once more, for the last look may be older than the end
        came, went = self._probe.take_changes()
        yield from said
        yield from self._sampler.news(came, went)
        for teller in self._tellers:
            yield from teller.news(now, came, went)
        yield from self._deaths(now, went)
        for event in said:
            if isinstance(event, Ended):
                yield from self._ended(now, event)
        if self._closed is None and status is not None:
            yield from self._subject_died(now, status)
        if self._closed is None and called_off(self._lifeline):
            self._closed = Closed(now, Outcome.INTERRUPTED, "it was interrupted")
        yield self._sampler.tick(now)

    def _in_run_time(self, event: Told) -> Told:
        return msgspec.structs.replace(event, t=self._clock.when(event.t))

    def _ended(self, now: int, event: Ended) -> Iterator[Event]:
        """Close the run; what the mode left undone when it raised has failed."""
        outcome = Outcome.BROKEN if event.error else Outcome.FINISHED
        self._closed = Closed(max(now, event.t), outcome, (event.error or "") + self._open.unsubmitted())
        yield from self._open.fail_all(event.t, event.error or "it was never made")

    def _deaths(self, now: int, went: Iterable[Watched]) -> Iterator[Died]:
        """Yield the deaths that the run can go on after: a stand-in site's, and a worker's.

        A pool that loses a worker ends the others itself, by SIGTERM: those are not told, where one stands out.
        """
        if self._site and (status := self._site.process.poll()) is not None and "site" not in self._mourned:
            self._mourned.add("site")
            yield Died(now, "site", self._site.process.pid, how_it_ended(status))
        workers = [each for each in went if each.process is ProcessKind.WORKER and each.pid == each.tid]
        if workers and self._open and "worker" not in self._mourned:
            self._mourned.add("worker")
            least = min(map(_by_its_pool, workers))
            for worker in workers:
                if _by_its_pool(worker) == least:
                    how = "gone with tasks to do" if worker.status is None else how_it_ended(worker.status)
                    yield Died(worker.ended or now, "worker", worker.pid, how)

    def _subject_died(self, now: int, status: int) -> Iterator[Event]:
        how = how_it_ended(status)
        words = self._subject.printed.last_line()
        yield Died(now, "subject", self._subject.process.pid, f"{how}: {words}" if words else how)
        yield from self._open.fail_all(now, f"the subject died ({how})")
        self._closed = Closed(now, Outcome.BROKEN, f"the subject died ({how}){self._open.unsubmitted()}")


def _by_its_pool(worker: Watched) -> int:
    """Return how likely it is that a worker was ended by its pool: 0 if it was not, 1 if that was not seen, 2."""
    if worker.status is None:
        return 1
    return 2 if worker.status == -signal.SIGTERM else 0
