"""Finds the threads of processes and samples them: the probes, time accounting, and the sampling rate."""
