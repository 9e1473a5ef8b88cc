"""The command `threadviz`: one file for each subcommand.

Data goes to stdout, messages go to stderr. Slow imports (click, rich, textual, the probes) happen where they are
used, so that no command waits for what it does not need.
"""
