"""The process that observes a target from outside, and merges its samples with what the target reports.

A viewer starts it as `python -m threadviz.observer`. `observe` prepares a run and observes it to its end. The package
`targets` has the three kinds of targets; a probe of `probes` samples their threads; `cpython` finds out what a Python
process tells from outside; `collectors` add what spans don't tell, such as names, tasks and wait targets.
"""
