"""What a lane is found by, beside its states."""

from threadviz.timeline import Lane


def found_by(lane: Lane, t: int) -> str:
    """Return the words that stand for a lane as of `t` (ns since the run's origin), in small letters.

    These are its names, its process, what it waits on, and the function that it was last seen in.
    """
    function = lane.function_at(t)
    words = [
        *(lane.name, lane.own_name, lane.process_name, str(lane.pid), str(lane.tid)),
        lane.place_at(t),
        "" if function is None else function[1],
    ]
    return "\n".join(words).casefold()
