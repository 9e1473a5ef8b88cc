from collections.abc import Callable
from contextvars import copy_context
from functools import cache, partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from threadviz.instrument.executors import ERROR_LIMIT, NAME_LIMIT, describe, name_of
from threadviz.protocol.task_pipe import encode

asked: list[str] = []
"""What objects of `Calls` were asked for."""


class Calls:
    """A class whose objects can be called, and answer questions in their own way."""

    def __call__(self) -> None:
        """Fail."""
        raise AssertionError

    def __getattr__(self, name: str) -> Any:
        asked.append(name)
        raise AttributeError

    @classmethod
    def make(cls) -> None:
        """Do nothing."""


class Meta(type):
    """A class of classes that do not say what they are called."""

    def __getattribute__(cls, name: str) -> Any:
        raise RuntimeError


class Nameless(metaclass=Meta):
    """One of these."""


def fetch(url: str) -> str:
    """Return it."""
    return url


@cache
def cached() -> None:
    """Do nothing."""


def inner() -> Callable[[], None]:
    """Return a function that was made here."""

    def made_here() -> None:
        pass

    return made_here


def _process_chunk(function: Callable[..., Any], chunk: Any) -> None:
    """As that of a process pool."""


@pytest.mark.parametrize(
    ("function", "name"),
    [
        (fetch, "fetch"),
        (len, "len"),
        (str.upper, "str.upper"),
        ("".join, "str.join"),
        (dict, "dict"),
        (Calls(), "Calls"),
        (Calls.make, "Calls.make"),
        (cached, "cached"),
        (inner(), "made_here"),
        (lambda: None, "<lambda>"),
        (partial(partial(fetch, "https://user:secret@example.org/")), "fetch"),
        (partial(_process_chunk, partial(fetch, "secret")), "chunk of fetch"),
        (partial(copy_context().run, partial(fetch, "secret")), "fetch"),
        (copy_context().run, "Context.run"),
        pytest.param(Nameless, "?", id="nameless"),
    ],
)
def test_a_name_is_that_of_the_function(function: object, name: str) -> None:
    """However it is wrapped; and never more than that, whatever it is to be called with."""
    assert name_of(function) == name


def test_a_callable_object_is_asked_nothing() -> None:
    """It might take its time: over a network, say."""
    call = Calls()
    asked.clear()
    assert name_of(call) == "Calls"
    assert asked == []


def test_a_function_that_only_calls_another_has_its_name() -> None:
    """As where a context is brought to another thread."""
    assert name_of(copy_context().run, (fetch, "secret")) == "fetch"
    assert name_of(fetch, ("secret",)) == "fetch"


@given(st.text())
def test_a_name_is_short_and_can_be_said(name: str) -> None:
    """Whatever somebody has called a function."""
    said = name_of(type(name.replace("\0", ""), (), {}))
    assert len(said) <= NAME_LIMIT
    said.encode()


@given(st.text())
def test_an_error_is_short_and_can_be_said(text: str) -> None:
    """Its kind, and what it says, as far as there is anything."""
    said = describe(ValueError(text))
    assert said.startswith("ValueError") and len(said) <= ERROR_LIMIT
    assert (": " in said) is bool(text)
    said.encode()


def test_an_error_that_cannot_be_said_is_told_by_its_kind() -> None:
    """Its own fault does not take its place; half a character is told as a question mark."""

    class WordlessError(Exception):
        def __str__(self) -> str:
            raise RuntimeError

    assert describe(WordlessError()) == "WordlessError"
    assert encode({"error": describe(OSError("\udcff"))}) == b'{"error":"OSError: ?"}\n'
