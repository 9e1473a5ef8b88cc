"""The report: one run, or several side by side, as text and as JSON.

It returns what the command prints and writes nowhere. `json_report` does without rich.
"""
