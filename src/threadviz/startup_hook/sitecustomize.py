"""Says what the threads of this program are called, to the `threadviz exec` that has started it.

Python imports a `sitecustomize` at its start (see its module `site`). This one takes itself out of the way, so that
the one that would else have been imported is; has `threading` say each thread's name as it starts and when it is
renamed; and imports nothing that Python has not imported by then. It is a whole: nothing else of threadviz comes into
the program. It has to load in every Python that the program may start, and so is written for any.

A name is said in one short write into the named pipe that the variable THREADVIZ_NAMES points to, as a line of process
id, thread id and name. The pipe is open only meanwhile. What goes wrong with that goes unsaid, and the program on.
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

LENGTH = 200
"""So many characters of a name are said: in UTF-8 that is a line which is never torn (pipe(7), PIPE_BUF)."""

_FLAGS = os.O_RDWR | getattr(os, "O_NONBLOCK", 0)
"""For reading as well: so there always is a reader, and a write can't raise SIGPIPE."""

_pipe = os.environ.get("THREADVIZ_NAMES", "")


def _leave_no_trace():  # type: () -> None
    """Be in the way of no other `sitecustomize`."""
    folder = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120 - pathlib is not imported by now
    sys.path[:] = [entry for entry in sys.path if entry != folder]
    sys.path_importer_cache.pop(folder, None)
    sys.modules.pop("sitecustomize", None)


# What is used later is kept, for the program may put something else in its place.
def _say(
    tid,
    name,
    getpid=os.getpid,
    open_=os.open,
    write=os.write,
    close=os.close,
):  # type: (int, str, Any, Any, Any, Any) -> None
    try:
        line = b"%d %d %s\n" % (getpid(), tid, name[:LENGTH].replace("\n", " ").encode("utf-8", "replace"))
        descriptor = open_(_pipe, _FLAGS)
        try:
            write(descriptor, line)
        finally:
            close(descriptor)
    except Exception:  # noqa: BLE001 - whatever it is, it is no business of the program
        return


def _watch(threading, getpid=os.getpid):  # type: (ModuleType, Any) -> None
    """Have `threading` say what it calls its threads."""
    from _thread import get_native_id

    thread_type = threading.Thread
    set_native_id, name = thread_type._set_native_id, thread_type.name

    def say(thread, tid):  # type: (Any, int) -> None
        """Say its name, if it is a thread of the system's that somebody has named: there are ones that only look so."""
        made_up = isinstance(thread, threading._DummyThread)
        if thread._native_id == tid and not made_up and (tid != getpid() or thread is threading._main_thread):
            _say(tid, thread._name)

    def _set_native_id(self):  # type: (Any) -> None
        set_native_id(self)
        say(self, get_native_id())

    def set_name(self, value):  # type: (Any, str) -> None
        name.fset(self, value)
        if self._native_id is not None and self.is_alive():
            say(self, self._native_id)

    def say_main():  # type: () -> None
        """Say the name of the one thread that there is after a fork, or has been from the beginning."""
        if get_native_id() == getpid():
            _say(getpid(), threading._main_thread._name)

    thread_type._set_native_id = _set_native_id
    thread_type.name = property(name.fget, set_name, name.fdel, name.__doc__)
    os.register_at_fork(after_in_child=say_main)
    say_main()


class _Loader(object):  # noqa: UP004
    """Loads as another does, and then watches what it has loaded."""

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
        _watch_if_known(module)


class _Finder(object):  # noqa: UP004
    """Finds `threading` as others do, and has it loaded here."""

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


def _watch_if_known(threading):  # type: (ModuleType) -> None
    try:
        _watch(threading)
    except Exception:  # noqa: BLE001 - it is another `threading` than is known here
        return


_leave_no_trace()
if _pipe and hasattr(os, "register_at_fork"):  # from CPython 3.7 on
    if "threading" in sys.modules:
        _watch_if_known(sys.modules["threading"])
    else:
        sys.meta_path.insert(0, _Finder())

import sitecustomize  # type: ignore[import-not-found]  # noqa: E402 - the next; where none is, this raises what is due
