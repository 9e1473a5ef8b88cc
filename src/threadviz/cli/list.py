"""`threadviz list`: what there is to run, and which probe this machine gets."""

import subprocess
import sys
from contextlib import closing

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
    workloads, modes = columns("workload", "tasks", ""), columns("mode", "")
    sets, probes = columns("set", ">sites", ">in all", ""), columns("probe", "")
    for workload in WORKLOADS.values():
        workloads.add_row(workload.name, str(workload.tasks or "one a site"), workload.about)
    workloads.add_row("--call", "one an item", "calls a function of yours: package.module:function")
    for mode in MODES.values():
        modes.add_row(mode.name, mode.about)
    for name, sites in load(None).items():
        in_all = seconds(int(sum(site.seconds for site in sites.sites) * NS_PER_S))
        sets.add_row(Text(printable(name)), str(len(sites.sites)), in_all, Text(printable(sites.about)))
    info, portable = probes_of_this_machine()
    _add_probe(probes, info.name, info)
    if portable.name != info.name:
        _add_probe(probes, "--probe portable", portable)
    budget = f"A probe samples less often if it would otherwise use more than {percent(BUDGET)} of a core."
    return console.render(workloads, "", modes, "", sets, "", probes, Text(budget))


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


def _add_probe(table: Table, name: str, info: ProbeInfo) -> None:
    table.add_row(name, f"samples {info.asked_hz:.0f} times a second")
    table.add_row("  tells", ", ".join(info.tells))
    if info.cannot:
        table.add_row("  can't tell", Text(printable(info.cannot)))
