"""The app: a Textual terminal UI that runs workloads and draws their lanes live.

`runs` has the runs of this sitting, `scene` says which of them are looked at, from where and until when, `drawing`
turns lanes into coloured characters, `widgets` and `screens` show them, and `commands` declares all that one can do.
Only the command line enters here, by `app`. `runs` and `scene` know nothing of Textual.
"""
