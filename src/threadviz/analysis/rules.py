"""The findings of one run. A rule looks only at what was measured, never at the name of a workload or mode.

A rule returns whether its claim holds and a text that says how it came out; None if the run does not raise its
question. The table at the end gives each rule its finding id.
"""

import enum
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from operator import attrgetter
from typing import NamedTuple

from threadviz.analysis.metrics import COMPUTING, SHORT_NS, WAITING, Finding, RunMetrics
from threadviz.processes import how_it_ended
from threadviz.protocol.events import Outcome, ProcessSeen, State, TargetKind
from threadviz.text import NS_PER_S, count, percent, seconds
from threadviz.timeline import GilTimeline, Lane, Role, Task, Timeline

Claim = tuple[bool, str]

# How the run ended, and how well it was observed.

UNKNOWN_MATTERS = 0.01
"""If more of the lanes' time than this is unknown, shares of states are no longer right to a percent or two."""

MISSED_MATTERS = 0.1
"""If more than this share of samples was missed, short waits went unseen."""

RATE_MATTERS = 0.5
"""Below this share of the requested sampling rate, waits are told apart less finely than intended."""

WAYS_NAMED = 3
"""How many kinds of failure are named; the task list has them all."""


def run_finished(run: RunMetrics) -> Claim | None:
    """Report only a run that did not reach its end, or in which a process died."""
    if run.whole:
        return None
    closed, clauses = run.timeline.closed, why_broken(run.timeline)
    if closed is None:
        what = "The recording of the run is cut off"
    elif closed.outcome is Outcome.INTERRUPTED:
        what = "The run was interrupted"
    elif closed.outcome is Outcome.BROKEN or run.timeline.error:
        what = "The run broke"
    else:
        return False, f"The run reached its end, but is broken: {'; '.join(clauses)}."
    clauses.append("its figures are up to that point")
    return False, f"{what} after {seconds(run.totals.total_ns)}: {'; '.join(clauses)}."


def why_broken(timeline: Timeline) -> list[str]:
    """Return what went wrong with the run itself, as clauses."""
    closed = timeline.closed
    clauses = [
        f"{f'worker process {died.pid}' if died.who == 'worker' else f'the {died.who}'} died ({died.how})"
        for died in timeline.died
    ]
    if not clauses and timeline.error:
        clauses.append(f"the mode failed: {timeline.error.rstrip('.')}")
    if not clauses and closed is not None and closed.outcome is Outcome.BROKEN and closed.reason:
        clauses.append(closed.reason.rstrip("."))
    return clauses


def program_succeeded(run: RunMetrics) -> Claim | None:
    """Report only a program that did not end well."""
    closed = run.timeline.closed
    if closed is None or not closed.status:
        return None
    return False, f"The program ended after {seconds(run.totals.total_ns)}: {how_it_ended(closed.status)}."


def all_tasks_succeeded(run: RunMetrics) -> Claim | None:
    """How many tasks failed or did not finish, and how they failed."""
    tasks = run.timeline.tasks
    if not tasks:
        return None
    of, clauses = f"of {count(len(tasks), 'task')}", []
    if run.failed:
        clauses.append(f"{len(run.failed)} {of} failed: {_failures(run)}")
    if unfinished := len(tasks) - len(run.timeline.finished_tasks()):
        clauses.append(f"{unfinished} {of} did not finish")
    if clauses:
        return False, f"{'; '.join(clauses)}."
    return True, "The one task succeeded." if len(tasks) == 1 else f"All {len(tasks)} tasks succeeded."


def _failures(run: RunMetrics) -> str:
    """Return how tasks failed, the most frequent failure first."""
    names: defaultdict[str, list[str]] = defaultdict(list)
    for task in run.failed:
        names[(task.error or "").rstrip(".")].append(task.name)
    ways = sorted(names.items(), key=lambda way: -len(way[1]))
    parts = [
        f"{error} ({who[0] if len(who) == 1 else f'{len(who)} tasks'})" for error, who in ways[:WAYS_NAMED]
    ]
    if len(ways) > WAYS_NAMED:
        parts.append(f"and in {count(len(ways) - WAYS_NAMED, 'other way')}")
    return ", ".join(parts)


