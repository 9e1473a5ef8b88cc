"""Executors whose tasks appear on the lanes of whoever watches, and that are otherwise what they were."""

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

from threadviz.protocol.task_pipe import say, watchers

# What a task is called, and what went wrong with it, in a few words for people.

NAME_LIMIT = 100
ERROR_LIMIT = 300
"""How many characters of a name, or of an error, are said: in JSON they take at most twelve bytes each."""

_WITH_A_NAME = (FunctionType, BuiltinFunctionType, MethodDescriptorType, type)
_CACHED = type(lru_cache(len))


def name_of(function: object, arguments: tuple[object, ...] = ()) -> str:
    """Return what a function is called; of a callable object, what its class is.

    Nothing else is looked at, and nothing asked of classes that may answer in their own way, over a network perhaps.
    Its arguments are not in it, for they may be long, and secret; but some functions do no more than call their first
    argument.
    """
    try:
        name = _name(function, arguments)
    except Exception:  # noqa: BLE001 - whatever a class makes of its own name: the task is to go on
        name = "?"
    return _plain(name.rpartition("<locals>.")[2], NAME_LIMIT)


def _name(function: Any, arguments: tuple[object, ...]) -> str:
    kind = type(function)
    if issubclass(kind, MethodType):
        return _name(function.__func__, arguments)
    if issubclass(kind, _CACHED):
        return _name(function.__wrapped__, arguments)
    if issubclass(kind, partial):
        return _name(function.func, (*function.args, *arguments))
    name = str((function if issubclass(kind, _WITH_A_NAME) else kind).__qualname__)
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
    except Exception:  # noqa: BLE001 - the class's own fault, which must not take the place of the error
        text = ""
    return _plain(f"{kind}: {text}" if text else kind, ERROR_LIMIT)


def _plain(text: str, limit: int) -> str:
    """Return what can be said of a text: of half a character, as those of undecodable file names, nothing can."""
    return text[:limit].encode(errors="replace").decode()


# A task that is told: what goes to the worker, in whichever process or interpreter.

_HERE = os.urandom(6).hex()
"""Tells tasks of this interpreter from those of others in the same process, and of earlier ones of this number."""

_numbers = count()


class ExecutorTask:
    """One task, as those know it who watch through `pipes`: by a name that no other has, whoever submits it.

    Picklable. `observer/telling/said.py` takes what is said.
    """

    __slots__ = ("_number", "_pipes")

    def __init__(self, number: str, pipes: tuple[str, ...]) -> None:
        self._number = number
        self._pipes = pipes

    @classmethod
    def submitted(cls, pipes: tuple[str, ...], function: object, *arguments: object) -> "ExecutorTask | None":
        """Say that a call was submitted. None where nobody could be told of it, who then hears nothing of it at all."""
        task = cls(f"{_HERE}.{os.getpid()}.{threading.get_ident()}.{next(_numbers)}", pipes)
        name = name_of(function._function if type(function) is ReportedCall else function, arguments)
        told = task._say({**task._words("submitted"), "pid": os.getpid(), "name": name})
        return cls(task._number, told) if told else None

    def say_started(self) -> dict[str, object]:
        """Say that it starts here and now, and return what was said."""
        words = {**self._words("started"), "pid": os.getpid(), "tid": threading.get_native_id()}
        self._say(words)
        return words

    def say_finished(
        self, error: BaseException | str | None, started: dict[str, object] | None = None
    ) -> None:
        """Say that it is over, and when it `started`, for that may not have been heard."""
        words = describe(error) if isinstance(error, BaseException) else error
        self._say({**self._words("finished"), "error": words, "started": started})

    def _words(self, said: str) -> dict[str, object]:
        return {"said": said, "task": self._number, "t": monotonic_ns()}

    def _say(self, words: dict[str, object]) -> tuple[str, ...]:
        """Say it to all, and return who could be told."""
        return tuple(pipe for pipe in self._pipes if say(pipe, words))


def call(task: ExecutorTask, function: Callable[..., Any], /, *args: Any, **keywords: Any) -> Any:
    """Call a function that could not be put into a `ReportedCall`, and report the call."""
    return ReportedCall(function, task)(*args, **keywords)


