"""The view: which runs are shown, which part of their time, up to which moment, and what is selected.

It is pure: it reads no clock, no key and no file, and draws nothing. Commands change it, and widgets draw it.
"""
