"""What the scene needs to know of a run."""

from typing import Protocol

from threadviz.timeline import Timeline


class Shown(Protocol):
    """A run, as far as the scene is concerned."""

    @property
    def timeline(self) -> Timeline:
        """What is known of it."""
        ...

    @property
    def over(self) -> bool:
        """Whether no more will come."""
        ...

    @property
    def trouble(self) -> str:
        """What has gone wrong with it so far, as a sentence; nothing where nothing has."""
        ...
