"""What all lanes together were in."""

from threadviz.timeline.bins import Sums
from threadviz.timeline.clock import Clock
from threadviz.timeline.kinds import STATES
from threadviz.timeline.lanes import Lanes
from threadviz.timeline.reading import Role

_NOTHING = (0,) * len(STATES)


class AddedUp:
    """The sums of all lanes, worked out anew only where they may have become others."""

    def __init__(self, lanes: Lanes, clock: Clock) -> None:
        self._lanes = lanes
        self._clock = clock
        self._sums: tuple[Sums, Sums] = (_NOTHING, _NOTHING)
        # What these are the sums for, and as of how many events; of none in particular where no more will change them.
        self._sums_for: tuple[object, ...] = ()
        self._as_of: int | None = None

    def sums(self, since: int, until: int, applied: int) -> tuple[Sums, Sums]:
        """Nanoseconds in each state, of the plumbing and of the others, once so many events were applied.

        Of what was folded away it is what was from the begin on.
        """
        lanes = self._lanes.in_order
        key = (since, until, self._clock.recuts, lanes)
        if key != self._sums_for or self._as_of not in (applied, None):
            parts: tuple[list[Sums], list[Sums]] = ([_NOTHING], [_NOTHING])
            for lane in lanes:
                parts[lane.role is not Role.PLUMBING].append(lane.sums(since, until))
            if self._lanes.folded is not None:
                for rows, folded in zip(parts, self._lanes.folded.sums(until), strict=True):
                    rows.append(folded)
            plumbing, others = (tuple(map(sum, zip(*rows, strict=True))) for rows in parts)
            self._sums = plumbing, others
            settled = all(lane.settled_until >= until for lane in lanes)
            self._sums_for, self._as_of = key, None if settled else applied
        return self._sums
