"""How transparent observed executors are: CPython's own tests of executors, on such; and what each task costs."""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.report import Goal, machine, publish, table
from benchmarks.runs import CHECKOUT
from benchmarks.tasks import costs, costs_table
from threadviz.observer.collectors.reports import ReportCollector
from threadviz.observer.io import RunClock
from threadviz.observer.observation import make_header
from threadviz.observer.probes.base import Changes
from threadviz.observer.probes.sampler import FLUSH_NS
from threadviz.protocol.requests import AttachRequest
from threadviz.protocol.task_pipe import TASKS_VARIABLE
from threadviz.timeline import Timeline

SUITE = "test.test_concurrent_futures"
QUICK = "test_thread_pool"
ROUNDS = 20
"""So often the cost of tasks is measured."""

_RAN = re.compile(r"^Ran (\d+) tests? in ([\d.]+)s$", re.MULTILINE)
_COUNTS = re.compile(r"(failures|errors|skipped|unexpected successes)=(\d+)")


@dataclass(frozen=True)
class Outcome:
    """What came of the tests, and of the tasks that were told meanwhile."""

    watched: bool
    tests: int
    failed: int
    skipped: int
    seconds: float
    tasks: int
    over: int
    untold: int

    def row(self) -> list[object]:
        """The outcome's row in the table."""
        figures = [self.tests, self.failed, self.skipped, f"{self.seconds:.0f}"]
        tasks = [self.tasks, self.over, self.untold] if self.watched else ["", "", ""]
        return ["watched" if self.watched else "not watched", *figures, *tasks]


class Environment:
    """A throw-away environment of a Python, in `folder`, in which all pools are observed.

    That is done where an interpreter starts, so that it also holds in those that the tests start in isolated mode.
    """

    def __init__(self, python: str, folder: Path) -> None:
        subprocess.run([python, "-m", "venv", "--without-pip", folder], check=True)
        self.python = str(folder / "bin" / "python")
        where = self.ask("import sysconfig; print(sysconfig.get_path('purelib'))")
        shutil.copy(Path(__file__).with_name("observed_pools.py"), where)
        Path(where, "observed.pth").write_text(
            f"{CHECKOUT / 'src'}\nimport observed_pools\n", encoding="utf-8"
        )

    def ask(self, code: str) -> str:
        """Return what a line of Python prints."""
        done = subprocess.run([self.python, "-c", code], stdout=subprocess.PIPE, text=True, check=True)
        return done.stdout.strip()

    def parts(self) -> list[str]:
        """Return the parts of the suite; none where this Python comes without, as some do."""
        where = self.ask(
            f"import sysconfig; print(sysconfig.get_path('stdlib'), *{SUITE.split('.')}, sep='/')"
        )
        return sorted(each.stem for each in Path(where).glob("test_*.py"))


def run(environment: Environment, parts: list[str], folder: Path, *, watched: bool) -> tuple[Outcome, str]:
    """Run parts of the suite, with somebody watching or not; return what came of them, and what they printed.

    Raises RuntimeError where they did not run, and StreamError where what was said of tasks can't be.
    """
    clock = RunClock()
    timeline = Timeline()
    timeline.apply(make_header(AttachRequest(pid=os.getpid())))
    said = ReportCollector(folder / f"tasks of {watched}", clock)
    printed = folder / f"printed of {watched}"
    with (
        printed.open("wb") as out,
        subprocess.Popen(
            [environment.python, "-m", "unittest", "-v", *(f"{SUITE}.{part}" for part in parts)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            env={**os.environ, TASKS_VARIABLE: str(said.path)} if watched else None,
            cwd=folder,
        ) as tests,
    ):
        try:
            while tests.poll() is None:
                time.sleep(FLUSH_NS / 1e9)
                timeline.extend(said.poll(clock(), Changes()))
            timeline.extend(said.poll(clock(), Changes()))  # once more, for the last of it
        finally:
            tests.kill()
            said.close()
    return _outcome(
        printed.read_text(encoding="utf-8", errors="replace"), tests.returncode, timeline, watched
    )


def _outcome(words: str, status: int, timeline: Timeline, watched: bool) -> tuple[Outcome, str]:
    ran = _RAN.search(words)
    if ran is None:
        raise RuntimeError(f"the tests did not run to their end: {words[-2000:]}")
    counts = {what: int(number) for what, number in _COUNTS.findall(words[ran.end() :])}
    skipped = counts.pop("skipped", 0)
    outcome = Outcome(
        watched=watched,
        tests=int(ran[1]),
        failed=sum(counts.values()) or int(status != 0),
        skipped=skipped,
        seconds=float(ran[2]),
        tasks=len(timeline.tasks),
        over=len(timeline.finished_tasks()),
        untold=timeline.unreported.tasks if timeline.unreported else 0,
    )
    return outcome, words


def goals(found: list[Outcome]) -> list[Goal]:
    """Return the figures beside what they should be."""
    return [
        Goal("failed tests", sum(each.failed for each in found), 0),
        Goal(
            "tasks told, of those watched", min(each.tasks for each in found if each.watched), 1, least=True
        ),
        Goal(
            "tasks not told, or not to their end",
            sum(each.tasks - each.over + each.untold for each in found),
            0,
        ),
    ]


def main() -> None:
    """Run the suite, watched and not watched, and publish."""
    parser = argparse.ArgumentParser(prog="benchmarks.executors", description=__doc__)
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object")
    parser.add_argument("--python", default=sys.executable, help="the interpreter whose suite it is")
    parser.add_argument("--only", default="", help="only the parts that have this in their name")
    parser.add_argument("--quick", action="store_true", help=f"only {QUICK}, watched: shows that it works")
    asked = parser.parse_args()
    about = machine()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        environment = Environment(asked.python, folder / "environment")
        parts = [part for part in environment.parts() if (QUICK if asked.quick else asked.only) in part]
        if not parts:
            parser.error(f"{asked.python} comes without such a part of {SUITE}")
        python = environment.ask("import platform; print(platform.python_version())")
        ways = [True] if asked.quick else [True, False]
        done = [run(environment, parts, folder, watched=watched) for watched in ways]
    for outcome, words in done:
        if outcome.failed:
            sys.stderr.write(words)
    found = [outcome for outcome, _ in done]
    tasks = costs(2 if asked.quick else ROUNDS)
    head = ["observed pools", "tests", "failed", "skipped", "s", "tasks told", "of them over", "not told"]
    publish(
        about,
        [
            f"{SUITE} of CPython {python}: {', '.join(parts)}",
            table(head, (each.row() for each in found)),
            costs_table(tasks),
        ],
        {
            "suite_python": python,
            "parts": parts,
            "outcomes": [asdict(each) for each in found],
            "task_s": tasks,
        },
        goals(found),
        asked.json,
    )


if __name__ == "__main__":
    main()
