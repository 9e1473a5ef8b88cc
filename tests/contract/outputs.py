"""What the command makes of recordings, without the words that are meant for people."""

import csv
import io
import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from click.testing import CliRunner

from tests.contract.code import COMMAND
from tests.contract.lost import CONTRACT
from tests.contract.tables import in_brief, table

DATA = Path(__file__).parents[1] / "data"
DOCS = Path(__file__).parents[2] / "docs" / "recordings"

RECORDINGS: Mapping[str, Path] = {
    **{path.stem: path for path in sorted(DATA.glob("*.jsonl"))},
    **{f"docs-{path.stem}": path for path in sorted(DOCS.glob("*.jsonl"))},
    **{path.stem: path for path in sorted(CONTRACT.glob("*.jsonl"))},
}
"""Real ones, and some that were written by hand so that everything is in them."""

CUT, MANY_THREADS = "cut-short", "many-threads"
MADE = (CUT, MANY_THREADS)
"""Recordings that are made here, for they would be large, or are parts of others."""

COMPARED: Mapping[str, tuple[str, ...]] = {
    "compare-fetch": ("fetch-blocking", "fetch-threads", "fetch-processes"),
    "compare-primes": ("primes-threads", "primes-processes"),
    "compare-docs": ("docs-fetch-blocking", "docs-fetch-threads", "docs-fetch-processes"),
    "compare-programs": ("exec-serve", "schema-2"),
    "compare-one-mode": ("fetch-threads", "schema-1"),
    "compare-other-work": ("fetch-blocking", "primes-threads"),
    "compare-broken": ("broken-run", CUT),
}

WORDS = "(words)"
"""Stands where there is a text that is meant for people, and may be put otherwise."""

OWN_TRACKS = 10_000_000
"""Process and thread ids from here on are none: a trace has them for what is no thread of the run."""


def printed(*words: str | Path) -> str:
    """What the command prints on standard output, where all goes well."""
    result = CliRunner().invoke(COMMAND, [*map(str, words)], catch_exceptions=False, standalone_mode=False)
    assert not result.return_value, (words, result.return_value, result.stderr)
    return result.stdout


def recording(name: str, folder: Path) -> Path:
    """The recording of this name; one that has to be made is written into `folder`."""
    if name not in MADE:
        return RECORDINGS[name]
    path = folder / f"{name}.jsonl"
    path.write_bytes(_cut() if name == CUT else _many_threads())
    return path


