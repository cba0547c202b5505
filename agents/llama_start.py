"""The kept start of a model's prompts, on disk from one run to the next."""

import hashlib
import os
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

_MAGIC = b"LAPEL-START-1\n"
_DIGEST_BYTES = 32


def key_of(weights: Path, tokens: Sequence[int], *settings: object) -> bytes:
    """What must be the same for a state to be of use: the weights' file (by name, size and time
    of change), the tokens, and the settings and versions given. Raises OSError.
    """
    status = weights.stat()
    facts = (weights.name, status.st_size, status.st_mtime_ns, list(tokens), *settings)
    return hashlib.sha256(repr(facts).encode()).digest()


def load_start(path: Path, key: bytes) -> bytes | None:
    """The state kept under `key`; None if there is none, or it is another's or damaged."""
    try:
        data = path.read_bytes()
    except OSError:
        return None
    head = len(_MAGIC) + len(key) + _DIGEST_BYTES
    state = data[head:]
    whole = data[:head] == _MAGIC + key + hashlib.sha256(state).digest()
    return state if whole and state else None


def save_start(path: Path, key: bytes, state: bytes) -> None:
    """Keep `state`, whole or not at all, readable by its owner only. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".start-")  # made with mode 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(_MAGIC + key + hashlib.sha256(state).digest() + state)
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise
