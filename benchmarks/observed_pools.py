"""Put into an environment, so that every pool that is made in it is an observed one, by `executors.py`.

Nothing is imported for it that the program does not import itself, for there are tests of that as well.
"""

from __future__ import annotations

import sys
from functools import wraps
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any


def observe_all(kind: type[Any]) -> None:
    """Have all executors of a class, which is just being made, observed as soon as they are made."""
    make = vars(kind).get("__init__")
    if make is None:
        return

    @wraps(make)
    def make_observed(self: Any, *args: Any, **keywords: Any) -> None:
        from threadviz.instrument.executors import observed

        make(self, *args, **keywords)
        observed(self)

    kind.__init__ = make_observed


class Finder:
    """Finds the module of which all executors are derived, and changes it once it is there."""

    @classmethod
    def find_spec(cls, name: str, path: Any = None, target: ModuleType | None = None) -> ModuleSpec | None:
        """As an import asks for it."""
        if name != "concurrent.futures._base":
            return None
        sys.meta_path.remove(cls)
        spec = PathFinder.find_spec(name, path, target)
        assert spec is not None and spec.loader is not None
        load = spec.loader.exec_module

        def load_and_change(module: ModuleType) -> None:
            load(module)
            module.Executor.__init_subclass__ = classmethod(observe_all)

        spec.loader.exec_module = load_and_change  # type: ignore[method-assign]
        return spec


sys.meta_path.insert(0, Finder)
