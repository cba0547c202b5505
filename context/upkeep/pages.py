"""The pages of a damaged database file: those that are whole, as they were last committed.

Of a file that SQLCipher 4 wrote, a page of 4096 bytes is whole if its HMAC says so: it ends in an
IV of 16 bytes and an HMAC-SHA512, whose key is derived from the file's key and from its first 16
bytes, the salt. In an unencrypted file of SQLite's, every page is taken for whole. A WAL beside
the file holds newer pages; it counts up to the last commit whose frames are all as written.

Where no page is whole by the salt that stands there, others are tried (`_salts`), and taken if one
page is whole by them. That is as safe: the salt is no secret, and without the file's key nobody
makes a page that is whole by any. Pages that no salt makes whole could be decrypted all the same,
but nobody could tell what of them was stored, so that they are lost.
"""

import errno
import hashlib
import hmac
import os
import stat
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from itertools import combinations
from pathlib import Path
from typing import Final, Self

from context.sqlite_file import SALT_BYTES, salt_of

PAGE_BYTES: Final = 4096
_IV_BYTES: Final = 16
_MAC_BYTES: Final = 64
_SALT_MASK: Final = 0x3A
_MAC_KEY_ROUNDS: Final = 2
_MAGIC: Final = b"SQLite format 3\0"
_WAL_HEADER: Final = struct.Struct(">8I")
_FRAME_HEADER: Final = struct.Struct(">6I")
_WAL_MAGIC: Final = 0x377F0682  # its last bit: checksums are of big-endian words
_WORDS: Final = 2**32


