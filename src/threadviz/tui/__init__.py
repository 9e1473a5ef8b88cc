"""The app: a Textual terminal UI that runs workloads and draws their lanes live.

`app` starts the `screens`, which are made of `widgets`. `render` turns lanes into styled text, `view` holds what part
of which runs is visible, `runs` has the runs of a session, and `commands` declares all commands. `view` and `runs` do
not import Textual.
"""
