"""Sealing small pieces of data that are kept outside the vault's own files."""

from collections.abc import Callable
from typing import Final

from context import keys

_LENGTH_BYTES: Final = 4
_STEP_BYTES: Final = 64
"""What is sealed is filled up to a multiple of this, so that its length tells little."""


class Seal:
    """AES-256-GCM under a key that is derived from the vault for one purpose.

    What is sealed can be opened as long as the vault lives: an erased vault's seals never open
    again. subkey: makes the key, and raises VaultLocked or KeysUnusable while it can't be had; it
    is asked each time, so that nothing of it is kept here.
    """

    def __init__(self, purpose: str, subkey: Callable[[str], bytes]) -> None:
        self._label = f"seal/{purpose}"
        self._subkey = subkey

    def seal(self, data: bytes) -> bytes:
        """`data` sealed, under another nonce each time. Raises VaultLocked, KeysUnusable."""
        whole = len(data).to_bytes(_LENGTH_BYTES, "big") + data
        filled = whole + bytes(-len(whole) % _STEP_BYTES)
        return keys.wrap(filled, self._subkey(self._label), self._label.encode())

    def unseal(self, sealed: bytes) -> bytes:
        """What was sealed.

        Raises VaultLocked and KeysUnusable while it can't be opened, and WrongKey if it never can:
        it was sealed by a vault that is gone, or it was edited.
        """
        filled = keys.unwrap(sealed, self._subkey(self._label), self._label.encode())
        length = int.from_bytes(filled[:_LENGTH_BYTES], "big")
        return filled[_LENGTH_BYTES : _LENGTH_BYTES + length]
