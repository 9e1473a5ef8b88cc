"""The screens: the main screen and its dialogs, each with a style sheet next to it.

A dialog gets what it shows and returns what the user chose, or None; the main screen acts on it.
"""
