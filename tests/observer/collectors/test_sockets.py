"""What sockets say when they are asked, and where they may not be."""

import errno
import os
import socket
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="sockets are borrowed on Linux only")
if sys.platform == "linux":
    from threadviz.observer.collectors.sockets import Borrower, Sockets, said_by


@pytest.fixture
def borrower() -> "Borrower":
    """Return one that may borrow."""
    borrower = Borrower()
    ours, theirs = socket.socketpair()
    with ours, theirs:
        try:
            borrower.borrow(os.getpid(), ours.fileno()).close()
        except OSError:
            if not borrower.allowed:
                pytest.skip("this system lets nobody borrow a socket (pidfd_getfd)")
            raise
    return borrower


def test_a_borrowed_socket_is_the_same_and_is_left_as_it_was(borrower: "Borrower") -> None:
    """It has the same ends, and when it is given back the lender's is still open, and still does not block."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        with borrower.borrow(os.getpid(), ours.fileno()) as borrowed:
            assert os.fstat(borrowed.fileno()).st_ino == os.fstat(ours.fileno()).st_ino
        theirs.send(b"x")
        assert ours.recv(1) == b"x"
        with pytest.raises(BlockingIOError):
            ours.recv(1)


def test_what_is_no_socket_can_not_be_borrowed(borrower: "Borrower", tmp_path: Path) -> None:
    """A file, what is not open, a process that is not there: an error each, and nothing stays open."""
    before = len(os.listdir("/proc/self/fd"))
    with (tmp_path / "file").open("w") as file:
        for pid, descriptor, why in (
            (os.getpid(), file.fileno(), errno.ENOTSOCK),
            (os.getpid(), 9999, errno.EBADF),
            (2**22 + 1, 0, errno.ESRCH),
        ):
            with pytest.raises(OSError, match=os.strerror(why)):
                borrower.borrow(pid, descriptor)
    assert len(os.listdir("/proc/self/fd")) == before
    assert borrower.allowed


def test_each_kind_says_what_it_has() -> None:
    """The peer where there is one; else where it listens, or is bound to."""
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
        socket.socket(type=socket.SOCK_DGRAM) as bound,
        socket.socket(type=socket.SOCK_DGRAM) as sending,
        socket.socket() as unconnected,
    ):
        port = server.getsockname()[1]
        bound.bind(("127.0.0.1", 0))
        sending.connect(bound.getsockname())
        udp = bound.getsockname()[1]
        assert said_by(server) == (f"listening on 127.0.0.1:{port}", False)
        assert said_by(client) == (f"127.0.0.1:{port}", False)
        assert said_by(bound) == (f"bound to 127.0.0.1:{udp} (UDP)", False)
        assert said_by(sending) == (f"127.0.0.1:{udp} (UDP)", False)
        assert said_by(unconnected) is None


def test_unix_sockets_are_told_by_the_path_of_either_end(tmp_path: Path) -> None:
    """Whoever listens has it; a pair has none."""
    path = os.path.relpath(tmp_path / "s")  # for a path may have 107 bytes at most
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(path)
        server.listen()
        client.connect(path)
        accepted, _ = server.accept()
        with accepted:
            assert said_by(server) == (f"listening on {path}", True)
            assert said_by(client) == said_by(accepted) == (path, True)
    one, other = socket.socketpair()
    with one, other:
        assert said_by(one) == ("a unix socket", False)


def test_where_borrowing_is_forbidden_the_tables_are_asked() -> None:
    """As in many containers: a peer is known after the tables have been read."""

    class Forbidden(Borrower):
        def _call(self, *numbers: int) -> int:
            self.allowed = False
            raise PermissionError(errno.EPERM, "forbidden")

    sockets = Sockets(Forbidden())
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        asked = os.getpid(), client.fileno(), os.fstat(client.fileno()).st_ino
        assert sockets.find(*asked) is None
        sockets.refresh()
        assert sockets.find(*asked) == (f"127.0.0.1:{server.getsockname()[1]}", False)
