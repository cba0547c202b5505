"""The Unix socket by which this user's other programs reach the running assistant.

Nobody else gets to it: its folder has mode 0700, it has 0600 from its first moment on, and both
ends ask the kernel whose process the other is (`SO_PEERCRED`, unix(7)).
"""

import errno
import os
import socket
import struct
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NoReturn

from device.errors import ControlFailed, NotRunning

LONGEST_PATH_BYTES: Final = 107
"""What fits into `sun_path`, with its end (unix(7))."""
_NAME: Final = "assistant.sock"
_WAITING: Final = 8
_CREDENTIALS: Final = struct.Struct("3i")  # struct ucred: process, user, group


def control_folder(state: Path) -> Path:
    """Return the folder of the socket, in the private folder of the state."""
    return state / "control"


@contextmanager
def listening(folder: Path) -> Generator[socket.socket]:
    """A socket that listens in `folder`, which is made, and does not block; it is removed after.

    One that a killed process left is replaced: the caller is the only assistant there.

    Raises:
        ControlFailed: it can't be made there.
    """
    path = folder / _NAME
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
            path.unlink(missing_ok=True)
            os.fchmod(listener.fileno(), 0o600)  # what it is bound to is made with this mode
            with _address(folder) as address:
                listener.bind(address)
            listener.listen(_WAITING)
        except OSError as error:
            raise ControlFailed(
                f"Other programs can't reach the assistant by {path} ({error.strerror}): see who"
                " owns that folder, or set LAPEL_HOME to another."
            ) from error
        listener.setblocking(False)
        try:
            yield listener
        finally:
            with suppress(OSError):
                path.unlink()


def connected(folder: Path, timeout_s: float) -> socket.socket:
    """A connection to the assistant that listens in `folder`; each step may take `timeout_s`.

    Raises:
        NotRunning: nobody listens.
        ControlFailed: it is there and can't be reached, or is another user's.
    """
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.settimeout(timeout_s)
        with _address(folder) as address:
            connection.connect(address)
        if not is_this_users(connection):
            _refuse("it belongs to another user")
    except OSError as error:
        connection.close()
        if error.errno in (errno.ENOENT, errno.ECONNREFUSED):
            raise NotRunning("No assistant is running: start 'lapel run' first.") from None
        _refuse(error.strerror or type(error).__name__)
    except ControlFailed:
        connection.close()
        raise
    return connection


def is_this_users(connection: socket.socket) -> bool:
    """Whether the process at the other end is of the same user as this one. Raises OSError."""
    data = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    _, user, _ = _CREDENTIALS.unpack(data)
    return user == os.geteuid()


@contextmanager
def _address(folder: Path) -> Generator[bytes]:
    """The socket's address; where its path is too long for one, by way of the open folder."""
    path = os.fsencode(folder / _NAME)
    if len(path) <= LONGEST_PATH_BYTES:
        yield path
        return
    opened = os.open(folder, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{opened}/{_NAME}".encode()
    finally:
        os.close(opened)


def _refuse(why: str) -> NoReturn:
    raise ControlFailed(
        f"The running assistant can't be reached ({why}): try again, or restart it."
    )
