"""Reports the names of this program's threads to the `threadviz exec` that has started it.

Python imports a `sitecustomize` when it starts (see its module `site`). This one takes itself out of the way, so that
the one that would have been imported without it is. It has `threading` report each thread's name when the thread starts
or is renamed. It imports nothing that Python has not imported by then, and nothing of threadviz: the file is
self-contained. It must load in any Python that the program may start, so its syntax is old.

A name is reported in one write into the named pipe that the variable THREADVIZ_NAMES points to, as one line of JSON:
see `threadviz.protocol.task_pipe` for the format. The pipe is open only meanwhile. Errors are ignored, and the program
goes on.
"""

# ruff: noqa: F401 - the types are in comments, where Python 2 looks past them

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType
    from typing import Any

NAME_LIMIT = 200
"""So many characters of a name are reported: escaped, that is well below PIPE_BUF, so no line is torn (pipe(7))."""

_FLAGS = os.O_RDWR | getattr(os, "O_NONBLOCK", 0)
"""Open for reading as well: there always is a reader then, and a write can't raise SIGPIPE."""

_ESCAPES = dict([(code, "\\u%04x" % code) for code in range(32)] + [(34, '\\"'), (92, "\\\\"), (10, " ")])  # noqa: UP031
"""What a JSON string can't have as it is; the module `json` is not imported by now."""

_pipe = os.environ.get("THREADVIZ_NAMES", "")


def _step_aside():  # type: () -> None
    """Let the next `sitecustomize` be found."""
    folder = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib is not imported by now
    sys.path[:] = [entry for entry in sys.path if entry != folder]
    sys.path_importer_cache.pop(folder, None)
    sys.modules.pop("sitecustomize", None)


# The defaults keep what is used later, for the program may replace it.
def _report(tid, name, getpid=os.getpid, open_=os.open, write=os.write, close=os.close):
    # type: (int, str, Any, Any, Any, Any) -> None
    try:
        if len(name) > NAME_LIMIT:
            name = name[: NAME_LIMIT - 3] + "..."
        quoted = name.translate(_ESCAPES).encode("utf-8", "replace")
        line = b'{"type":"name","pid":%d,"tid":%d,"name":"%s"}\n' % (getpid(), tid, quoted)
        descriptor = open_(_pipe, _FLAGS)
        try:
            write(descriptor, line)
        finally:
            close(descriptor)
    except Exception:  # noqa: BLE001 - whatever it is, the program is not to notice
        return


def _hook(threading, getpid=os.getpid):  # type: (ModuleType, Any) -> None
    """Have `threading` report the names of its threads."""
    from _thread import get_native_id

    thread_type = threading.Thread
    set_native_id, name = thread_type._set_native_id, thread_type.name

    def report(thread, tid):  # type: (Any, int) -> None
        """Report its name, unless `threading` has made it up, or it is a green thread that only has this id."""
        made_up = isinstance(thread, threading._DummyThread)
        if thread._native_id == tid and not made_up and (tid != getpid() or thread is threading._main_thread):
            _report(tid, thread._name)

    def _set_native_id(self):  # type: (Any) -> None
        set_native_id(self)
        report(self, get_native_id())

    def set_name(self, value):  # type: (Any, str) -> None
        name.fset(self, value)
        if self._native_id is not None and self.is_alive():
            report(self, self._native_id)

    def report_main():  # type: () -> None
        """Report the name of the main thread: at the start, and after a fork, when there is no other."""
        if get_native_id() == getpid():
            _report(getpid(), threading._main_thread._name)

    thread_type._set_native_id = _set_native_id
    thread_type.name = property(name.fget, set_name, name.fdel, name.__doc__)
    os.register_at_fork(after_in_child=report_main)
    report_main()


class _Loader(object):  # noqa: UP004
    """Loads a module as another loader does, and then hooks into it."""

    def __init__(self, loader):  # type: (Any) -> None
        self._loader = loader

    def __getattr__(self, name):  # type: (str) -> Any
        return getattr(self._loader, name)

    def exec_module(self, module):  # type: (ModuleType) -> None
        sys.meta_path[:] = [finder for finder in sys.meta_path if not isinstance(finder, _Finder)]
        module.__loader__ = self._loader
        if module.__spec__ is not None:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        _try_hook(module)


class _Finder(object):  # noqa: UP004
    """Finds `threading` as other finders do, and has `_Loader` load it."""

    def find_spec(self, name, path=None, target=None):
        # type: (str, Sequence[str] | None, ModuleType | None) -> ModuleSpec | None
        if name == "threading":
            others = [
                finder for finder in sys.meta_path if finder is not self and hasattr(finder, "find_spec")
            ]
            for spec in (finder.find_spec(name, path, target) for finder in others):
                if spec is not None:
                    if hasattr(spec.loader, "exec_module"):
                        spec.loader = _Loader(spec.loader)  # type: ignore[assignment]
                    return spec
        return None


def _try_hook(threading):  # type: (ModuleType) -> None
    try:
        _hook(threading)
    except Exception:  # noqa: BLE001 - it is not the `threading` that is known here
        return


_step_aside()
if _pipe and hasattr(os, "register_at_fork"):  # from CPython 3.7 on
    if "threading" in sys.modules:
        _try_hook(sys.modules["threading"])
    else:
        sys.meta_path.insert(0, _Finder())

import sitecustomize  # type: ignore[import-not-found]  # noqa: E402 - the next one, or the ImportError that is due
