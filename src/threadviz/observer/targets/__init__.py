"""The kinds of targets: how each is started or found, and what becomes of it at the end."""
