"""A workload's own process: runs it under one mode, and reports when its tasks begin and end.

The observer starts it as `python -m threadviz.subject`; nothing imports it. It needs the standard library only.
"""
