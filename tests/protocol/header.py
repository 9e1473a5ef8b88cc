"""A header for streams that tests make."""

from threadviz.protocol.events import SCHEMA, Header, ProbeInfo, State

HEADER = Header(
    schema=SCHEMA,
    threadviz="0.1.0",
    workload="fetch",
    mode="threads",
    workers=2,
    tasks=2,
    python="3.13.0",
    gil=True,
    cores=2,
    platform="Linux x86_64",
    probe=ProbeInfo("linux", tuple(State), "", 600.0),
)