def observation_sufficed(run: RunMetrics) -> Claim | None:
    """Report only an observer that missed so much that the figures suffer, or that sampled far below its rate."""
    tick, asked_hz = run.timeline.tick, run.header.probe.asked_hz
    lanes_ns = sum(run.totals.states.values())
    unknown = run.totals.states.get(State.UNKNOWN, 0) / lanes_ns if lanes_ns else 0.0
    gaps, slow = [], []
    if unknown > UNKNOWN_MATTERS:
        gaps.append(_beyond(unknown, UNKNOWN_MATTERS, "{} of the lanes' time is unknown"))
    if tick and run.totals.total_ns >= SHORT_NS:
        missed, hz = tick.missed / (tick.rounds + tick.missed or 1), tick.rounds * NS_PER_S / tick.t
        if missed > MISSED_MATTERS:
            gaps.append(_beyond(missed, MISSED_MATTERS, "it missed {} of its samples"))
        if hz < RATE_MATTERS * asked_hz:
            slow = [f"it sampled {hz:.0f} times a second, not {asked_hz:.0f}"]
    if unreported := run.timeline.unreported:
        tasks = count(unreported.tasks, "task")
        gaps.append(f"{tasks} of executors were not reported, or only in part: {unreported.why}")
    if gaps:
        return False, f"The observer fell short: {'; '.join(gaps + slow)}."
    if slow:
        return True, f"The observer lowered its sampling rate to stay within its budget: {slow[0]}."
    return None


def _beyond(share: float, limit: float, text: str) -> str:
    """Put a share above a limit into a text that does not contradict itself once both are rounded."""
    figure, most = percent(share), percent(limit)
    return text.format(f"a little over {most}") if figure == most else f"{text.format(figure)} (over {most})"


def processes_told(run: RunMetrics) -> Claim | None:
    """Report only processes about which something is not known, and in which threads could share a GIL."""
    processes = run.timeline.processes.values()
    concerned = defaultdict[str, list[ProcessSeen]](list)
    for process in processes:
        if process.cannot and run.multithreaded(process.pid):
            concerned[process.cannot].append(process)
    sentences = []
    for clause, same in concerned.items():
        one = f"{same[0].name} (process {same[0].pid})"
        which = one if len(same) == 1 else f"{len(same)} of {len(processes)} processes"
        sentences.append(f"Not everything can be seen of {which}: {clause}.")
    return (False, " ".join(sentences)) if sentences else None


# The total compared with the tasks, and the tasks' order.

ABOUT = 0.05
"""Figures no further apart than this count as about the same: the rest is the noise of a small machine."""

A_LITTLE = 0.10
"""What a pool may add to its slowest task, or lose between tasks. The run that the project grew from, six sites on
threads, took 6 % more than its slowest."""

NEARLY_ALL = 0.9
"""Tasks that wait for this share of their time leave room for others to run at the same time."""


def total_is_sum(run: RunMetrics) -> Claim | None:
    """Plain calls run one after the other, so the total is about their sum."""
    total, added = run.totals.total_ns, run.totals.sum_ns
    if not run.plain or not added or not total:
        return None
    holds = abs(total - added) <= ABOUT * added
    if not holds:
        why = f"it is {seconds(abs(total - added))} {'more' if total > added else 'less'}"
    elif len(run.started) > 1:
        why = "they ran one after the other, and nothing else took long"
    else:
        why = "nothing else took long"
    the_sum = f"the sum of {count(len(run.started), 'task')}, {seconds(added)}"
    return holds, f"The total, {seconds(total)}, is {'about' if holds else 'not'} {the_sum}: {why}."


def total_is_slowest(run: RunMetrics) -> Claim | None:
    """With a worker for each task, the total is hardly more than the slowest task."""
    total, slowest = run.totals.total_ns, run.totals.slowest_ns
    if run.pool is None or len(run.started) < 2 or run.header.workers < len(run.started) or not slowest:
        return None
    holds = total - slowest <= A_LITTLE * slowest
    more = max(total - slowest, 0)
    share = f" ({percent(more / slowest)})" if total >= SHORT_NS else ""
    over = "a little over" if holds else "well over"
    by = f"by {seconds(more)}{share}"
    return holds, f"The total, {seconds(total)}, is {over} the slowest task, {seconds(slowest)}: {by}."


