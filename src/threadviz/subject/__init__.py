"""The watched process: runs one workload under one mode, and says when its tasks begin and end. No more.

Started by the observer as `python -m threadviz.subject`; nobody imports it but the observer, for `SubjectOrder`.
"""
