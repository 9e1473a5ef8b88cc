"""`threadviz list`: what there is to run, and what this machine can show of it."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from time import monotonic_ns

from rich.console import RenderableType
from rich.text import Text

from threadviz.events import ProbeInfo
from threadviz.findings.words import NS_PER_S, seconds
from threadviz.modes import MODES
from threadviz.observer.probes import choose_probe
from threadviz.report.paper import Paper
from threadviz.report.plain import printable
from threadviz.report.tables import columns
from threadviz.site.urls_file import load
from threadviz.workloads import WORKLOADS


def listing(paper: Paper) -> str:
    """Return all of it as text. Raises SetsError where the shipped sets can't be read."""
    return paper.render(*_workloads(), "", *_modes(), "", *_sets(), "", *_probe(probe_of_this_machine()))


def probe_of_this_machine() -> ProbeInfo:
    """Return which probe a subject gets here: tried on a small process, a child as a subject is one."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        try:
            with closing(choose_probe(child.pid, "auto", monotonic_ns)) as probe:
                return probe.info
        finally:
            child.kill()


def _workloads() -> Iterator[RenderableType]:
    table = columns("workload", "tasks", "")
    for workload in WORKLOADS.values():
        table.add_row(workload.name, str(workload.tasks or "one a site"), workload.about)
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


def _probe(info: ProbeInfo) -> Iterator[RenderableType]:
    table = columns("probe", "")
    table.add_row(
        info.name, f"looks {info.asked_hz:.0f} times a second, where that keeps it within its budget"
    )
    table.add_row("tells", ", ".join(info.tells))
    if info.cannot:
        table.add_row("can't tell", Text(printable(info.cannot)))
    yield table
