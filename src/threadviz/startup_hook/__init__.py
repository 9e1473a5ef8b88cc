"""The `sitecustomize` that a program of `threadviz exec` imports, so that its threads can be named.

This folder is put at the head of the program's PYTHONPATH. Nothing in threadviz imports the file.
"""
