"""The command: reads what is asked for, and opens the app, or has it run and prints the report.

Data goes to stdout, words go to stderr. What is slow to import (click, rich, the probes) is imported where it is used,
so that no command waits for what it does without, and Ctrl-C ends it in good order from its first moments on.
"""
