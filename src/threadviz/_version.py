"""The version, on its own so that the build and every room can read it without importing anything else."""

__version__ = "0.2.0"
