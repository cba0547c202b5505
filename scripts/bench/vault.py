"""Vaults for the benchmark: filled quickly, and asked by the policy's rules."""

import json
import random
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from context import (
    Audience,
    Authentication,
    Compartment,
    Embedder,
    Item,
    Label,
    Principal,
    Provenance,
    Purpose,
    Request,
    Scope,
    Sink,
    Store,
    Trust,
    records,
)

START = datetime(2026, 1, 1, tzinfo=UTC)


class RandomVectors:
    """Stands for an embedder where its own time does not count: any text, a random direction."""

    dimensions = 384
    name = "random-384"

    def __init__(self, seed: int) -> None:
        self._chance = np.random.default_rng(seed)

    def embed(self, texts: list[str]) -> NDArray[np.float32]:
        vectors = self._chance.standard_normal((len(texts), self.dimensions), dtype=np.float32)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@contextmanager
def vault(embedder: Embedder | None) -> Iterator[Store]:
    """An empty, open vault in a folder of its own on disk, deleted afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="lapel-bench-"))
    store = Store(folder / "memory", embedder, lambda: datetime.now(UTC))
    store.open()
    try:
        yield store
    finally:
        store.close()
        shutil.rmtree(folder)


def scope_for(store: Store, purpose: Purpose, also: Sequence[Compartment] = ()) -> Scope:
    """A scope for the owner, alone."""
    request = Request(
        Principal.OWNER, 1.0, purpose, Audience.ALONE, Sink.SPEAKER, Authentication.VOICE
    )
    return store.mint(request, also)


def fill(
    store: Store,
    compartment: Compartment,
    texts: Iterator[str],
    count: int,
) -> None:
    """Put `count` items, a minute apart, into a compartment, many in one transaction."""
    place, done = frozenset({compartment}), 0
    embedder = store._embedder
    while done < count:
        part = list(islice(texts, min(2_000, count - done)))
        items = [
            Item(
                UUID(int=random.getrandbits(128)).hex,
                text,
                Label(place, Trust.OWNER),
                START + timedelta(minutes=done + number),
                Provenance.OWNER_SPOKE,
            )
            for number, text in enumerate(part)
        ]
        with store.files.file(place, create=True) as file:
            assert file is not None
            records.put_exactly(file, items)
            if embedder is not None:
                seqs = [
                    row[0]
                    for row in file.connection.execute(
                        "SELECT seq FROM item ORDER BY seq DESC LIMIT ?", (len(part),)
                    )
                ][::-1]
                values = embedder.embed(part)
                records.put_vectors(
                    file,
                    [
                        (seq, records.Vector(embedder.name, value))
                        for seq, value in zip(seqs, values, strict=True)
                    ],
                )
        done += len(part)


def sentences(conversations: Path | None, seed: int) -> Iterator[str]:
    """Endless different sentences: halves of the conversations' turns, joined and numbered.

    Without conversations, words of a made-up language with natural frequencies (Zipf's law).
    """
    chance = random.Random(seed)
    turns = turns_of(conversations) if conversations is not None else None
    words = [f"{chance.choice('bdfgklmnprst')}{number:x}a" for number in range(20_000)]
    weights = [1 / (number + 1) for number in range(len(words))]
    number = 0
    while True:
        number += 1
        if turns is not None:
            first, second = chance.choice(turns).split(), chance.choice(turns).split()
            said = first[: len(first) // 2 + 1] + second[len(second) // 2 :]
        else:
            said = chance.choices(words, weights, k=14)
        yield f"{' '.join(said)} {number}"


def turns_of(conversations: Path) -> list[str]:
    """The texts of all turns of a file of conversations (LoCoMo's format)."""
    return [
        turn["text"]
        for each in json.loads(conversations.read_text(encoding="utf-8"))
        for key, session in each["conversation"].items()
        if key.startswith("session_") and isinstance(session, list)
        for turn in session
    ]


def percentile(values: Sequence[float], share: float) -> float:
    """The value below which that share of the values lies (nearest rank)."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
