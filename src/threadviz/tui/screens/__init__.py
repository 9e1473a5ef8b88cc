"""The screens: the main one, and the dialogs over it, each with a style sheet beside it.

A dialog is given what it shows, and returns what was chosen, or None; what comes of that is the main screen's to do.
"""
