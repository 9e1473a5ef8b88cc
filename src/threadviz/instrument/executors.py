"""Executors whose tasks are reported to observers, and that are otherwise unchanged."""

import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from functools import lru_cache, partial
from itertools import count
from time import monotonic_ns
from types import BuiltinFunctionType, FunctionType, MethodDescriptorType, MethodType, new_class
from typing import Any, SupportsIndex, TypeVar, cast

from threadviz.protocol.task_pipe import Message, clip, pipes, send

NAME_LIMIT = 100
ERROR_LIMIT = 300
"""A name or an error is reported in at most so many characters."""

_NAMED_TYPES = (FunctionType, BuiltinFunctionType, MethodDescriptorType, type)
_CACHED_FUNCTION = type(lru_cache(len))


def name_of(function: object, arguments: tuple[object, ...] = ()) -> str:
    """Return the name of a function; of a callable object, that of its class.

    Nothing else of an object is looked at: its attributes may run code, over a network perhaps. Arguments are not part
    of the name, for they may be long or secret. But some functions only call their first argument, and get its name.
    """
    try:
        name = _name(function, arguments)
    except Exception:  # noqa: BLE001 - a metaclass may raise anything, and the task is to go on
        name = "?"
    return clip(name.rpartition("<locals>.")[2], NAME_LIMIT)


def _name(function: Any, arguments: tuple[object, ...]) -> str:
    kind = type(function)
    if issubclass(kind, MethodType):
        return _name(function.__func__, arguments)
    if issubclass(kind, _CACHED_FUNCTION):
        return _name(function.__wrapped__, arguments)
    if issubclass(kind, partial):
        return _name(function.func, (*function.args, *arguments))
    name = str((function if issubclass(kind, _NAMED_TYPES) else kind).__qualname__)
    if arguments and name == "_process_chunk":  # of a process pool's map (concurrent/futures/process.py)
        return f"chunk of {_name(arguments[0], ())}"
    if arguments and kind is BuiltinFunctionType and name == "Context.run":  # such as of asyncio.to_thread
        return _name(arguments[0], arguments[1:])
    return name


def describe(error: BaseException) -> str:
    """Return one sentence for `error`."""
    kind = type(error).__name__
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - a fault of its class, which must not replace the error
        text = ""
    return clip(f"{kind}: {text}" if text else kind, ERROR_LIMIT)


_INTERPRETER_ID = os.urandom(6).hex()
"""Distinguishes this interpreter's tasks from those of others in this process, or in earlier ones of its number."""

_task_numbers = count()


class ExecutorTask:
    """One task, reported into `pipes` under an id that no other task has. Picklable."""

    __slots__ = ("_id", "_pipes")

    def __init__(self, task_id: str, pipes: tuple[str, ...]) -> None:
        self._id = task_id
        self._pipes = pipes

    @classmethod
    def submitted(cls, pipes: tuple[str, ...], function: object, *arguments: object) -> "ExecutorTask | None":
        """Report that a call was submitted. Where a pipe has no room, nothing of this task is reported into it.

        Returns None where no pipe has.
        """
        task = cls(f"{_INTERPRETER_ID}.{os.getpid()}.{threading.get_ident()}.{next(_task_numbers)}", pipes)
        name = name_of(function._function if type(function) is ReportedCall else function, arguments)
        task._pipes = task._report({**task._message("submitted"), "pid": os.getpid(), "name": name})
        return task if task._pipes else None

    def report_started(self) -> Message:
        """Report that it starts here and now, and return the message."""
        message = {**self._message("started"), "pid": os.getpid(), "tid": threading.get_native_id()}
        self._report(message)
        return message

    def report_finished(self, error: BaseException | str | None, started: Message | None = None) -> None:
        """Report that it is over, repeating the message on its start, which may have been lost."""
        text = describe(error) if isinstance(error, BaseException) else error
        self._report({**self._message("finished"), "error": text, "started": started})

    def _message(self, kind: str) -> Message:
        return {"type": kind, "task": self._id, "t": monotonic_ns()}

    def _report(self, message: Message) -> tuple[str, ...]:
        """Send it into all pipes, and return those that took it."""
        return tuple(pipe for pipe in self._pipes if send(pipe, message))


def call(task: ExecutorTask, function: Callable[..., Any], /, *args: Any, **keywords: Any) -> Any:
    """Call a function as a ReportedCall does: for executors that must be given the function itself."""
    return ReportedCall(function, task)(*args, **keywords)


