"""What a function of somebody's own returns in a worker process, on its way back."""

from multiprocessing.reduction import ForkingPickler
from pickle import loads
from typing import Any

from threadviz.workloads import WorkloadError, sentence


class Parcel:
    """A result, pickled as a process pool would pickle it, so that it takes its time, and may fail, in the task.

    Where it arrives it is unpickled, which takes its time too, and let go of: nobody wants it. Raises WorkloadError
    where `result` can't be pickled.
    """

    def __init__(self, result: Any) -> None:
        try:
            self._data = bytes(ForkingPickler.dumps(result))
        except Exception as error:
            raise WorkloadError(f"what it returned can't be pickled ({sentence(error)})") from error

    def __reduce__(self) -> tuple[Any, ...]:
        return _arrived, (self._data,)


def _arrived(data: bytes) -> None:
    loads(data)
