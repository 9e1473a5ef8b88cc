"""Commands that show panels, and move in them."""

from functools import partial

from threadviz.tui.commands.command import Command, CommandGroup, Panel

_panels = partial(Command, group=CommandGroup.PANELS)

COMMANDS: tuple[Command, ...] = (
    _panels(
        "details",
        ("enter", "d"),
        "Details",
        "Show all about the lane that is picked: its states, its tasks, its longest waits.",
        do=lambda desk: desk.toggle_panel(Panel.DETAILS),
        footer="Details",
    ),
    _panels(
        "output",
        ("o",),
        "Output",
        "Show what the program has printed.",
        do=lambda desk: desk.toggle_panel(Panel.OUTPUT),
        footer="Output",
        fits=lambda desk: desk.runs.has_output,
    ),
    _panels(
        "tasks",
        ("t",),
        "Tasks",
        "Show the tasks: those under way, and then those that are over, as they finished.",
        do=lambda desk: desk.toggle_panel(Panel.TASKS),
        footer="Tasks",
        fits=lambda desk: desk.runs.has_tasks,
    ),
    _panels(
        "findings",
        ("i",),
        "Findings",
        "Show what the run shows, in words; of several runs, the verdict.",
        do=lambda desk: desk.toggle_panel(Panel.FINDINGS),
        footer="Findings",
    ),
    _panels(
        "code",
        ("c",),
        "Code",
        "Show the lines that the mode runs.",
        do=lambda desk: desk.toggle_panel(Panel.CODE),
        footer="Code",
        fits=lambda desk: desk.runs.of_workload,
    ),
    _panels(
        "task_up",
        ("shift+up", "K"),
        "Task above",
        "Pick the task above in the table of tasks, and its lane.",
        do=lambda desk: desk.select_task(-1),
        fits=lambda desk: desk.runs.has_tasks,
    ),
    _panels(
        "task_down",
        ("shift+down", "J"),
        "Task below",
        "Pick the task below in the table of tasks, and its lane.",
        do=lambda desk: desk.select_task(1),
        fits=lambda desk: desk.runs.has_tasks,
    ),
    _panels(
        "sort_tasks",
        ("O",),
        "Sort tasks",
        "Sort the table of tasks by its next column.",
        do=lambda desk: desk.sort_tasks(),
        fits=lambda desk: desk.runs.has_tasks,
    ),
    _panels(
        "panel_up",
        ("pageup",),
        "Scroll up",
        "Scroll the panel up.",
        do=lambda desk: desk.scroll_panel(-1),
    ),
    _panels(
        "panel_down",
        ("pagedown",),
        "Scroll down",
        "Scroll the panel down.",
        do=lambda desk: desk.scroll_panel(1),
    ),
    _panels(
        "step_back",
        ("escape",),
        "Step back",
        "Put the panel away, or let go of the cursor, or of the lane that is picked.",
        do=lambda desk: desk.step_back(),
    ),
)
