"""Which of the modes pays, in a sentence or two: what a comparison is made for."""

from collections.abc import Mapping, Sequence

from threadviz.findings.comparing import BASELINE
from threadviz.findings.verdicts import Verdict
from threadviz.timeline import Timeline

PAYS = 1.2
"""A mode pays where it is so many times as fast as plain calls: less than a fifth is hardly worth a pool."""

ALIKE = 1.1
"""Of two modes that pay, none is told to pay more where their speed-ups differ by less than this."""

_POOLS = ("threads", "processes")


def answer(timelines: Mapping[str, Timeline], verdicts: Sequence[Verdict]) -> str:
    """Return which pool pays against plain calls; nothing where that is not what was compared.

    `verdicts` are those on `timelines`, one run each of the modes.
    """
    measured = {each.mode: each for each in verdicts if each.speedup is not None}
    pools = [measured[mode] for mode in _POOLS if mode in measured]
    if BASELINE not in measured or not pools or not {*timelines} <= {BASELINE, *_POOLS}:
        return ""
    return _failures([timelines[BASELINE], *(timelines[each.mode] for each in pools)]) or _which(pools)


def _failures(timelines: Sequence[Timeline]) -> str:
    """Why nothing can be told, where tasks failed; nothing where none did, or as many in each run."""
    failed = [sum(task.error is not None for task in timeline.tasks) for timeline in timelines]
    if len(set(failed)) > 1:
        told = zip(failed, timelines, strict=True)
        figures = ", ".join(f"{number} under {timeline.header.mode}" for number, timeline in told)
        return f"Which pays can't be told, as not as many tasks failed in each run: {figures}."
    if failed[0] and failed[0] == len(timelines[0].tasks):
        return "Which pays can't be told, as all tasks failed."
    return ""


def _which(pools: Sequence[Verdict]) -> str:
    paying = [each for each in pools if each.overlapped and round(each.speedup or 0, 1) >= PAYS]
    others = [each for each in pools if each not in paying]
    unclear = [] if paying else [each for each in others if _crowded(each)]
    if unclear and len(unclear) == len(others):
        figures = ", ".join(f"{each.mode} {_times(each)}" for each in others)
        return f"Which pays can't be told, as other programs had the cores: {figures}."
    others = [each for each in others if each not in unclear]
    if not paying and len(others) > 1:
        return f"Neither pays: {'; '.join(f'{each.mode} {_figure(each)}' for each in others)}."
    pay = "" if paying else " pay"
    not_paying = [f"{each.mode.capitalize()} don't{pay}: {_figure(each)}." for each in others]
    untold = [
        f"Whether {each.mode} do can't be told, as other programs had the cores: {_times(each)}."
        for each in unclear
    ]
    return " ".join([*_paying(paying), *not_paying, *untold])


def _crowded(each: Verdict) -> bool:
    """Whether other programs had a part in it: where it was the GIL that was waited for, none had."""
    return each.crowded and not (each.obstacle and each.obstacle.of_python)


def _paying(verdicts: Sequence[Verdict]) -> list[str]:
    most = sorted(verdicts, key=lambda each: -(each.speedup or 0))
    if len(most) < 2:
        return [f"{each.mode.capitalize()} pay: {_times(each)}." for each in most]
    first, second = most
    if (first.speedup or 0) < ALIKE * (second.speedup or 0):
        return [f"Both pay: {', '.join(f'{each.mode} {_times(each)}' for each in verdicts)}."]
    return [f"{first.mode.capitalize()} pay most: {_times(first)}; {second.mode} {_times(second)}."]


def _figure(each: Verdict) -> str:
    """The figure of one that does not pay, and what is to be known of it."""
    if round(each.speedup or 0, 1) >= PAYS:
        return f"{_times(each)}, but nothing overlapped"
    if _crowded(each):
        return f"{_times(each)}, while other programs had the cores"
    return f"{_times(each)}, {each.obstacle.brief}" if each.obstacle and each.obstacle.brief else _times(each)


def _times(each: Verdict) -> str:
    return f"{each.speedup:.1f}x"
