"""What a program imports that `threadviz exec` has started, so that its threads can be named: `sitecustomize`, no more.

This folder is put at the head of its PYTHONPATH. Nobody in threadviz imports it.
"""
