"""The process that watches the subject from outside, and merges what it sees with what the subject says.

Started by a viewer as `python -m threadviz.observer`; nobody imports it, but for what this machine allows, and which
probe it gets. `observe` prepares a run and sees it through: what is watched comes from `subjects`; a *probe* of
`probing` finds its threads and reads them, into a *ledger* for each; `interpreters` knows what is to be known of a
Python from outside; and the *tellers* of `telling` tell what stretches don't say.
"""
