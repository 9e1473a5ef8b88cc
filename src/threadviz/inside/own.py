"""Descriptors in a program that may close any, and whose number then goes to the next that it opens."""

import os
from contextlib import suppress


class Own:
    """A descriptor that was opened here; from then on it is told by what it is open on. Raises OSError."""

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._open_on = _open_on(descriptor)

    @property
    def there(self) -> bool:
        """Whether it is what it was: nobody has closed it."""
        with suppress(OSError):
            return _open_on(self.descriptor) == self._open_on
        return False

    def close(self) -> None:
        """Close it, if it is still there."""
        if self.there:
            os.close(self.descriptor)


def _open_on(descriptor: int) -> tuple[int, int]:
    facts = os.fstat(descriptor)
    return facts.st_dev, facts.st_ino
