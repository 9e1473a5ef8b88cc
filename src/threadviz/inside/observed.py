"""Executors whose tasks appear on the lanes of whoever watches, and that are otherwise what they were."""

import sys
from collections.abc import Callable
from concurrent.futures import Executor, Future
from types import new_class
from typing import Any, SupportsIndex, TypeVar, cast

from threadviz.inside.told import Task, Told, call
from threadviz.task_pipe import watchers

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
        task = Task.submitted(watching, *args)
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


def _told(executor: Executor, function: Callable[..., Any], task: Task) -> tuple[Any, ...]:
    """Return what to submit instead of `function`.

    A pool of interpreters has ways of its own to bring a function to another one, even if it can't be pickled.
    """
    pools = sys.modules.get("concurrent.futures.interpreter")  # which is there from CPython 3.14 on
    if pools is not None and isinstance(executor, pools.InterpreterPoolExecutor):
        return call, task, function
    return (Told(function, task),)


def _made_again(make: Callable[..., Executor], arguments: tuple[Any, ...]) -> Executor:
    return observed(make(*arguments))


def _saying_how_it_ended(task: Task) -> Callable[[Future[Any]], None]:
    """Return what says of a future what its function can't: that it never ran, or that its process died meanwhile."""

    def say_end(future: Future[Any]) -> None:
        if future.cancelled():
            task.say_finished("cancelled")
        elif (error := future.exception()) is not None:
            task.say_finished(error)

    return say_end
