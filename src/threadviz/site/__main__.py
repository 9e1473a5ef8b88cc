"""`python -m threadviz.site ANSWER`: serves the sites that it is told until the process that started it is gone.

It takes one JSON line on standard input, an array of sites, and writes one JSON line to descriptor ANSWER, an array of
their URLs in the same order. It ends when standard input does: at the latest when its parent dies.
"""

import asyncio
import os
import signal
import sys
import threading

import msgspec

from threadviz.site.server import StandInSite
from threadviz.site.sets import Site

FILES = 8192
"""How many open files are asked for, each connection being one."""


def main() -> None:
    """Serve. Exits with status 2 where the first line is no array of sites."""
    # Ctrl-C reaches everybody in the terminal; the parent decides.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        sites = msgspec.json.decode(sys.stdin.buffer.readline(), type=tuple[Site, ...])
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        sys.stderr.write(f"threadviz.site: the first line is no array of sites: {error}\n")
        sys.exit(2)
    threading.Thread(target=_end_with_stdin, name="lifeline", daemon=True).start()
    _allow_files()
    asyncio.run(StandInSite(sites).serve(_announce))


def _end_with_stdin() -> None:
    try:
        # Not sys.stdin: a thread that waits in it would hold its lock when the interpreter ends.
        while os.read(0, 4096):
            pass
    finally:
        os._exit(0)  # at once: there is nothing to put in order


def _allow_files() -> None:
    """Raise the limit on open files, which is 256 or 1024 on many systems, as far as it may be."""
    if sys.platform == "win32":
        return
    import resource  # not on Windows

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _announce(urls: list[str]) -> None:
    with os.fdopen(int(sys.argv[1]), "wb") as answer:
        answer.write(msgspec.json.encode(urls) + b"\n")


if __name__ == "__main__":
    main()
