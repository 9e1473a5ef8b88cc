"""The account of a lane: what was said of it, worked out to what it is shown as."""

from collections.abc import Iterable, Iterator
from itertools import chain

from threadviz.timeline.history import History
from threadviz.timeline.kinds import WIDTH, Kinds
from threadviz.timeline.occupancy import Longest, Occupancy
from threadviz.timeline.reading import Asked, Reading, Role
from threadviz.timeline.track import Track
from threadviz.vocabulary import Span

_NEVER = 2**63 - 1

_MANY = 64
"""A tail of more pieces, such as of a lane that many tasks are said to be on and nothing else, is not walked along."""


class Account:
    """What was said up to `said_until` (ns), and what is taken to be so after that, up to whatever moment is asked for.

    The last stretch that was said may go on, so it is not in the history yet: it and the present are the *tail*, which
    is worked out anew when something changes. The rest of the history is, where a task is told of late.
    """

    def __init__(self, start: int, kinds: Kinds, unknown: int) -> None:
        self.start = start
        self.said_until = start
        self._kinds = kinds
        self._reading = Reading(kinds, Role.PLUMBING)
        self._occupancy = Occupancy()
        self._longest = Longest()
        self.history = History(start, kinds.columns, self._reading.width)
        self._open = self._present = unknown
        self._tail: list[tuple[int, int]] = []
        self._tail_until = -1
        self._tail_track: Track | None = None
        # From here on the history is to be worked out anew.
        self._right_until = _NEVER
        # From here on it does not change whether the lane is in a task; a stretch's piece is then looked up.
        self._steady_from = 0
        self._steady: dict[int, int] = {}

    @property
    def settled_until(self) -> int:
        """Where that begins which may still be shown otherwise, even if nothing that happened before is told."""
        return self.history.last.end if self._reading.is_open(self._open) else self.said_until

    def tell(self, spans: Iterable[Span]) -> None:
        """It went on in these, one after the other. A run has millions: so what is nearly always so is done here."""
        last, steady, kinds = self.history.last, self._steady, self._kinds
        numbers, number, append = kinds.numbers, kinds.number, last.append
        steady_from = _NEVER if self._reading.of_loop else self._steady_from
        said_until, kind_before = self.said_until, self._open
        for span in spans:
            ns = span.ns
            if not ns:
                continue
            kind = numbers.get((span.state, span.known, span.call))
            if kind is None:
                kind = number(span.state, span.known, span.call)
            if kind != kind_before:
                since = last.end
                if said_until > since:
                    piece = steady.get(kind_before)
                    if piece is None or since < steady_from:
                        self._show(last, since, said_until, kind_before)
                    else:
                        append(said_until, piece)
                kind_before = kind
            said_until += ns
        self.said_until, self._open = said_until, kind_before

    def expect(self, kind: int) -> None:
        """It is in `kind` since."""
        self._present = kind
        self._tail_until = -1

    def occupy(self, t: int, by: int) -> None:
        """From `t` on, `by` tasks more are on the lane."""
        self._occupancy.change(t, by)
        self._right_until = min(self._right_until, t)
        self._look_ahead()

    def in_task(self, t: int) -> bool:
        """Whether the lane is in a task right after `t`."""
        return self._occupancy.at(t)

    def read_as(self, role: Role, asked: Asked, *, seen: bool) -> None:
        """Work it out anew, for this role; see `Reading`."""
        self._reading = Reading(self._kinds, role, asked, seen=seen)
        self._longest = Longest()
        self.history.widen(self._reading.width)
        self._right_until = self.start
        self._look_ahead()
        self._settle()

    def thin(self, marks: Iterable[int]) -> None:
        """Thin a little more of what is old; sums stay exact at `marks` (ns), and where tasks begin and end."""
        self._settle()
        self.history.thin(
            lambda since, until: sorted(
                [*self._occupancy.edges(since, until), *(t for t in marks if since <= t <= until)]
            )
        )

    def sums_until(self, t: int, horizon: int) -> list[int]:
        """The sums of the columns up to `t`, of an account that goes until `horizon`."""
        if self._right_until != _NEVER:
            self._settle()
        history = self.history
        if t <= history.last.end:
            return history.sums_until(t)
        sums = history.last.totals.copy()
        columns = self._kinds.columns
        since, said = history.last.end, self.said_until
        if since >= self._steady_from:  # the tail need not be cut up
            sums[columns[self._steady_piece(self._open, since)]] += min(t, said) - since
            if t > said:
                sums[columns[self._steady_piece(self._present, said)]] += min(t, horizon) - said
            return sums
        t = min(t, horizon)
        ahead = self._ahead(horizon)
        if len(ahead) > _MANY:
            return self._track_ahead().sums_until(t)
        for end, number in ahead:
            if since >= t:
                break
            sums[columns[number]] += min(t, end) - since
            since = end
        return sums

    def walk(self, since: int, until: int, horizon: int) -> Iterator[tuple[int, int]]:
        """(end, number) of the pieces within [since, until], clipped to it; to be used up before it changes."""
        self._settle()
        end = self.history.last.end
        if until <= end:
            return self.history.walk(since, until)
        ahead = (
            (min(until, piece_end), number)
            for begin, (piece_end, number) in zip(self._starts_ahead(horizon), self._tail, strict=True)
            if begin < until and piece_end > since
        )
        return chain(self.history.walk(since, end), ahead) if since < end else ahead

    def around(self, t: int, horizon: int) -> tuple[int, int, int]:
        """(start, end, kind) of the stretch, as it is shown, that `t` is in; `t` is before `horizon`."""
        self._settle()
        of = self._kinds.shown
        last = self.history.last
        if last.start < t < last.end and (found := last.around(t, of)):  # as it nearly always is
            return found
        _, end, kind = next(merged(t, self.walk(t, horizon, horizon), of))
        start = t
        for begin, number in self.backwards(t + 1, horizon):
            if of[number] != kind:
                break
            start = begin
        return start, end, kind

    def backwards(self, t: int, horizon: int) -> Iterator[tuple[int, int]]:
        """(start, number) of the pieces that begin before `t`, the last first."""
        self._settle()
        starts = self._starts_ahead(horizon)
        ahead = [(start, number) for start, (_, number) in zip(starts, self._tail, strict=True) if start < t]
        return chain(reversed(ahead), self.history.backwards(t))

    def longest_block(self, until: int, horizon: int) -> int:
        """For how long at a stretch an event loop could not answer, of the time until then."""
        self._settle()
        longest = self._longest.until(until)
        since = self.history.last.end
        start = self._longest.start_of(since)
        if until > since:
            for end, number in self.walk(since, until, horizon):
                if self._kinds.columns[number] < WIDTH:
                    start = end
                longest = max(longest, end - start)
        return longest

    def _look_ahead(self) -> None:
        self._steady_from = max([self._occupancy.last, *self._reading.turns])
        self._steady = {}
        self._tail_until = -1

    def _ahead(self, horizon: int) -> list[tuple[int, int]]:
        """The tail, up to there or beyond."""
        if not self._reading.of_loop:
            horizon = _NEVER  # no part depends on what comes after it, so that the tail is the same until more is told
        if horizon != self._tail_until:
            since, said = self.history.last.end, self.said_until
            if self._open == self._present:
                self._tail = self._cut_up(since, horizon, self._open)
            else:
                self._tail = self._cut_up(since, said, self._open) + self._cut_up(
                    said, horizon, self._present
                )
            self._tail_until = horizon
            self._tail_track = None
        return self._tail

    def _track_ahead(self) -> Track:
        """The tail, as it was asked for last, such that it can be added up quickly."""
        if self._tail_track is None:
            last = self.history.last
            self._tail_track = Track(last.end, self._kinds.columns, last.totals)
            for end, number in self._tail:
                self._tail_track.append(end, number)
        return self._tail_track

    def _starts_ahead(self, horizon: int) -> list[int]:
        tail = self._ahead(horizon)
        return [self.history.last.end, *(end for end, _ in tail)][: len(tail)]

    def _show(self, track: Track, start: int, end: int, said: int) -> None:
        number = self._steady.get(said) if start >= self._steady_from else None
        if number is not None and not self._reading.of_loop:
            track.append(end, number)
            return
        for until, number in self._cut_up(start, end, said):
            track.append(until, number)
            if self._kinds.columns[number] >= WIDTH:
                self._longest.append(start, until)
            start = until

    def _cut_up(self, start: int, end: int, said: int) -> list[tuple[int, int]]:
        """(end, number) of the pieces that a stretch is."""
        if start >= end:
            return []
        if start >= self._steady_from:
            return [(end, self._steady_piece(said, start))]
        pieces = list(self._occupancy.pieces(start, end))
        touching = any(busy for _, busy in pieces)
        cut_up = []
        for until, busy in pieces:
            for turn in self._reading.turns:
                if start < turn < until:
                    cut_up.append((turn, self._reading.piece(said, busy, touching, start)))
                    start = turn
            cut_up.append((until, self._reading.piece(said, busy, touching, start)))
            start = until
        return cut_up

    def _steady_piece(self, said: int, start: int) -> int:
        number = self._steady.get(said)
        if number is None:
            busy = self._occupancy.busy
            number = self._steady[said] = self._reading.piece(said, busy, busy, start)
        return number

    def _settle(self) -> None:
        """Work out anew what is right no more."""
        if self._right_until == _NEVER:
            return
        t, self._right_until = max(self._right_until, self.start), _NEVER
        if t > self.history.last.end:
            return
        if self._reading.of_loop:
            t = self._start_of_stretch(t)
            if not self._longest.cut(t) and (start := self._start_of_block(t)) < t:
                self._longest.append(start, t)
        for track, pieces in self.history.reopen(t):
            for start, end, said in merged(track.end, pieces, self._kinds.said):
                self._show(track, start, end, said)

    def _start_of_stretch(self, t: int) -> int:
        """Where that stretch begins, as it was said, in which `t` is."""
        kind = None
        for start, number in self.history.backwards(t + 1):
            if kind is not None and self._kinds.said[number] != kind:
                break
            t, kind = start, self._kinds.said[number]
        return t

    def _start_of_block(self, t: int) -> int:
        """Where that begins in which the event loop could not answer until `t`; `t`, where it could."""
        for start, number in self.history.backwards(t):
            if self._kinds.columns[number] < WIDTH:
                break
            t = start
        return t


def merged(start: int, pieces: Iterable[tuple[int, int]], of: list[int]) -> Iterator[tuple[int, int, int]]:
    """(start, end, kind) of pieces (end, number), from `start` on; `of` says of which kind a number is."""
    last = None
    end = start
    for until, number in pieces:
        kind = of[number]
        if kind != last:
            if last is not None:
                yield start, end, last
            start, last = end, kind
        end = until
    if last is not None:
        yield start, end, last
