"""Code of somebody's own, for tests."""

CODE = '''\
"""What somebody wrote."""

import asyncio
import functools
import os
import sys
import threading


def add(a, b=2, *, c=0):
    return a + b + c


def fails(x):
    return deeper(x)


def deeper(x):
    raise ValueError(f"no {x} \\x1b[31m[red]")


def chained(x):
    try:
        deeper(x)
    except ValueError as error:
        raise LookupError("then") from error


def recurs(x):
    return recurs(x)


async def coroutine(x):
    pass


def generator(x):
    yield x


async def asynchronous_generator(x):
    yield x


def forgets(x):
    return coroutine(x)


def given(function):
    @functools.wraps(function)
    def wrapper(*args, **keywords):
        return function("given", *args, **keywords)

    return wrapper


@given
def decorated(first, x):
    return first, x


def forks(x):
    if os.fork() == 0:
        return "child"
    os.wait()
    return "parent"


def quits(x):
    sys.exit(int(x))


def dies(x):
    os.write(2, b"last words\\n")
    os._exit(int(x))


def unpicklable(x):
    return threading.Lock()


def prints(x):
    print("printed", x, "\\x1b[31mred\\x1b[0m", flush=True)
    print("old\\rnew", file=sys.stderr, flush=True)


def where(x):
    return os.getcwd(), sys.path[0], sys.stdin.read()


def again(function):
    return lambda x: function(x)


lambda_ = lambda x: x
wrapped = again(add)
number = 5


class Job:
    def __init__(self, x=0):
        self.x = x

    @staticmethod
    def run(x):
        return x

    def __repr__(self):
        raise RuntimeError


class Caller:
    async def __call__(self, x):
        pass


caller = Caller()


class Unspeakable(Exception):
    def __str__(self):
        raise RuntimeError


def unspeakable(x):
    raise Unspeakable


def loops(x):
    asyncio.run(asyncio.sleep(0))
'''
"""A module of functions, good and bad."""