def workers_kept_busy(run: RunMetrics) -> Claim | None:
    """With fewer workers than tasks, the total is about the sum divided by the workers."""
    total, workers = run.totals.total_ns, len(run.timeline.workers)
    if run.pool is None or run.header.workers >= len(run.started) or not total or not workers:
        return None
    busy = run.totals.sum_ns / (workers * total)
    holds = busy >= 1 - A_LITTLE
    share = f"{'' if holds else 'only '}{percent(min(busy, 1.0))}"
    text = (
        f"{count(len(run.started), 'task')} shared {count(workers, 'worker')}:"
        f" on average, a worker had a task for {share} of the run's {seconds(total)}."
    )
    if limited_by_workers(run):
        waited = count(len(run.started) - workers, "task")
        limit = f"{workers_were(workers).capitalize()} the limit: {waited} waited for a turn"
        text += f" {limit}, and more workers (--workers) would overlap more of the waiting."
    return holds, text


def limited_by_workers(run: RunMetrics) -> bool:
    """Return whether more workers would have let tasks that mostly waited do so at the same time.

    Tasks that wait for locks may wait for each other, so for them this is not known.
    """
    total, workers = run.totals.total_ns, len(run.timeline.workers)
    if run.header.watches is not TargetKind.WORKLOAD or run.pool is None or not total:
        return False
    if workers != run.header.workers or workers >= len(run.started):
        return False
    waits = run.task_share(*WAITING)
    busy = run.totals.sum_ns >= (1 - A_LITTLE) * workers * total
    return busy and waits >= NEARLY_ALL and run.task_share(State.LOCK) < waits / 2


def workers_were(workers: int) -> str:
    """Return the workers as the subject of a sentence, with its verb."""
    return "the one worker was" if workers == 1 else f"the {workers} workers were"


def order_of_results(run: RunMetrics) -> Claim | None:
    """Plain calls finish in the order of submission; calls on workers whenever each is done."""
    finished = [task for task in run.timeline.finished_tasks() if task.started is not None]
    if len(finished) < 2 or not (run.plain or run.pool):
        return None
    overtaken = _overtaken(finished)
    if overtaken:
        last, by = overtaken[0]
        how = (
            f"out of order: {len(overtaken)} of {len(finished)} were overtaken by a later one;"
            f" {by.name} (submitted as number {by.number + 1}) finished before {last.name} (number {last.number + 1})"
        )
    else:
        how = "in the order of submission" + ("" if run.plain else ": none overtook an earlier one")
    return (not overtaken) is run.plain, f"Tasks finished {how}."


def _overtaken(finished: list[Task]) -> list[tuple[Task, Task]]:
    """Return the tasks that finished after one that was submitted later, each with such a task."""
    submission = attrgetter("submitted", "number")
    latest = finished[0]
    overtaken = []
    for task in finished:
        if submission(task) < submission(latest):
            overtaken.append((task, latest))
        latest = max(latest, task, key=submission)
    return overtaken


# The event loop.

SLOW_CALLBACK_NS = 100_000_000
"""From here on asyncio itself calls a callback slow: `loop.slow_callback_duration`, 100 ms by default."""


def loop_could_answer(run: RunMetrics) -> Claim | None:
    """How long the event loop was frozen; of several loops, the one that was frozen longest at once."""
    loops = [(lane, *lane.blocked(run.until)) for lane in run.timeline.loops]
    if not loops or not run.totals.total_ns:
        return None
    lane, frozen, longest = max(loops, key=lambda each: each[2])
    if longest < SLOW_CALLBACK_NS and not run.tells(State.IO):
        return None  # it may have been frozen in waits that look like waits for events
    workload = run.header.watches is TargetKind.WORKLOAD
    thread = lane.name.removesuffix(" (loop)")
    which = "The event loop" if workload else f"The event loop in {thread}"
    if len(loops) > 1:
        which = f"Of {len(loops)} event loops, the one in {thread} was held up longest: it"
    known_ns = (run.until if lane.end is None else min(lane.end, run.until)) - (lane.loop_since or 0)
    of = "the run" if workload else "the time since it was recognised"
    share = f" ({percent(frozen / known_ns)} of {of})" if known_ns >= SHORT_NS else ""
    figures = f"for {seconds(frozen)} in all{share}, {seconds(longest)} at most at once"
    if longest < SLOW_CALLBACK_NS:
        return True, f"{which} could always answer soon: it was busy {figures}."
    why = ": the tasks ran in its thread" if workload and run.plain else ""
    return False, f"{which} was frozen {figures}{why}."


