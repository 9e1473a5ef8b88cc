"""The wheel, built from the sdist and installed beside nothing but the dependencies that it declares."""

import json
import os
import signal
import subprocess
import sys
import tomllib
import venv
import zipfile
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}

pytestmark = pytest.mark.timeout(240)  # a build, an install and a run; each has a limit of its own


def run(*command: str | Path, cwd: Path) -> str:
    """Run a command to its end, at most for a minute, and return its stdout."""
    with subprocess.Popen(
        command,
        cwd=cwd,
        env=ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            stdout, stderr = process.communicate(timeout=60)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            raise
    assert process.returncode == 0, f"{command} ended with {process.returncode}:\n{stdout}\n{stderr}"
    return stdout


def closure(requirements: list[str], extra: str = "") -> dict[str, Distribution]:
    """Return the installed distributions, by name, that requirements ask for directly or in turn."""
    found: dict[str, Distribution] = {}
    for line in requirements:
        requirement = Requirement(line)
        if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
            asked = distribution(requirement.name)
            found[asked.name] = asked
            for wanted in requirement.extras or {""}:
                found |= closure(asked.requires or [], wanted)
    return found


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the sdist, and from what is in it the wheel, as `python -m build` does."""
    folder = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT, cwd=folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the wheel into a new environment, and return that one's folder of programs.

    No registry is asked: the dependencies that the wheel declares, and no other packages, are linked in from
    the environment of the tests. So a package that is needed but not declared is missing here too.
    """
    home = tmp_path_factory.mktemp("clean")
    venv.create(home, symlinks=True)
    python = home / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python)
    run(*pip, "install", "--quiet", "--no-index", "--no-deps", wheel, cwd=home)

    (site,) = home.glob("lib/python*/site-packages")
    (metadata,) = site.glob("threadviz-*.dist-info")
    for dependency in closure(Distribution.at(metadata).requires or []).values():
        for top in {file.parts[0] for file in dependency.files or []} - {"..", "__pycache__"}:
            (site / top).symlink_to(Path(str(dependency.locate_file(top))))
    run(*pip, "check", cwd=home)
    return python.parent


def test_wheel_holds_the_sets_of_sites_and_the_typing_mark(wheel: Path) -> None:
    """What is no Python module, but needed at run time, is in the wheel; the tests are not."""
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        assert archive.read("threadviz/assets/urls.toml") == (ROOT / "assets" / "urls.toml").read_bytes()
    assert "threadviz/py.typed" in names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"threadviz"}


def test_every_module_is_imported_from_the_wheel(installed: Path, tmp_path: Path) -> None:
    """Away from the checkout, each module comes from the wheel, and needs no more than the wheel declares."""
    script = (
        "import importlib, pkgutil, threadviz\n"
        "for module in pkgutil.walk_packages(threadviz.__path__, 'threadviz.'):\n"
        "    if not module.name.endswith(('__main__', 'sitecustomize')):\n"
        "        print(importlib.import_module(module.name).__file__)\n"
    )
    files = [Path(line) for line in run(installed / "python", "-c", script, cwd=tmp_path).splitlines()]
    assert files
    assert all(file.is_relative_to(installed.parent) for file in files)


def test_a_program_gets_its_names_said(installed: Path, tmp_path: Path) -> None:
    """The file that a program imports, so that its threads can be named, came along."""
    program = "import threading; threading.Thread(target=sum, args=[range(10**7)], name='adder').start()"
    command = (installed / "threadviz", "exec", "--headless", "--record", "out.jsonl", "--")
    run(*command, installed / "python", "-c", program, cwd=tmp_path)
    assert '"name":"adder"' in (tmp_path / "out.jsonl").read_text()


def test_list_finds_the_shipped_sets(installed: Path, tmp_path: Path) -> None:
    """`threadviz list`, away from the checkout, names every set of assets/urls.toml."""
    output = run(installed / "threadviz", "list", cwd=tmp_path)
    shipped = tomllib.loads((ROOT / "assets" / "urls.toml").read_text())["sets"]
    assert [name for name in shipped if name not in output] == []


def test_main_job_runs(installed: Path, tmp_path: Path) -> None:
    """The default set is fetched on threads, from a stand-in site that the wheel brought along."""
    report = json.loads(
        run(installed / "threadviz", "run", "fetch", "--mode", "threads", "--json", cwd=tmp_path)
    )
    assert (report["workload"], report["mode"]) == ("fetch", "threads")
    assert len(report["tasks"]) == 6
    assert all(task.get("error") is None and task["result"] for task in report["tasks"])
