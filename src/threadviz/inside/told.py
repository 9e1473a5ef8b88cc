"""A task that is told: what goes to the worker, in whichever process or interpreter."""

import os
import threading
from collections.abc import Callable
from itertools import count
from time import monotonic_ns
from typing import Any

from threadviz.inside.names import describe, name_of
from threadviz.task_pipe import say

_HERE = os.urandom(6).hex()
"""Tells tasks of this interpreter from those of others in the same process, and of earlier ones of this number."""

_numbers = count()


class Task:
    """One task, as those know it who watch through `pipes`: by a name that no other has, whoever submits it.

    Picklable. `observer/telling/said.py` takes what is said.
    """

    __slots__ = ("_number", "_pipes")

    def __init__(self, number: str, pipes: tuple[str, ...]) -> None:
        self._number = number
        self._pipes = pipes

    @classmethod
    def submitted(cls, pipes: tuple[str, ...], function: object, *arguments: object) -> "Task | None":
        """Say that a call was submitted. None where nobody could be told of it, who then hears nothing of it at all."""
        task = cls(f"{_HERE}.{os.getpid()}.{threading.get_ident()}.{next(_numbers)}", pipes)
        name = name_of(function._function if type(function) is Told else function, arguments)
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


def call(task: Task, function: Callable[..., Any], /, *args: Any, **keywords: Any) -> Any:
    """Call a function that is told, and came here by itself: there are some that can't be brought within a `Told`."""
    return Told(function, task)(*args, **keywords)


class Told:
    """A function that says where and when it runs. Picklable where the function is, and in all else like it."""

    def __init__(self, function: Callable[..., Any], task: Task) -> None:
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
        return Told, (self._function, self._task)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._function, name)  # executors may ask a function for its name
