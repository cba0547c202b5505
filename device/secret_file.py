"""A password, a token or a program's variables, in a file which only its owner can read."""

import os
import stat
from pathlib import Path
from typing import Final

from device.errors import SettingsWrong

_LONGEST_BYTES: Final = 10_000


def read_secret(path: str, setting: str) -> str:
    """Return what stands in the file, without the spaces around it; "" where no file is named.

    Args:
        path: of the file; "~" is the home folder.
        setting: the key of the settings that names it, for the error.

    Raises:
        SettingsWrong: it can't be read, others can read it too, it is empty or far too long. Never
            quotes it.
    """
    if not path:
        return ""
    raw = _read_private(path, setting)
    try:
        secret = raw.decode("ascii").strip()
    except UnicodeDecodeError:
        secret = ""
    if not secret or not secret.isprintable():
        raise SettingsWrong(f"{setting}: that file must hold the token on one line, and only that.")
    return secret


def read_variables(path: str, setting: str) -> dict[str, str]:
    """Return the variables in the file, a line of NAME=value each; none where no file is named.

    Empty lines and those that begin with "#" are left out; quotes stay. Args and errors are those
    of `read_secret`.
    """
    if not path:
        return {}
    found: dict[str, str] = {}
    lines = _read_private(path, setting).decode("utf-8", "replace").splitlines()
    for line in (each.strip() for each in lines):
        if not line or line.startswith("#"):
            continue
        name, equals, value = line.partition("=")
        if not equals or not name.isidentifier() or not value.isprintable():
            raise SettingsWrong(f"{setting}: write a variable a line in that file, as NAME=value.")
        found[name] = value
    return found


def _read_private(path: str, setting: str) -> bytes:
    try:
        with Path(path).expanduser().open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            raw = file.read(_LONGEST_BYTES + 1)
    except OSError as error:
        raise SettingsWrong(
            f"{setting}: the file that it names can't be read ({error.strerror})."
        ) from error
    if stat.S_IMODE(mode) & 0o077:
        raise SettingsWrong(
            f"{setting}: others on this computer can read that file; run 'chmod 600' on it."
        )
    if len(raw) > _LONGEST_BYTES:
        raise SettingsWrong(
            f"{setting}: that file is longer than {_LONGEST_BYTES:,} bytes: look whether it is the"
            " right one."
        )
    return raw
