"""What the app, the report and the exports draw alike: cells of a strip and their styles, a time axis, and summaries.

All of it is pure and returns plain values. No terminal library is imported here.
"""
