"""threadviz measures and shows, live, what concurrency does in Python.

The roles and the one-way arrows between them:

    subject, observer -> events <- timeline <- findings <- report, cli

The *subject* is the program being watched, the *observer* watches it from outside, and what both say
is one stream of `threadviz.events`. The *timeline* folds that stream into lanes, tasks and totals;
everything that draws or prints asks the timeline.
"""

from typing import TYPE_CHECKING

__all__ = ["ObservationError", "Recording", "__version__", "observed", "record"]

__version__ = "0.1.0"

if TYPE_CHECKING:
    from threadviz.inside.looker import ObservationError
    from threadviz.inside.observed import observed
    from threadviz.inside.record import Recording, record
else:
    _PLACES = {
        "ObservationError": "looker",
        "Recording": "record",
        "observed": "observed",
        "record": "record",
    }

    def __getattr__(name: str) -> object:
        """Import what programs use when they use it: the command, which does without, starts sooner so."""
        if name not in _PLACES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = globals()[name] = getattr(import_module(f"{__name__}.inside.{_PLACES[name]}"), name)
        return value
