"""The request that a viewer sends to the observer, in JSON over a pipe."""

import sys
from typing import Literal

import msgspec

from threadviz.mock_server.sites import Site
from threadviz.protocol.subject import CallItem

ProbeChoice = Literal["auto", "portable"]

PYTHON = (sys.executable, "-P", "-m")
"""How a run's processes are started: with -P, so that no file of the current folder shadows a module."""


class UserFunction(msgspec.Struct, frozen=True, kw_only=True):
    """A user function, and the arguments of its calls.

    `function` is 'package.module:name', or 'package.module:Class.name'; it is looked for in `folder` first.
    """

    function: str
    folder: str
    items: tuple[CallItem, ...]
    output: str = ""
    """A file to append its output to; of long output, the end is kept. Without one, the output is dropped."""


class RunRequest(msgspec.Struct, frozen=True, kw_only=True, tag="run"):
    """One workload under one mode.

    `tasks` is None for the workload's default. `sites` are what a workload fetches: from the mock server, or from their
    real URLs if `online`. `timeout_s` is in seconds, for each fetch.
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
    """The user function to call instead of a workload's; `workload` is its name then, and `tasks` is None."""


class ExecRequest(msgspec.Struct, frozen=True, kw_only=True, tag="exec"):
    """A program to be started and observed. `workload` is its name for people, in place of a workload's.

    `command` is its command line, in bytes, which need not be text. `stdin`, `stdout` and `stderr` are descriptors of
    the launching process. `foreground` leaves it in that one's session and process group, in reach of the terminal.
    `stacks` is whether py-spy reads its stacks.
    """

    command: tuple[bytes, ...]
    workload: str
    stdin: int
    stdout: int
    stderr: int
    foreground: bool = False
    probe: ProbeChoice = "auto"
    stacks: bool = False
    mode: Literal["exec"] = "exec"


class AttachRequest(msgspec.Struct, frozen=True, kw_only=True, tag="attach"):
    """A running process, and those that it starts. `mode` is 'record' for one that has itself observed.

    `born` is its start time as the system has it, where that is known: another process may get its number.
    """

    pid: int
    mode: Literal["attach", "record"] = "attach"
    probe: ProbeChoice = "auto"
    stacks: bool = False
    born: float | None = None

    @property
    def workload(self) -> str:
        """A name in place of a workload's, until that of the process is known."""
        return f"process {self.pid}"


Request = RunRequest | ExecRequest | AttachRequest
