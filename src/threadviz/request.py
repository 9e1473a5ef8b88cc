"""What a viewer asks an observer for: one run, described whole, as it goes over a pipe in JSON."""

import sys
from typing import Literal

import msgspec

from threadviz.site.sets import Site

ProbeChoice = Literal["auto", "portable"]

PYTHON = (sys.executable, "-P", "-m")
"""How the processes of a run are started: with -P, so that no file in the current folder stands in for a module."""


class RunRequest(msgspec.Struct, frozen=True, kw_only=True):
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