class ReportedCall:
    """A function that says where and when it runs. Picklable where the function is, and in all else like it."""

    def __init__(self, function: Callable[..., Any], task: ExecutorTask) -> None:
        self._function = function
        self._task = task

    def __call__(self, /, *args: Any, **keywords: Any) -> Any:
        """Call the function, and return or raise what it does."""
        started = self._task.say_started()
        try:
            result = self._function(*args, **keywords)
        except BaseException as error:
            self._task.say_finished(error, started)
            del self, args, keywords  # which the traceback would keep alive
            raise
        self._task.say_finished(None, started)
        return result

    def __reduce__(self) -> tuple[Any, ...]:
        return ReportedCall, (self._function, self._task)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._function, name)  # executors may ask a function for its name


AnyExecutor = TypeVar("AnyExecutor", bound=Executor)


def observed(executor: AnyExecutor) -> AnyExecutor:
    """Have the tasks of `executor` appear on the lanes, and return it.

    That is so while the process is under `threadviz exec`, or within `threadviz.record`; else nothing is said, and it
    costs next to nothing. A task is what goes through `submit`, as that of `Executor.map` does; a process pool's `map`
    submits chunks. It is told under the name of its function, and with what it raises; its arguments and its result are
    not told. Processes that tasks run in must be able to import threadviz.

    It stays the same object: only its class is replaced, by one of the same name that derives from it. Raises TypeError
    where `executor` is none.
    """
    if not isinstance(executor, Executor):
        raise TypeError(f"it takes an executor, not {type(executor).__name__!r}")
    if not isinstance(executor, _Observed):
        executor.__class__ = cast("type[AnyExecutor]", _observed_kind(type(executor)))
    return executor


def _observed_kind(kind: type[Executor]) -> type[Executor]:
    """Return the class of the observed executors of this kind; `kind` itself knows it as long as there are any."""
    for derived in kind.__subclasses__():
        if derived.__bases__ == (_Observed, kind):
            return derived
    same = {name: getattr(kind, name) for name in ("__module__", "__qualname__", "__doc__")}
    return new_class(kind.__name__, (_Observed, kind), exec_body=lambda body: body.update(same, __slots__=()))


class _Observed(Executor):
    """What stands before an executor's own class, and so must have no names that this may have."""

    __slots__ = ()

    def submit(self, /, *args: Any, **keywords: Any) -> Future[Any]:
        watching = watchers()
        if not (watching and args and callable(args[0])):  # else the executor itself says what is wrong
            return super().submit(*args, **keywords)
        task = ExecutorTask.submitted(watching, *args)
        if task is None:
            return super().submit(*args, **keywords)
        try:
            future = super().submit(*_told(self, args[0], task), *args[1:], **keywords)
        except BaseException as error:
            task.say_finished(error)
            raise
        future.add_done_callback(_saying_how_it_ended(task))
        return future

    def __reduce_ex__(self, protocol: SupportsIndex) -> str | tuple[Any, ...]:
        """Pickle those that can be: by the name of their own class, for that of this one leads to it."""
        derived = type(self)
        reduced: str | tuple[Any, ...] = super().__reduce_ex__(protocol)
        if isinstance(reduced, str):
            return reduced
        make, arguments, *rest = reduced
        own = tuple(derived.__bases__[1] if each is derived else each for each in arguments)
        return (_made_again, (make, own), *rest)


def _told(executor: Executor, function: Callable[..., Any], task: ExecutorTask) -> tuple[Any, ...]:
    """Return what to submit instead of `function`.

    A pool of interpreters has ways of its own to bring a function to another one, even if it can't be pickled.
    """
    pools = sys.modules.get("concurrent.futures.interpreter")  # which is there from CPython 3.14 on
    if pools is not None and isinstance(executor, pools.InterpreterPoolExecutor):
        return call, task, function
    return (ReportedCall(function, task),)


def _made_again(make: Callable[..., Executor], arguments: tuple[Any, ...]) -> Executor:
    return observed(make(*arguments))


def _saying_how_it_ended(task: ExecutorTask) -> Callable[[Future[Any]], None]:
    """Return what says of a future what its function can't: that it never ran, or that its process died meanwhile."""

    def say_end(future: Future[Any]) -> None:
        if future.cancelled():
            task.say_finished("cancelled")
        elif (error := future.exception()) is not None:
            task.say_finished(error)

    return say_end
