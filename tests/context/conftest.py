"""A clock that is set by hand, scopes for any compartments, and stores that are closed."""

import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from context import (
    Compartment,
    Embedder,
    HashingEmbedder,
    Purpose,
    Reason,
    Scope,
    Sink,
    Store,
    policy,
)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.moment

    def move(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


MakeScope = Callable[..., Scope]
NewStore = Callable[..., Store]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def scope(clock: Clock) -> MakeScope:
    """Makes scopes that no policy would mint, as one from the clock's present on."""

    def make(
        purpose: Purpose, compartments: Iterable[str] = ("owner/general",), *, present: bool = False
    ) -> Scope:
        now_s = clock().timestamp()
        opened = frozenset(Compartment.parse(text) for text in compartments)
        return Scope(
            opened,
            purpose,
            Sink.SPEAKER,
            "test",
            now_s,
            now_s + 60,
            token=policy._MINT,
            present=present,
            why=tuple((each, Reason.OWNER_ALONE) for each in sorted(opened)),
        )

    return make


@pytest.fixture
def fast_folder() -> Iterator[Path]:
    """A folder in memory where there is one: Hypothesis makes many files."""
    memory = Path("/dev/shm")
    where = memory if os.access(memory, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(dir=where))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def new_store(tmp_path: Path, clock: Clock) -> Iterator[NewStore]:
    """Opens stores on one folder, with the hashing embedder unless told otherwise."""
    stores: list[Store] = []
    hashing = HashingEmbedder()

    def make(embedder: Embedder | None = hashing, folder: Path = tmp_path / "memories") -> Store:
        store = Store(folder, embedder, clock)
        store.open()
        stores.append(store)
        return store

    yield make
    for store in stores:
        store.close()
