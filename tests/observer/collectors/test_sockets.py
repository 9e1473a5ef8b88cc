"""The peers of sockets: of borrowed ones, and where borrowing is forbidden."""

import errno
import os
import socket
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="sockets are borrowed on Linux only")
if sys.platform == "linux":
    from threadviz.observer.collectors.sockets import Sockets, borrow, peer_of


@pytest.fixture
def may_borrow() -> None:
    """Skip the test where this system forbids to borrow sockets."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        try:
            borrow(os.getpid(), ours.fileno()).close()
        except OSError as error:
            if error.errno in (errno.EPERM, errno.EACCES, errno.ENOSYS):
                pytest.skip("this system lets nobody borrow a socket (pidfd_getfd)")
            raise


@pytest.mark.usefixtures("may_borrow")
def test_a_borrowed_socket_is_the_same_and_is_left_as_it_was() -> None:
    """It has the same ends. Once it is closed, the lender's is still open, and still does not block."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        with borrow(os.getpid(), ours.fileno()) as borrowed:
            assert os.fstat(borrowed.fileno()).st_ino == os.fstat(ours.fileno()).st_ino
        theirs.send(b"x")
        assert ours.recv(1) == b"x"
        with pytest.raises(BlockingIOError):
            ours.recv(1)


@pytest.mark.usefixtures("may_borrow")
def test_only_sockets_can_be_borrowed(tmp_path: Path) -> None:
    """A file, what is not open and a process that is not there raise, leave nothing open, and forbid nothing."""
    sockets = Sockets()
    before = len(os.listdir("/proc/self/fd"))
    with (tmp_path / "file").open("w") as file:
        for pid, descriptor, error in (
            (os.getpid(), file.fileno(), errno.ENOTSOCK),
            (os.getpid(), 9999, errno.EBADF),
            (2**22 + 1, 0, errno.ESRCH),
        ):
            with pytest.raises(OSError, match=os.strerror(error)):
                sockets.peer(pid, descriptor, 1)
    assert len(os.listdir("/proc/self/fd")) == before
    assert sockets.may_borrow


def test_each_kind_of_socket_has_its_peer() -> None:
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
        assert peer_of(server) == (f"listening on 127.0.0.1:{port}", False)
        assert peer_of(client) == (f"127.0.0.1:{port}", False)
        assert peer_of(bound) == (f"bound to 127.0.0.1:{udp} (UDP)", False)
        assert peer_of(sending) == (f"127.0.0.1:{udp} (UDP)", False)
        assert peer_of(unconnected) is None


def test_unix_sockets_have_the_path_of_either_end(tmp_path: Path) -> None:
    """The listening end has one; a pair has none."""
    path = os.path.relpath(tmp_path / "s")  # for a path may have 107 bytes at most
    with socket.socket(socket.AF_UNIX) as server, socket.socket(socket.AF_UNIX) as client:
        server.bind(path)
        server.listen()
        client.connect(path)
        accepted, _ = server.accept()
        with accepted:
            assert peer_of(server) == (f"listening on {path}", True)
            assert peer_of(client) == peer_of(accepted) == (path, True)
    one, other = socket.socketpair()
    with one, other:
        assert peer_of(one) == ("a unix socket", False)


def test_tables_are_read_where_borrowing_is_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in many containers: a peer is known once the tables were read."""

    def forbidden(pid: int, descriptor: int) -> socket.socket:
        raise PermissionError(errno.EPERM, "forbidden")

    monkeypatch.setattr("threadviz.observer.collectors.sockets.borrow", forbidden)
    sockets = Sockets()
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as client,
    ):
        asked = os.getpid(), client.fileno(), os.fstat(client.fileno()).st_ino
        assert sockets.peer(*asked) is None
        assert not sockets.may_borrow
        sockets.refresh()
        assert sockets.peer(*asked) == (f"127.0.0.1:{server.getsockname()[1]}", False)
