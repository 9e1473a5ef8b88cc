"""What a viewer asks an observer for, described whole, as it goes over a pipe in JSON."""

import sys
from typing import Literal

import msgspec

from threadviz.mock_server.sites import Site
from threadviz.protocol.subject import CallItem

ProbeChoice = Literal["auto", "portable"]

PYTHON = (sys.executable, "-P", "-m")
"""How the processes of a run are started: with -P, so that no file in the current folder stands in for a module."""


class UserFunction(msgspec.Struct, frozen=True, kw_only=True):
    """A function of somebody's own, and what it is to be called with.

    `function` is 'package.module:name', or 'package.module:Class.name'; it is looked for in `folder` first.
    """

    function: str
    folder: str
    items: tuple[CallItem, ...]
    output: str = ""
    """A file that what it prints is appended to; of much, the end is kept. Without one, nobody wants it."""


class RunRequest(msgspec.Struct, frozen=True, kw_only=True, tag="run"):
    """One workload under one mode.

    `tasks` is None for the workload's own number. `sites` are what a workload that fetches is to fetch: from a
    stand-in site, or, where `online`, from where their URLs lead. `timeout_s` is in seconds, for each fetch.
    """

    workload: str
    mode: str
    workers: int
    tasks: int | None = None
    sites: tuple[Site, ...] = ()
    online: bool = False
    timeout_s: float = 10.0
    probe: ProbeChoice = "auto"
    calling: UserFunction | None = None
    """What to call, instead of a workload that threadviz has; `workload` is its name then, and `tasks` None."""


class ExecRequest(msgspec.Struct, frozen=True, kw_only=True, tag="exec"):
    """A program, started to be watched. `title` is what to call it.

    `command` is what it is started by, as the system has it: bytes, of which not all may be text. `stdin`, `stdout` and
    `stderr` are descriptors of the process that launches it. `foreground` leaves it in that one's session and process
    group, and so in reach of the same terminal. `stacks` asks for what py-spy can tell.
    """

    command: tuple[bytes, ...]
    title: str
    stdin: int
    stdout: int
    stderr: int
    foreground: bool = False
    probe: ProbeChoice = "auto"
    stacks: bool = False

    @property
    def workload(self) -> str:
        """What it is called where others have a workload."""
        return self.title

    @property
    def mode(self) -> str:
        """What stands where others have a mode."""
        return "exec"


class AttachRequest(msgspec.Struct, frozen=True, kw_only=True, tag="attach"):
    """A process that is running already, and those that it starts. `mode` is 'record' for who watches itself.

    `born` is when it was started, as the system tells it, where that is known: another may get its number.
    """

    pid: int
    mode: Literal["attach", "record"] = "attach"
    probe: ProbeChoice = "auto"
    stacks: bool = False
    born: float | None = None

    @property
    def workload(self) -> str:
        """What it is called where others have a workload, until its name is known."""
        return f"process {self.pid}"


Request = RunRequest | ExecRequest | AttachRequest
