"""The report: one run, or several of them side by side, as text and as JSON.

It asks the timeline and the findings, holds no facts of its own, and writes nowhere: it returns what the command
prints. Whoever wants JSON alone imports `facts`, which does without rich.
"""
