"""The marks' colours, where a view has all colours to draw with."""

from collections.abc import Mapping
from types import MappingProxyType

from threadviz.picture.strip import Beyond, Mark
from threadviz.vocabulary import State

ON_DARK: Mapping[Mark, str] = MappingProxyType(
    {
        State.RUNNING: "#3fc463",
        State.READY: "#ff8b3d",
        State.GIL: "#f0b429",
        State.IO: "#4593f5",
        State.LOCK: "#d070d8",
        State.SLEEP: "#38c4cf",
        State.IDLE: "#7d8590",
        State.WAITING: "#9aa4b0",
        State.UNKNOWN: "#9aa4b0",
        Beyond.BLOCKED: "#ff3b3b",
    }
)
"""On a dark background."""

ON_LIGHT: Mapping[Mark, str] = MappingProxyType(
    {
        State.RUNNING: "#1f8f3f",
        State.READY: "#d9590b",
        State.GIL: "#a87400",
        State.IO: "#1266d8",
        State.LOCK: "#9333a8",
        State.SLEEP: "#0a7f8a",
        State.IDLE: "#6e7781",
        State.WAITING: "#606a75",
        State.UNKNOWN: "#606a75",
        Beyond.BLOCKED: "#d3101f",
    }
)
"""On a light one."""