class ReportedCall:
    """A function that reports where and when it runs. Picklable where the function is, and in all else like it."""

    def __init__(self, function: Callable[..., Any], task: ExecutorTask) -> None:
        self._function = function
        self._task = task

    def __call__(self, /, *args: Any, **keywords: Any) -> Any:
        """Call the function, and return or raise what it does."""
        started = self._task.report_started()
        try:
            result = self._function(*args, **keywords)
        except BaseException as error:
            self._task.report_finished(error, started)
            del self, args, keywords  # the traceback would keep them alive
            raise
        self._task.report_finished(None, started)
        return result

    def __reduce__(self) -> tuple[Any, ...]:
        return ReportedCall, (self._function, self._task)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._function, name)  # executors may ask a function for its name


AnyExecutor = TypeVar("AnyExecutor", bound=Executor)


def observed(executor: AnyExecutor) -> AnyExecutor:
    """Have the tasks of `executor` appear on the lanes, and return it.

    Tasks are reported while the process is under `threadviz exec`, or within `threadviz.record`; otherwise this costs
    next to nothing. A task is a call of `submit`, also by `Executor.map`; a process pool's `map` submits chunks. A task
    has the name of its function, and its error where it raises one; its arguments and its result are not reported.
    Processes that tasks run in must be able to import threadviz.

    It stays the same object: only its class is replaced, by a subclass of the same name. Raises TypeError where
    `executor` is no executor.
    """
    if not isinstance(executor, Executor):
        raise TypeError(f"it takes an executor, not {type(executor).__name__!r}")
    if not isinstance(executor, _Observed):
        executor.__class__ = cast("type[AnyExecutor]", _observed_class(type(executor)))
    return executor


def _observed_class(kind: type[Executor]) -> type[Executor]:
    """Return the observed subclass of `kind`, which keeps it among its subclasses as long as it is used."""
    for derived in kind.__subclasses__():
        if derived.__bases__ == (_Observed, kind):
            return derived
    same = {name: getattr(kind, name) for name in ("__module__", "__qualname__", "__doc__")}
    return new_class(kind.__name__, (_Observed, kind), exec_body=lambda body: body.update(same, __slots__=()))


class _Observed(Executor):
    """Stands before an executor's own class, and so must define no names that this may have."""

    __slots__ = ()

    def submit(self, /, *args: Any, **keywords: Any) -> Future[Any]:
        reached = pipes()
        if not (reached and args and callable(args[0])):  # the executor itself raises for what is no call
            return super().submit(*args, **keywords)
        task = ExecutorTask.submitted(reached, *args)
        if task is None:
            return super().submit(*args, **keywords)
        try:
            future = super().submit(*_reporting(self, args[0], task), *args[1:], **keywords)
        except BaseException as error:
            task.report_finished(error)
            raise
        future.add_done_callback(partial(_report_failure, task))
        return future

    def __reduce_ex__(self, protocol: SupportsIndex) -> str | tuple[Any, ...]:
        """Pickle under its original class, for the subclass can't be found by its name."""
        derived = type(self)
        reduced: str | tuple[Any, ...] = super().__reduce_ex__(protocol)
        if isinstance(reduced, str):
            return reduced
        make, arguments, *rest = reduced
        original = tuple(derived.__bases__[1] if each is derived else each for each in arguments)
        return (_rebuild, (make, original), *rest)


def _reporting(executor: Executor, function: Callable[..., Any], task: ExecutorTask) -> tuple[Any, ...]:
    """Return what to submit instead of `function`.

    A pool of interpreters must get the function itself: it can send some that can't be pickled.
    """
    interpreters = sys.modules.get("concurrent.futures.interpreter")  # exists from CPython 3.14 on
    if interpreters is not None and isinstance(executor, interpreters.InterpreterPoolExecutor):
        return call, task, function
    return (ReportedCall(function, task),)


def _rebuild(make: Callable[..., Executor], arguments: tuple[Any, ...]) -> Executor:
    return observed(make(*arguments))


def _report_failure(task: ExecutorTask, future: Future[Any]) -> None:
    """Report what the function itself can't: that it never ran, or that its process died."""
    if future.cancelled():
        task.report_finished("cancelled")
    elif (error := future.exception()) is not None:
        task.report_finished(error)
