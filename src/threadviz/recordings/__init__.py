"""Recordings: a run's stream in a file, written as the run goes on, and read again by whoever wants to look at it.

What is read may come from anywhere: cut off, edited or hostile. What is sound of it becomes a timeline, within bounds
of time and memory, and what is not is told in words. Nothing is drawn here, and no run is started.
"""
