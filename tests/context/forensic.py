"""What is in a vault's files for someone who has every key: each page decrypted, all else as it is.

SQLCipher 4 encrypts a page of 4096 bytes with AES-256-CBC; its last 80 bytes are the IV and an
HMAC, and the first page begins with 16 bytes of salt in clear. A WAL has a header of 32 bytes,
then pages with 24 bytes before each. Every place where a page may stand is decrypted, whatever
the headers say of it, so that frames that SQLite no longer reads are looked through too.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CBC

from context import Embedder, Item, Store
from context.files import tier_of
from context.labels import place_name
from context.retrieve import quantise
from context.signs import signs_of

PAGE = 4096
_SALT, _IV, _MAC = 16, 16, 64
_WAL_HEADER, _FRAME_HEADER = 32, 24

Keys = Mapping[str, bytes]
"""Keys of places' files by the files' ids."""


def keys_of(store: Store) -> dict[str, bytes]:
    """The keys of all places that are open now."""
    found: dict[str, bytes] = {}
    for place in store.files.places():
        key = store.keyring.get(place_name(place), tier_of(place))
        assert key is not None
        found[key.file_id] = key.key
    return found


def plain(where: Store | Path, keys: Keys | None = None) -> bytes:
    """All bytes of all files of a store or folder, and what its places' files hold in clear.

    keys: for a folder; to a store's own, they are added, as those of places it has dropped.
    """
    folder, known = (where, {}) if isinstance(where, Path) else (where.folder, keys_of(where))
    known = {**known, **(keys or {})}
    return b"\0".join(part for path in files(folder) for part in _parts(path, known))


def files(folder: Path) -> list[Path]:
    """Every file below a folder; one that vanishes meanwhile does not count."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def traces(
    where: Store | Path, item: Item, embedder: Embedder | None = None, keys: Keys | None = None
) -> list[str]:
    """Which parts of an item are in the files: halves of words, its vector and the signs of that.

    Its id is not looked for: it is random, and the audit log names it. Words should be random, in
    lower case and of 12 letters or more, since shorter ones recur by chance and are passed over.
    """
    return traces_in(plain(where, keys), item, embedder)


def traces_in(stored: bytes, item: Item, embedder: Embedder | None = None) -> list[str]:
    """The same in what `plain` has returned."""
    return [name for name, part in looked_for(item, embedder).items() if part in stored]


def looked_for(item: Item, embedder: Embedder | None = None) -> dict[str, bytes]:
    """The parts of an item that are looked for, by what they are called."""
    about = item.about
    texts = [item.text, about.speaker or "", about.source or "", about.uid or ""]
    # A word that stands across the end of a page has one of its halves whole; FTS5 keeps words in
    # lower case, and of each only from where it differs from the one before.
    parts = {
        part: part.encode()
        for word in " ".join(texts).split()
        for part in (word[: len(word) // 2], word[len(word) // 2 :])
        if len(part) >= 6
    }
    if embedder is not None:
        vector = embedder.embed([item.text])[0]
        quantised, signs = quantise(vector), signs_of(vector)
        if np.count_nonzero(np.frombuffer(quantised, np.int8)) > 8:
            parts["vector"] = quantised
        if len(set(signs)) > 4:
            parts["signs"] = signs
    return parts


def _parts(path: Path, keys: Keys) -> Iterator[bytes]:
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return
    yield raw
    name, _, suffix = path.name.partition(".")
    key = keys.get(name)
    if key is not None and suffix.startswith("db"):
        yield from (_page(key, page) for page in _pages(raw, wal=suffix.endswith("-wal")))


def _pages(raw: bytes, *, wal: bool) -> Iterable[bytes]:
    begin, step = (_WAL_HEADER, _FRAME_HEADER + PAGE) if wal else (0, PAGE)
    for at in range(begin, len(raw), step):
        page = raw[at + step - PAGE : at + step]
        if len(page) == PAGE:
            yield page


def _page(key: bytes, page: bytes) -> bytes:
    """A page in clear, both as the first of a file, after its salt, and as any other."""
    end = PAGE - _IV - _MAC
    cipher = Cipher(AES(key), CBC(page[end : end + _IV])).decryptor()
    # Of the first page the salt is no ciphertext: it spoils the first two blocks, nothing else.
    whole = cipher.update(page[:end]) + cipher.finalize()
    first = Cipher(AES(key), CBC(page[end : end + _IV])).decryptor()
    return whole + first.update(page[_SALT:end])[:_SALT]
