"""The user keyring of the Linux kernel (keyrings(7)): kept in memory only, gone at a reboot.

Through system calls, because the C library has no functions for them. `OSError` is what the
kernel said; ENOSYS stands for a kernel, container or processor on which this can't be done.
"""

import ctypes
import errno
import os
import platform
import sys
from typing import Final

_ADD_KEY_AND_KEYCTL: Final = {  # system call numbers of 64-bit programs, by processor
    "x86_64": (248, 250),
    "aarch64": (217, 219),
    "riscv64": (217, 219),
}
_USER_KEYRING: Final = -4
_PROCESS_KEYRING: Final = -2
_LINK, _UNLINK, _SEARCH, _READ, _INVALIDATE = 8, 9, 10, 11, 21
_TYPE: Final = b"user"


def read(description: str, longest: int) -> bytes | None:
    """The secret kept under `description`, cut after `longest` bytes; None if there is none."""
    key = _find(description)
    if key is None:
        return None
    # Only what the process itself is linked to may it read:
    _call(1, _LINK, _USER_KEYRING, _PROCESS_KEYRING)
    buffer = ctypes.create_string_buffer(longest)
    whole = _call(1, _READ, key, ctypes.cast(buffer, ctypes.c_void_p), longest)
    secret = buffer.raw[: min(whole, longest)]
    ctypes.memset(buffer, 0, longest)
    return secret


def put(description: str, secret: bytes) -> None:
    """Keep a secret under `description`, as `keyctl padd user DESCRIPTION @u` does."""
    _call(0, _TYPE, description.encode(), secret, len(secret), _USER_KEYRING)


def remove(description: str) -> None:
    """Have the kernel overwrite and drop what is kept under `description`, if anything is."""
    key = _find(description)
    if key is not None:
        _call(1, _LINK, _USER_KEYRING, _PROCESS_KEYRING)
        _call(1, _INVALIDATE, key)


def _find(description: str) -> int | None:
    try:
        return _call(1, _SEARCH, _USER_KEYRING, _TYPE, description.encode(), 0)
    except OSError as error:
        if error.errno in (errno.ENOKEY, errno.EKEYREVOKED, errno.EKEYEXPIRED):
            return None
        raise


def _call(which: int, *arguments: int | bytes | ctypes.c_void_p) -> int:
    numbers = _ADD_KEY_AND_KEYCTL.get(platform.machine())
    if numbers is None or sys.platform != "linux" or sys.maxsize < 2**32:
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS))
    wide = [ctypes.c_long(each) if isinstance(each, int) else each for each in arguments]
    system_call = ctypes.CDLL(None, use_errno=True).syscall
    system_call.restype = ctypes.c_long
    result: int = system_call(ctypes.c_long(numbers[which]), *wide)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result
