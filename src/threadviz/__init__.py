"""threadviz measures and shows, live, what concurrency does in Python.

The roles and the one-way arrows between them:

    subject, observer -> events <- timeline <- findings <- report, cli

The *subject* is the program being watched, the *observer* watches it from outside, and what both say
is one stream of `threadviz.protocol.events`. The *timeline* folds that stream into lanes, tasks and totals;
everything that draws or prints asks the timeline.
"""

from typing import TYPE_CHECKING

from threadviz._version import __version__

__all__ = ["ObservationError", "Recording", "__version__", "observed", "record"]

if TYPE_CHECKING:
    from threadviz.instrument.executors import observed
    from threadviz.instrument.record import ObservationError, Recording, record
else:
    _PLACES = {
        "ObservationError": "record",
        "Recording": "record",
        "observed": "executors",
        "record": "record",
    }

    def __getattr__(name: str) -> object:
        """Import what programs use when they use it: the command, which does without, starts sooner so."""
        if name not in _PLACES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = globals()[name] = getattr(import_module(f"{__name__}.instrument.{_PLACES[name]}"), name)
        return value