def _cut() -> bytes:
    """The first part of a run, up to the middle of a line."""
    whole = RECORDINGS["fetch-threads"].read_bytes()
    return whole[: len(whole) * 3 // 5]


def _many_threads() -> bytes:
    """A program of which so many threads are gone that not each of them has a lane."""
    header, begin = RECORDINGS["every-event"].read_bytes().splitlines()[:2]
    main = {"type": "lane", "t": 0, "lane": 0, "pid": 100, "tid": 100, "name": "", "process": "subject"}
    events = [main, *(event for number in range(1, 1204) for event in _short_thread(number))]
    events.append({"type": "tick", "t": 2_000_000_000, "rounds": 1000, "missed": 0, "cpu_ns": 9_000_000})
    return b"\n".join([header, begin, *(json.dumps(event).encode() for event in events), b""])


def _short_thread(number: int) -> Iterator[dict[str, Any]]:
    """One that is there for less than a millisecond; every third is in a process of its own."""
    start, mine = number * 1_000_000, number % 3 == 0
    who = {"pid": 200 + number, "process": "program"} if mine else {"pid": 100, "process": "subject"}
    yield {"type": "lane", "t": start, "lane": number, "tid": 2000 + number, "name": "", **who}
    spans = [[300_000, "running", "counted", ""], [500_000, "io", "sampled", "read"]]
    yield {"type": "spans", "lane": number, "start": start, "spans": spans}
    yield {"type": "lane_end", "t": start + 800_000, "lane": number}


def outputs(name: str) -> dict[str, Any]:
    """What is made of a recording: by `show --json`, and by `export` in each format."""
    with TemporaryDirectory(prefix="contract-") as folder:
        path = recording(name, Path(folder))
        shown = run(json.loads(printed("show", path, "--json")))
        copy = Path(folder) / "run.jsonl"
        copy.write_bytes(path.read_bytes())
        written = {name: _written(copy, name) for name in ("trace", "csv", "html")}
    (page,) = written["html"].values()
    assert page.lower().startswith("<!doctype html>")
    return {
        "show": shown,
        "files": {name: sorted(files) for name, files in written.items()},
        "trace": trace(json.loads(written["trace"]["run.trace.json"])),
        "csv": {name: _csv(text) for name, text in written["csv"].items()},
    }


def _written(path: Path, name: str) -> dict[str, str]:
    """What `export` writes beside a recording, by the names of the files."""
    before = {*path.parent.iterdir()}
    printed("export", path, "--to", name)
    return {
        file.name: file.read_bytes().decode("utf-8") for file in path.parent.iterdir() if file not in before
    }


def _csv(text: str) -> dict[str, Any]:
    """A table, with numbers as such."""
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    rows = [
        {name: int(cell) if cell.lstrip("-").isdecimal() else cell for name, cell in row.items()}
        for row in reader
    ]
    return table(rows, reader.fieldnames or ())


def comparison(name: str) -> dict[str, Any]:
    """What `compare --json` makes of recordings. A run of which all but the findings is as shown is not repeated."""
    with TemporaryDirectory(prefix="contract-") as folder:
        paths = [recording(each, Path(folder)) for each in COMPARED[name]]
        alone = [run(json.loads(printed("show", path, "--json"))) for path in paths]
        facts = json.loads(printed("compare", *paths, "--json"))
    runs = [run(each) for each in facts["runs"]]
    for beside, shown in zip(runs, alone, strict=True):
        findings, others = beside.pop("findings"), shown.pop("findings")
        assert others.items() <= findings.items()
        assert beside == shown
        beside.clear()
        beside["findings beside others"] = {
            id_: found for id_, found in findings.items() if id_ not in others
        }
    verdicts = [each | {"text": _masked(each["text"])} for each in facts["verdict"]]
    masked: dict[str, Any] = facts | {"runs": runs, "verdict": verdicts, "answer": _masked(facts["answer"])}
    return masked


def run(facts: dict[str, Any]) -> dict[str, Any]:
    """A run as the JSON has it: findings by their ids, without their words."""
    findings = {each["id"]: each | {"text": _masked(each["text"])} for each in facts["findings"]}
    assert len(findings) == len(facts["findings"])
    rounded: dict[str, Any] = _rounded(facts)
    many = {key: in_brief(rounded[key]) for key in ("lanes", "tasks", "processes", "gils")}
    return rounded | {"findings": findings} | many


def _rounded(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [*map(_rounded, value)]
    return round(value, 9) if isinstance(value, float) else value


def _masked(text: str) -> str:
    return WORDS if text else ""


def trace(whole: dict[str, Any]) -> dict[str, Any]:
    """A trace: what it says of itself, its threads, and a table for each kind of events, with times in ns."""
    events = whole.pop("traceEvents")
    about = whole["otherData"]
    about |= {"threadviz": WORDS, "notes": [WORDS] if about["notes"] else []}
    kinds: defaultdict[str, list[dict[str, Any]]] = defaultdict(list)
    for event in events:
        if event["ph"] != "M":
            kinds[f"{event['ph']} {event.get('cat') or event['name']}"].append(_flat(event))
    return whole | {
        "threads": _tracks(events, "thread"),
        "processes": _tracks(events, "process"),
        "events": {kind: table(rows) for kind, rows in kinds.items()},
    }


def _flat(event: dict[str, Any]) -> dict[str, Any]:
    """An event as a row."""
    row: dict[str, Any] = {}
    for key, value in event.items():
        if key == "args":
            row |= {f"args.{name}": each for name, each in value.items()}
        elif key in ("ts", "dur"):
            row[f"{key} in ns"] = round(value * 1000)
        elif key in ("pid", "tid") and value >= OWN_TRACKS:
            row[key] = "none"
        else:
            row[key] = value
    return row


def _tracks(events: list[dict[str, Any]], what: str) -> Any:
    """The ids and names of the run's own threads or processes, in the order in which they are to be shown."""
    order: dict[tuple[int, int], int] = {}
    names: dict[tuple[int, int], str] = {}
    for event in events:
        which = (event["pid"], event.get("tid", 0))
        if event["name"] == f"{what}_sort_index":
            order[which] = event["args"]["sort_index"]
        elif event["name"] == f"{what}_name":
            names[which] = event["args"]["name"]
    assert order.keys() == names.keys()
    mine = [which for which in sorted(order, key=order.__getitem__) if max(which) < OWN_TRACKS]
    return in_brief([[*which, names[which]] for which in mine])
