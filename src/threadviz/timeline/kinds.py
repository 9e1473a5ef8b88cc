"""Kinds: small numbers for the few different things that a run's stretches can be."""

from threadviz.vocabulary import Known, State

STATES = tuple(State)
WIDTH = len(STATES)
_INDEX = {state: index for index, state in enumerate(STATES)}

Kind = tuple[State, Known, str]
"""What a stretch is in, how that is known, and the system call, where there is one."""


class Kinds:
    """Every kind that was met, by number; and every *piece*, by a number of its own.

    A piece is what a lane's columns are made of: a part of a stretch that was `said`, with the kind that it is `shown`
    as, and whether an event loop could not answer in it. Its time is added up in one of `WIDTH` columns, one for each
    state, or in one of `WIDTH` more where the loop could not answer.
    """

    def __init__(self) -> None:
        self.table: list[Kind] = []
        self.said: list[int] = []
        self.shown: list[int] = []
        self.columns: list[int] = []
        self.numbers: dict[Kind, int] = {}
        self._pieces: dict[tuple[int, int, bool], int] = {}

    def number(self, state: State, known: Known, call: str) -> int:
        """The number of this kind, a new one where it was never asked for."""
        kind = (state, known, call)
        number = self.numbers.get(kind)
        if number is None:
            number = self.numbers[kind] = len(self.table)
            self.table.append(kind)
        return number

    def piece(self, said: int, shown: int, blocked: bool) -> int:
        """The number of this piece, a new one where it was never asked for; of kinds by their numbers."""
        piece = (said, shown, blocked)
        number = self._pieces.get(piece)
        if number is None:
            number = self._pieces[piece] = len(self.said)
            self.said.append(said)
            self.shown.append(shown)
            self.columns.append(_INDEX[self.table[shown][0]] + WIDTH * blocked)
        return number
