"""What the project claims of itself, measured: how true, how cheap, how fast. See README.md.

Each module with a `main` is a command, run from the checkout as `python -m benchmarks.NAME`. They use the parts
of threadviz that they measure; nothing imports them but their tests.
"""
