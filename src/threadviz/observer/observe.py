"""One run, from its first process to its last event."""

import gc
from pathlib import Path

from threadviz.events import Closed
from threadviz.observer.clock import RunClock
from threadviz.observer.faults import fault_of
from threadviz.observer.header import header
from threadviz.observer.output import Output, ViewerGoneError
from threadviz.observer.prepared import Prepared
from threadviz.observer.subjects.children import RefusedError, StartError
from threadviz.observer.subjects.start import CalledOffError
from threadviz.request import AttachRequest, ExecRequest, Request
from threadviz.vocabulary import Outcome


def observe(request: Request, scratch: Path, lifeline: int, output: Output) -> None:
    """Start all processes, watch them, and write the whole stream, to its last event. Raises ViewerGoneError."""
    clock = RunClock()
    try:
        prepared = _prepare(request, scratch, lifeline, clock)
    except CalledOffError:
        output.write([header(request), Closed(0, Outcome.INTERRUPTED, "it was interrupted")])
    except RefusedError as error:
        output.write([header(request), Closed(0, Outcome.BROKEN, str(error), traceback=error.traceback)])
    except (StartError, OSError) as error:
        what = "it can't be watched" if isinstance(request, AttachRequest) else "it did not start"
        output.write([header(request), Closed(0, Outcome.BROKEN, f"{what}: {error}")])
    except Exception as error:  # noqa: BLE001 - a fault of ours: said in the stream, for nothing else will be read
        output.write([header(request), Closed(0, Outcome.BROKEN, fault_of(error))])
    else:
        see_through(prepared, output, clock)
    output.finish()


def _prepare(request: Request, scratch: Path, lifeline: int, clock: RunClock) -> Prepared:
    """Bring it up as far as it may come unwatched. What each way takes is imported where it is taken."""
    if isinstance(request, ExecRequest):
        from threadviz.observer.subjects.executing import prepare_program

        return prepare_program(request, scratch, lifeline, clock)
    if isinstance(request, AttachRequest):
        from threadviz.observer.subjects.attaching import prepare_attached

        return prepare_attached(request, lifeline, clock)
    from threadviz.observer.subjects.running import prepare_run

    return prepare_run(request, scratch, lifeline, clock)


def see_through(prepared: Prepared, output: Output, clock: RunClock) -> None:
    """Watch what is prepared, from its header to its last event. Raises ViewerGoneError."""
    output.write([prepared.header])
    gc.disable()  # nothing here is cyclic, and a collection would delay a look
    try:
        prepared.go()
        prepared.watch.run(output)
    except ViewerGoneError:
        raise
    except CalledOffError:
        output.write([Closed(0, Outcome.INTERRUPTED, "it was interrupted")])
    except StartError as error:
        output.write([Closed(0, Outcome.BROKEN, f"it did not start: {error}")])
    except Exception as error:  # noqa: BLE001 - as above
        output.write([Closed(clock(), Outcome.BROKEN, fault_of(error))])
    finally:
        prepared.watch.close()