# What tasks and threads did with their time: computing, and waiting for the GIL or a core.

CPU_BOUND = 0.8
"""Tasks that spend this share of their time computing, or waiting to, are CPU-bound: to overlap the rest could save a
fifth at most."""

COMPUTES_AT_ONCE = 1.15
"""From here on more than one CPU computed. Threads that share a GIL come out a little above 1, because each runs some
steps without it; two processes on two cores that they have to share come out well above."""

MATTERS = 0.05
"""A wait that takes a smaller share than this costs little."""

_WAITED_FOR = {
    State.READY: "for a CPU core",
    State.GIL: "for the GIL",
    State.IO: "for input or output",
    State.LOCK: "for a lock",
    State.SLEEP: "in a timer",
    State.WAITING: "for a reason that is not visible",
}


def pool_gains(run: RunMetrics, pool: str) -> bool | None:
    """Return whether CPU-bound tasks on a pool of this kind computed on several CPUs; None if there were none."""
    shared = run.pool == pool and run.header.workers > 1 and len(run.started) > 1
    if not shared or run.task_share(*COMPUTING) < CPU_BOUND:
        return None
    return run.at_once(State.RUNNING) >= COMPUTES_AT_ONCE


def threads_gain_nothing(run: RunMetrics) -> Claim | None:
    """CPU-bound work does not get faster on threads, unless it releases the GIL."""
    gains = pool_gains(run, "thread")
    if gains is None:
        return None
    holds, why = not gains, ""
    took_turns = run.task_share(State.GIL) >= MATTERS
    if not gains and took_turns:
        why = " Threads gained nothing: only one thread at a time can hold the GIL."
    elif not gains and cores_elsewhere(run):
        holds, why = False, " What threads gain could not be seen: other programs used the cores."
    elif gains and run.timeline.gil is False:
        why = " This Python has no GIL."
    elif gains and not took_turns and run.tells(State.GIL):
        why = " The function releases the GIL."
    return holds, _computed(run) + why


def processes_gain(run: RunMetrics) -> Claim | None:
    """CPU-bound work gets faster on processes."""
    gains = pool_gains(run, "process")
    if gains is None:
        return None
    unseen = not gains and cores_elsewhere(run)
    why = " What processes gain could not be seen: other programs used the cores." if unseen else ""
    return gains, _computed(run) + why


def _computed(run: RunMetrics) -> str:
    share, cores = percent(run.task_share(*COMPUTING)), count(run.header.cores, "core")
    return (
        f"The tasks compute and hardly wait for anything (for {share} of their time they ran, or waited to run):"
        f" on average they used {run.at_once(State.RUNNING):.2f} of {cores}."
    )


class Wait(NamedTuple):
    """How long tasks or threads waited in one state; `clause` says so, `share` is of the time they wanted to run."""

    ns: int
    share: float
    clause: str


def _wait(run: RunMetrics, state: State, *, of_tasks: bool) -> Wait | None:
    """Return the wait of a run's tasks or of a program's threads; None if it is not known."""
    states: Mapping[State, int] = run.task_ns if of_tasks else run.totals.states
    # Threads also wait for work, which is no part of the time in which they could run. Tasks are work.
    among = COMPUTING if state is State.GIL else (State.RUNNING, State.READY)
    total = run.totals.sum_ns if of_tasks else sum(states.get(each, 0) for each in among)
    if not total or not run.tells(state):
        return None
    ns = states.get(state, 0)
    subject, of = "The tasks", "their time"
    if not of_tasks:
        wanted = "ran or wanted to run" if state is State.GIL else "could run"
        subject, of = "The threads", f"the time that they {wanted}"
    waited = (
        f"hardly waited {_WAITED_FOR[state]}:" if ns / total < MATTERS else f"waited {_WAITED_FOR[state]}"
    )
    figures = f"for {percent(ns / total)} of {of} ({seconds(ns)} of {seconds(total)})"
    return Wait(ns, ns / total, f"{subject} {waited} {figures}")


