"""What is called: a workload is a named list of independent calls of one plain, blocking, picklable function.

Workloads know nothing of modes or of being observed, and need the standard library only. Reading their names imports
none of their functions.
"""

from threadviz.workloads.base import Call, WorkloadError, sentence
from threadviz.workloads.registry import WORKLOADS, Workload

__all__ = ["WORKLOADS", "Call", "Workload", "WorkloadError", "sentence"]
