"""What is called: a workload is a named list of independent calls of one plain, blocking, picklable function.

A workload knows nothing of modes, and nothing of being watched. The subject makes calls; anybody may read the
workloads' names, for which none of their functions is imported.
"""

from threadviz.workloads.base import Call, WorkloadError, sentence
from threadviz.workloads.registry import WORKLOADS, Workload

__all__ = ["WORKLOADS", "Call", "Workload", "WorkloadError", "sentence"]