def gil_wait(run: RunMetrics, *, of_tasks: bool) -> Claim | None:
    """How long tasks or threads waited for the GIL; for threads also how long it was held, at no cost by itself."""
    gils = [process.gil for process in run.timeline.processes.values()] or [run.timeline.gil]
    has_gil = run.pool is not None and run.timeline.gil if of_tasks else any(gils)
    wait = _wait(run, State.GIL, of_tasks=of_tasks) if has_gil else None
    if wait is None:
        return None
    holds = wait.share >= MATTERS
    if of_tasks:
        return holds, f"{wait.clause}."
    most = max(run.threads, key=lambda lane: run.thread_ns[lane][State.GIL], default=None)
    longest = ""
    if holds and most is not None and len(run.threads) > 1:
        longest = f", {most.name} longest, for {seconds(run.thread_ns[most][State.GIL])}"
    gil_timeline = run.timeline.gil_timeline
    return holds, f"{wait.clause}{longest}.{'' if gil_timeline is None else _held(run, gil_timeline)}"


def cores_wait(run: RunMetrics, *, of_tasks: bool) -> Claim | None:
    """How long tasks or threads waited for a CPU core, and whose threads used the cores."""
    wait = _wait(run, State.READY, of_tasks=of_tasks)
    if wait is None:
        return None
    if wait.share < MATTERS:
        return True, f"{wait.clause}."
    if not of_tasks and wait.ns < SHORT_NS:
        return True, f"{wait.clause}, which is short."
    needed, cores = run.contenders, run.header.cores
    own = "the run's own threads" if of_tasks else "its own threads"
    if round(needed) <= cores:
        figure = f"{needed:.1f}" if round(needed, 1) <= cores else f"about {cores}"
        who = f"Other programs used the cores: {own} needed {figure} of {cores}."
    else:
        verb = "is" if cores == 1 else "are"
        who = f"{own.capitalize()} needed {needed:.1f} cores, and there {verb} {cores}."
    return False, f"{wait.clause}. {who}"


def cores_elsewhere(run: RunMetrics) -> bool:
    """Return whether tasks waited for cores that the run's own threads cannot all have used."""
    return run.task_share(State.READY) >= MATTERS and round(run.contenders) <= run.header.cores


# Who held the GIL of a program.

KNOWN_ENOUGH = 0.05
"""The GIL's holder must be known for this share of the time for its figures to be shown ..."""

SAMPLES_ENOUGH = 20
"""... and there must be this many samples."""


def why_holder_unknown(timeline: Timeline, gil_timeline: GilTimeline, since: int, until: int) -> str:
    """Return, as a clause, why there are no figures of who held a GIL within [since, until] (ns); else ''."""
    shares, length = gil_timeline.shares(since, until), until - since
    known = shares.held + shares.free
    if not known or known < KNOWN_ENOUGH * length:
        return f"its holder is known for no more than {seconds(known)} of {seconds(length)}"
    samples = timeline.observer_stats.rounds
    if 0 < samples < SAMPLES_ENOUGH:  # 0: the stream was cut off before the observer reported
        return f"the observer took no more than {count(samples, 'sample')}"
    return ""


def _held(run: RunMetrics, gil_timeline: GilTimeline) -> str:
    """Return how long a GIL was held, as a sentence with a space before it; '' if too little is known."""
    shares, length = gil_timeline.shares(run.since, run.until), run.totals.total_ns
    known = shares.held + shares.free
    process = run.timeline.processes.get(gil_timeline.pid)
    name = f"{process.name} (process {process.pid})" if process else f"process {gil_timeline.pid}"
    which = f" of {name}" if len({each.pid for each in run.timeline.gil_timelines}) > 1 else ""
    which += f", that of interpreter {gil_timeline.interpreter}," if gil_timeline.interpreter else ""
    if length < SHORT_NS:
        return ""
    if why := why_holder_unknown(run.timeline, gil_timeline, run.since, run.until):
        return f" How long the GIL{which} was held is not known: {why}."
    if known < SHORT_NS:
        return ""
    if gil_timeline.inferred:  # where it is known, somebody holds it
        share = f"at least {percent(shares.held / length)} of the time"
    else:
        share = f"{percent(shares.held / known)} of the {seconds(known)} for which that is known"
    hand_offs = gil_timeline.hand_offs(run.until) - gil_timeline.hand_offs(run.since)
    rate = hand_offs * NS_PER_S / length
    often = f"{count(round(rate), 'time')} a second" if rate >= 1 else count(hand_offs, "time")
    changed = f"changed hands at least {often}" if hand_offs else "was not seen to change hands"
    return f" The GIL{which} was held for {share}, and {changed}."


