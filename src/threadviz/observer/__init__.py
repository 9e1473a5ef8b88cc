"""The process that watches the subject from outside, and merges what it sees with what the subject says.

Started by a viewer as `python -m threadviz.observer`; nobody imports it, but for the name and the powers of the
probe that this machine gets. Inside, a *probe* finds threads and reads them, a *ledger* for each thread turns
readings into stretches, *pace* says when to look, and *watch* is the whole.
"""
