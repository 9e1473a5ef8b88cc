"""Findings: what a run shows, in plain words, each checked against the run's own figures.

A finding is a claim that may hold or not; its text says how it came out, with the figures. What a workload
or a mode is called decides nothing here: only what was measured does. Views look at it; it looks at the
timeline. Texts hold names and errors as they came from outside: a view has to make them safe for its medium.
"""

from threadviz.analysis.comparison import Verdict, answer, comparison, labelled, same_work, verdict
from threadviz.analysis.metrics import Finding, outcome_of
from threadviz.analysis.rules import RULES, findings
from threadviz.analysis.workload_rules import why_broken

__all__ = [
    "RULES",
    "Finding",
    "Verdict",
    "answer",
    "comparison",
    "findings",
    "labelled",
    "outcome_of",
    "same_work",
    "verdict",
    "why_broken",
]