# The threads of a program: which waited most, and how many came and went.

ONLY_LOCKS = 0.9
"""A main thread whose waits are locks to this share waits for other threads to end, which costs nothing."""

MANY_THREADS = 50
"""More ended threads than this are reported ..."""

TO_ONE = 5
"""... if there were more than this many for each that stayed, and if on average they lived for no more than ..."""

SHORT_LIVED = 0.25
"""... this share of the program's time."""

FEW_SAMPLES = 2
"""A thread that lives for less than this many samples may go unseen when the observer is late."""

SOME_SHORT_LIVED = 5
"""With this many threads that were hardly seen, others may have gone unseen."""


def who_waited_most(run: RunMetrics) -> Claim | None:
    """The thread that waited longest, and for what, of those that have work to do."""
    if run.totals.total_ns < SHORT_NS or not run.tells(State.IO) or len(run.threads) < 2:
        return None
    most = max(_with_work(run), key=lambda lane: _waited(run.thread_ns[lane]), default=None)
    if most is None or not _waited(run.thread_ns[most]):
        return None
    states = run.thread_ns[most]
    state = max(_WAITED_FOR, key=states.__getitem__)
    text = (
        f"{most.name} waited most: for {seconds(_waited(states))} of its {seconds(states.total())},"
        f" {seconds(states[state])} of that {_WAITED_FOR[state]}."
    )
    return True, text


def _waited(states: Counter[State]) -> int:
    return sum(states[state] for state in _WAITED_FOR)


def _with_work(run: RunMetrics) -> Iterable[Lane]:
    """Return the threads that work, or would; if none does, as when all wait for a lock, those that might.

    An event loop that waits for events, and a main thread that waits for other threads to end, do what they are for.
    """

    def idle_loop(lane: Lane, states: Counter[State]) -> bool:
        return lane.role is Role.LOOP and 2 * states[State.IDLE] >= states.total()

    def joins(lane: Lane, states: Counter[State]) -> bool:
        return lane.is_main and states[State.LOCK] >= max(ONLY_LOCKS * _waited(states), 1)

    def at_work(states: Counter[State]) -> bool:
        return sum(states[state] for state in (*COMPUTING, State.IO)) >= max(MATTERS * states.total(), 1)

    others = [
        lane
        for lane, states in run.thread_ns.items()
        if not idle_loop(lane, states) and not joins(lane, states)
    ]
    return [lane for lane in others if at_work(run.thread_ns[lane])] or others


def threads_stayed(run: RunMetrics) -> Claim | None:
    """Report only many threads that came and went, each of which has to be started and ended, or that went unseen."""
    ended, lived = run.ended_threads
    total = run.totals.total_ns
    stayed = sum(lane.end is None for lane in run.threads)
    if ended > max(MANY_THREADS, TO_ONE * stayed) and lived <= SHORT_LIVED * ended * total:
        per_second = round(ended * NS_PER_S / total) if total else 0
        rate = f", {per_second} a second" if per_second else ""
        on_average = f"on average one lived for {seconds(lived // ended)}"
        return False, f"At least {ended} threads came and went{rate}; {on_average}."
    clauses = []
    if unseen := run.timeline.unseen_tasks:
        clauses.append(f"{count(unseen, 'task')} ran in threads that were never seen")
    hz = run.timeline.observer_stats.achieved_hz
    brief_ns = round(FEW_SAMPLES * NS_PER_S / hz) if hz else 0
    brief = sum(lane.end is not None and lane.end - lane.start < brief_ns for lane in run.threads)
    if brief >= SOME_SHORT_LIVED:
        clauses.append(
            f"{brief} of {len(run.threads)} observed threads lived for less than"
            f" {seconds(brief_ns)} ({FEW_SAMPLES} samples), and others may have ended unseen"
        )
    if not clauses:
        return None
    return False, f"Threads came and went too fast to be counted: {'; '.join(clauses)}."


