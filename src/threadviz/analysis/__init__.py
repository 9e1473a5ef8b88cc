"""Findings: what a run shows, in plain sentences, each checked against the run's own figures.

Only what was measured decides, never the name of a workload or a mode. Texts contain names and errors as they came from
outside: a view has to make them safe for its medium.
"""

from threadviz.analysis.comparison import Verdict, answer, comparison, labelled, same_work, verdict
from threadviz.analysis.metrics import Finding, outcome_of
from threadviz.analysis.rules import Sentiment, findings, sentiment_of, why_broken

__all__ = [
    "Finding",
    "Sentiment",
    "Verdict",
    "answer",
    "comparison",
    "findings",
    "labelled",
    "outcome_of",
    "same_work",
    "sentiment_of",
    "verdict",
    "why_broken",
]
