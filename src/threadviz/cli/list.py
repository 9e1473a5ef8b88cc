"""`threadviz list`: what there is to run, and which probe this machine gets."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from threadviz.mock_server.config import load
from threadviz.modes import MODES
from threadviz.observer.io import RunClock
from threadviz.observer.probes.choose import choose_probe
from threadviz.observer.probes.sampler import BUDGET
from threadviz.protocol.events import ProbeInfo
from threadviz.report.console import ReportConsole
from threadviz.report.text import columns
from threadviz.text import NS_PER_S, percent, printable, seconds
from threadviz.workloads import WORKLOADS


def listing(console: ReportConsole) -> str:
    """Return the text. Raises SetsError if the shipped sets can't be read."""
    return console.render(*_workloads(), "", *_modes(), "", *_sets(), "", *_probes(*probes_of_this_machine()))


def probes_of_this_machine() -> tuple[ProbeInfo, ProbeInfo]:
    """Return the probe that a subject gets here, and the portable one. Both are tried on a child process."""
    with subprocess.Popen(
        [sys.executable, "-c", "input()"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as child:
        try:
            with (
                closing(choose_probe(child.pid, "auto", RunClock())) as probe,
                closing(choose_probe(child.pid, "portable", RunClock())) as portable,
            ):
                return probe.info, portable.info
        finally:
            child.kill()


def _workloads() -> Iterator[RenderableType]:
    table = columns("workload", "tasks", "")
    for workload in WORKLOADS.values():
        table.add_row(workload.name, str(workload.tasks or "one a site"), workload.about)
    table.add_row("--call", "one an item", "calls a function of yours: package.module:function")
    yield table


def _modes() -> Iterator[RenderableType]:
    table = columns("mode", "")
    for mode in MODES.values():
        table.add_row(mode.name, mode.about)
    yield table


def _sets() -> Iterator[RenderableType]:
    table = columns("set", ">sites", ">in all", "")
    for name, sites in load(None).items():
        in_all = sum(site.seconds for site in sites.sites)
        about = Text(printable(sites.about))
        table.add_row(Text(printable(name)), str(len(sites.sites)), seconds(int(in_all * NS_PER_S)), about)
    yield table


def _probes(info: ProbeInfo, portable: ProbeInfo) -> Iterator[RenderableType]:
    table = columns("probe", "")
    _add_probe(table, info.name, info)
    if portable.name != info.name:
        _add_probe(table, "--probe portable", portable)
    yield table
    yield Text(f"A probe samples less often if it would otherwise use more than {percent(BUDGET)} of a core.")


def _add_probe(table: Table, name: str, info: ProbeInfo) -> None:
    table.add_row(name, f"samples {info.asked_hz:.0f} times a second")
    table.add_row("  tells", ", ".join(info.tells))
    if info.cannot:
        table.add_row("  can't tell", Text(printable(info.cannot)))
