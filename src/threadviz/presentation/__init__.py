"""What every view draws with: cells of a strip and how they look, a time axis, and figures in words.

All of it is pure, and returns plain values: no terminal library is imported here, so that the report, the app and
every export draw the same picture, each with its own means. Views enter here; it looks at the timeline and at the
findings' words.
"""
