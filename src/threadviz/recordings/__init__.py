"""Recordings: the stream of a run in a file, written while the run goes on, and read again.

A recording may come from anywhere: cut off, edited or hostile. The sound part becomes a timeline, within bounds of time
and memory, and a sentence says what was dropped.
"""
