"""Finds the threads of processes, and reads them: the probes, their books, and when to look."""