class Pages:
    """The file at `path`, read only; used in a `with` statement. key: None if it is unencrypted.

    SQLite must not have it open in this process: closing a descriptor would take its locks away.
    `usable`: bytes of a page that hold data. Raises OSError.
    """

    def __init__(self, path: Path, key: bytes | None) -> None:
        self._key = key
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        self._descriptor = os.open(path, flags)
        try:
            if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
                raise OSError(0, "it is not a file with content")
            wal = b""
            with suppress(FileNotFoundError):
                wal = path.with_name(f"{path.name}-wal").read_bytes()
            self._newer, count = committed(wal)
            self.count = count or os.fstat(self._descriptor).st_size // PAGE_BYTES
            trailer = 0 if key is None else _IV_BYTES + _MAC_BYTES
            self.usable = PAGE_BYTES - trailer
            self._mac_key = b"" if key is None else self._found_mac_key(key)
        except BaseException:
            os.close(self._descriptor)
            raise
        if key is not None and not count and (first := self.page(1)) is not None:
            self.count = max(self.count, int.from_bytes(first[28:32], "big"))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def page(self, number: int) -> bytes | None:
        """The page of that number, from 1 on, in clear; None if it is missing or not whole."""
        if not 1 <= number <= self.count:
            return None
        raw = self._raw(number)
        if len(raw) < PAGE_BYTES:
            return None
        return raw if self._key is None else self._decrypted(raw, number, self._key)

    def bad(self) -> list[int]:
        """The numbers of pages that are missing or not whole."""
        return [number for number in range(1, self.count + 1) if self.page(number) is None]

    def has_whole(self) -> bool:
        """Whether any page is whole."""
        return any(self.page(number) is not None for number in range(1, self.count + 1))

    def _raw(self, number: int) -> bytes:
        """A page as it is stored; shorter, or nothing, if it is missing or the disk fails there."""
        newer = self._newer.get(number)
        if newer is not None:
            return newer
        try:
            return os.pread(self._descriptor, PAGE_BYTES, (number - 1) * PAGE_BYTES)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return b""

    def _found_mac_key(self, key: bytes) -> bytes:
        """The key that authenticates, by the salt that stands there or one that it may have been.

        That of the salt which stands there if no page is whole by any.
        """
        salt = self._raw(1)[:SALT_BYTES]
        there = _mac_key(key, salt)
        if any(_is_whole(self._raw(each), each, there) for each in range(1, self.count + 1)):
            return there
        numbers = sorted({1, 2, self.count // 2, self.count} & set(range(1, self.count + 1)))
        some = [(self._raw(each), each) for each in numbers]
        beside = os.pread(self._descriptor, SALT_BYTES, 0) if 1 in self._newer else b""
        for other in _salts(salt, beside, key) if some else ():
            mac_key = _mac_key(key, other)
            if any(_is_whole(raw, number, mac_key) for raw, number in some):
                return mac_key
        return there

    def _decrypted(self, raw: bytes, number: int, key: bytes) -> bytes | None:
        from cryptography.hazmat.primitives.ciphers import Cipher
        from cryptography.hazmat.primitives.ciphers.algorithms import AES
        from cryptography.hazmat.primitives.ciphers.modes import CBC

        if not _is_whole(raw, number, self._mac_key):
            return None
        start = SALT_BYTES if number == 1 else 0
        iv = raw[self.usable : self.usable + _IV_BYTES]
        decryptor = Cipher(AES(key), CBC(iv)).decryptor()
        clear = decryptor.update(raw[start : self.usable]) + decryptor.finalize()
        return (_MAGIC if number == 1 else b"") + clear


def committed(wal: bytes) -> tuple[dict[int, bytes], int]:
    """The newest committed version of each page in a WAL, and how many pages the file then has.

    Pure. 0 pages if nothing is committed in it.
    """
    if len(wal) < _WAL_HEADER.size:
        return {}, 0
    magic, _, page_bytes, _, *salts, sum1, sum2 = _WAL_HEADER.unpack_from(wal)
    if magic & ~1 != _WAL_MAGIC or page_bytes != PAGE_BYTES:
        return {}, 0
    order = ">" if magic & 1 else "<"
    sums = _checksum(wal[:24], (0, 0), order)
    if sums != (sum1, sum2):
        return {}, 0
    pages: dict[int, bytes] = {}
    pending: dict[int, bytes] = {}
    count, at = 0, _WAL_HEADER.size
    while at + _FRAME_HEADER.size + PAGE_BYTES <= len(wal):
        number, size, *of, sum1, sum2 = _FRAME_HEADER.unpack_from(wal, at)
        begin = at + _FRAME_HEADER.size
        page = wal[begin : begin + PAGE_BYTES]
        sums = _checksum(page, _checksum(wal[at : at + 8], sums, order), order)
        if of != salts or sums != (sum1, sum2):
            break
        pending[number] = page
        if size:
            pages |= pending
            count = size
            pending = {}
        at = begin + PAGE_BYTES
    return {number: page for number, page in pages.items() if number <= count}, count


def _checksum(data: bytes, sums: tuple[int, int], order: str) -> tuple[int, int]:
    """SQLite's checksum of pairs of words, going on from `sums`."""
    one, two = sums
    words: Iterable[tuple[int, int]] = struct.iter_unpack(f"{order}2I", data)
    for first, second in words:
        one = (one + first + two) % _WORDS
        two = (two + second + one) % _WORDS
    return one, two


def _salts(there: bytes, beside: bytes, key: bytes) -> Iterator[bytes]:
    """What a file's salt may have been, the likeliest first.

    The one that follows from its key; the other of a WAL and its file; the one that stands there
    with another byte, or with two other bits. What is wrong with a longer stretch of a random salt
    can't be found out.
    """
    yield salt_of(key)
    for salt in (beside, there):
        if len(salt) == SALT_BYTES:
            yield salt
            for at in range(SALT_BYTES):
                for byte in range(256):
                    yield salt[:at] + bytes([byte]) + salt[at + 1 :]
            whole = int.from_bytes(salt, "big")
            for one, other in combinations(range(8 * SALT_BYTES), 2):
                yield (whole ^ 1 << one ^ 1 << other).to_bytes(SALT_BYTES, "big")


def _is_whole(raw: bytes, number: int, mac_key: bytes) -> bool:
    if len(raw) < PAGE_BYTES:
        return False
    start = SALT_BYTES if number == 1 else 0
    authentic = raw[start:-_MAC_BYTES] + number.to_bytes(4, "little")
    return hmac.compare_digest(hmac.digest(mac_key, authentic, "sha512"), raw[-_MAC_BYTES:])


def _mac_key(key: bytes, salt: bytes) -> bytes:
    masked = bytes(byte ^ _SALT_MASK for byte in salt)
    return hashlib.pbkdf2_hmac("sha512", key, masked, _MAC_KEY_ROUNDS, len(key))
