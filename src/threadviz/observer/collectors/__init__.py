"""Collectors: they collect what spans don't tell of threads, such as names, tasks, stack samples and wait targets."""