# The rules with their finding ids.


class Sentiment(enum.Enum):
    """Whether a finding is good, bad or neutral for the user."""

    GOOD = enum.auto()
    BAD = enum.auto()
    NEUTRAL = enum.auto()


GOOD, BAD, NEUTRAL = Sentiment

_WORKLOADS = frozenset({TargetKind.WORKLOAD})
_PROGRAMS = frozenset({TargetKind.PROGRAM, TargetKind.PROCESS})


class Rule(NamedTuple):
    """A rule, its finding id, and the targets that it is for.

    A finding is `holding` if its claim holds, otherwise `failing`. A rule with `whole_only` is left out if the run did
    not reach its end, because the figures of a part would mislead.
    """

    id: str
    claim: Callable[[RunMetrics], Claim | None]
    targets: frozenset[TargetKind]
    holding: Sentiment
    failing: Sentiment
    whole_only: bool = False


RULES = (
    Rule("run_finished", run_finished, _WORKLOADS | _PROGRAMS, GOOD, BAD),
    Rule("program_succeeded", program_succeeded, _PROGRAMS, GOOD, BAD),
    Rule("observation_sufficed", observation_sufficed, _WORKLOADS | _PROGRAMS, GOOD, BAD),
    Rule("processes_told", processes_told, _PROGRAMS, GOOD, BAD),
    Rule("gil_waited_for", partial(gil_wait, of_tasks=False), _PROGRAMS, BAD, GOOD),
    Rule("cores_were_enough", partial(cores_wait, of_tasks=False), _PROGRAMS, GOOD, BAD),
    Rule("loops_could_answer", loop_could_answer, _PROGRAMS, GOOD, BAD),
    Rule("who_waited_most", who_waited_most, _PROGRAMS, NEUTRAL, NEUTRAL),
    Rule("threads_stayed", threads_stayed, _PROGRAMS, GOOD, BAD),
    # About tasks; those of a program are of observed executors.
    Rule("total_is_sum", total_is_sum, _WORKLOADS, NEUTRAL, NEUTRAL, whole_only=True),
    Rule("total_is_slowest", total_is_slowest, _WORKLOADS, GOOD, BAD, whole_only=True),
    Rule("workers_kept_busy", workers_kept_busy, _WORKLOADS | _PROGRAMS, GOOD, BAD),
    # A gain that other programs hid does not hold either, so that is neutral.
    Rule("threads_gain_nothing", threads_gain_nothing, _WORKLOADS, BAD, NEUTRAL, whole_only=True),
    Rule("processes_gain", processes_gain, _WORKLOADS, GOOD, NEUTRAL, whole_only=True),
    Rule("gil_in_the_way", partial(gil_wait, of_tasks=True), _WORKLOADS | _PROGRAMS, BAD, GOOD),
    Rule("cores_sufficed", partial(cores_wait, of_tasks=True), _WORKLOADS, GOOD, BAD),
    Rule("order_of_results", order_of_results, _WORKLOADS, NEUTRAL, NEUTRAL, whole_only=True),
    Rule("loop_could_answer", loop_could_answer, _WORKLOADS, GOOD, BAD),
    Rule("all_tasks_succeeded", all_tasks_succeeded, _WORKLOADS | _PROGRAMS, GOOD, BAD),
)
"""In the order in which findings are shown."""


def findings(timeline: Timeline) -> list[Finding]:
    """Return the findings of a run, as far as it got. Raises StreamError if not even its header was received."""
    run = RunMetrics(timeline)
    rules = [rule for rule in RULES if run.header.watches in rule.targets]
    found = [(rule.id, rule.claim(run)) for rule in rules if run.whole or not rule.whole_only]
    return [Finding(id_, *claim) for id_, claim in found if claim is not None]


def sentiment_of(finding: Finding) -> Sentiment:
    """Return whether a finding is good, bad or neutral; one that compares runs is neutral."""
    sentiments = (rule.holding if finding.holds else rule.failing for rule in RULES if rule.id == finding.id)
    return next(sentiments, NEUTRAL)
