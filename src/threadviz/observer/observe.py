"""One run, from its first process to its last event."""

from pathlib import Path

from threadviz.debug_log import LOG
from threadviz.observer.io import RunClock, StreamWriter
from threadviz.observer.observation import Observation, StartError, closing_event, make_header
from threadviz.protocol.requests import AttachRequest, ExecRequest, Request


def observe(request: Request, scratch: Path, lifeline: int, output: StreamWriter) -> None:
    """Start all processes, observe them, and write the whole stream. Raises ViewerGoneError."""
    LOG.debug("observe a request of type %s", type(request).__name__)
    try:
        observation = _prepare(request, scratch, lifeline, RunClock())
    except Exception as error:  # noqa: BLE001 - a fault of the observer: nobody would see it otherwise
        reason = StartError(str(error)) if isinstance(error, OSError) else error
        output.write([make_header(request), closing_event(reason)])
    else:
        probe = observation.header.probe
        cannot = f", it cannot tell {probe.cannot}" if probe.cannot else ""
        LOG.debug("probe %s at %g Hz%s", probe.name, probe.asked_hz, cannot)
        output.write([observation.header])
        observation.run(output)
    output.finish()
    LOG.debug("the stream is written")


def _prepare(request: Request, scratch: Path, lifeline: int, clock: RunClock) -> Observation:
    """Bring the target up until it waits for its start. Only what that kind of target needs is imported."""
    if isinstance(request, ExecRequest):
        from threadviz.observer.targets.program import prepare_program

        return prepare_program(request, scratch, lifeline, clock)
    if isinstance(request, AttachRequest):
        from threadviz.observer.targets.attach import prepare_process

        return prepare_process(request, lifeline, clock)
    from threadviz.observer.targets.workload import prepare_workload

    return prepare_workload(request, scratch, lifeline, clock)
