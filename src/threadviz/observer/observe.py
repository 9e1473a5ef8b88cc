"""One run, from its first process to its last event."""

from pathlib import Path

from threadviz.debug_log import LOG
from threadviz.observer.io import RunClock, StreamWriter
from threadviz.observer.observation import (
    CalledOffError,
    Prepared,
    RefusedError,
    StartError,
    fault_of,
    header,
    see_through,
)
from threadviz.protocol.events import Outcome, StreamClosed
from threadviz.protocol.requests import AttachRequest, ExecRequest, Request


def observe(request: Request, scratch: Path, lifeline: int, output: StreamWriter) -> None:
    """Start all processes, watch them, and write the whole stream, to its last event. Raises ViewerGoneError."""
    clock = RunClock()
    LOG.debug("observe a request of type %s", type(request).__name__)
    try:
        prepared = _prepare(request, scratch, lifeline, clock)
    except CalledOffError:
        output.write([header(request), StreamClosed(0, Outcome.INTERRUPTED, "it was interrupted")])
    except RefusedError as error:
        output.write(
            [header(request), StreamClosed(0, Outcome.BROKEN, str(error), traceback=error.traceback)]
        )
    except (StartError, OSError) as error:
        what = "it can't be watched" if isinstance(request, AttachRequest) else "it did not start"
        output.write([header(request), StreamClosed(0, Outcome.BROKEN, f"{what}: {error}")])
    except Exception as error:  # noqa: BLE001 - a fault of ours: said in the stream, for nothing else will be read
        output.write([header(request), StreamClosed(0, Outcome.BROKEN, fault_of(error))])
    else:
        probe = prepared.header.probe
        LOG.debug(
            "probe %s at %g Hz%s",
            probe.name,
            probe.asked_hz,
            f", it cannot tell {probe.cannot}" * bool(probe.cannot),
        )
        see_through(prepared, output, clock)
    output.finish()
    LOG.debug("the stream is written")


def _prepare(request: Request, scratch: Path, lifeline: int, clock: RunClock) -> Prepared:
    """Bring it up as far as it may come unwatched. What each way takes is imported where it is taken."""
    if isinstance(request, ExecRequest):
        from threadviz.observer.targets.program import prepare_program

        return prepare_program(request, scratch, lifeline, clock)
    if isinstance(request, AttachRequest):
        from threadviz.observer.targets.attach import prepare_attached

        return prepare_attached(request, lifeline, clock)
    from threadviz.observer.targets.workload import prepare_run

    return prepare_run(request, scratch, lifeline, clock)
