"""What a process may do with a vault while others do something else with it, or until it is killed.

What it says is what it has done by then.
"""

import os
import random
import resource
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from context import (
    Audience,
    Authentication,
    Compartment,
    Grant,
    HashingEmbedder,
    Item,
    ItemNotFound,
    LapelError,
    Lasts,
    Principal,
    Provenance,
    Purpose,
    Request,
    Scope,
    Sink,
    Store,
    StoreUnusable,
)
from tests.context.vaults import TINY

MOMENT = datetime(2026, 11, 23, 9, tzinfo=UTC)
PLACES = tuple(
    map(Compartment.parse, ["owner/general", "household/general", "owner/health/restricted"])
)
Say = Callable[[object], None]
SAID = Provenance.OWNER_SPOKE
A_GRANT = Grant("", "ambient/*", Principal.OWNER, Purpose.ANSWER, Sink.SPEAKER, False, Lasts.ALWAYS)


def new_store(folder: Path, *, later_s: float = 0.0, dimensions: int = 32) -> Store:
    """A store whose clock stands still, with a PIN that costs nothing to try; not open yet."""
    moment = MOMENT + timedelta(seconds=later_s)
    store = Store(folder, HashingEmbedder(dimensions), lambda: moment)
    store.keyring._argon2 = TINY
    return store


def mint(store: Store, purpose: Purpose) -> Scope:
    """For the account that owns the files: everything there is."""
    request = Request(
        Principal.OWNER, 1.0, purpose, Audience.ALONE, Sink.SCREEN, Authentication.ACCOUNT
    )
    return store.mint(request, PLACES)


def everything(store: Store) -> list[Item]:
    return store.items(mint(store, Purpose.REVIEW), limit=100_000)


def write(folder: Path, say: Say, *, start: int = 0, most: int = 1_000_000) -> None:
    """Says the id and the word of each item once it is stored; each third one is derived."""
    store = new_store(folder)
    store.open()
    last: Item | None = None
    for number in range(start, start + most):
        place, word = PLACES[number % len(PLACES)], f"word{number:06d}of{os.getpid():07d}"
        sources = [last] if last is not None and number % 3 == 2 else []
        last = store.remember(
            mint(store, Purpose.REMEMBER),
            f"fact {word}",
            compartment=place,
            said_by=SAID,
            derived_from=sources,
        )
        say(f"{last.id} {word}")
    store.close()


def forget(folder: Path, say: Say, *, undo_s: float = 0.0) -> None:
    """Forgets everything, one by one, and says each id once it is gone."""
    store = new_store(folder)
    store.open()
    while items := store.items(mint(store, Purpose.FORGET), limit=1):
        store.forget(mint(store, Purpose.FORGET), items[0].id, undo_s=undo_s)
        say(items[0].id)
    store.close()


def reap(folder: Path, say: Say, *, later_s: float, times: int = 1) -> None:
    store = new_store(folder, later_s=later_s)
    store.open()
    for _ in range(times):
        say(store.reap())
    store.close()


def undo(folder: Path, say: Say) -> None:
    store = new_store(folder)
    store.open()
    while store.undo(mint(store, Purpose.FORGET)):
        say("undone")
    store.close()


def reembed(folder: Path, say: Say, *, dimensions: int) -> None:
    store = new_store(folder, dimensions=dimensions)
    store.open()
    while done := store.reembed(at_once=3):
        say(done)
    store.close()


def change_pins(folder: Path, say: Say, *, pins: list[str]) -> None:
    """Sets one PIN after the other; says each once it holds."""
    store = new_store(folder)
    store.open()
    for old, new in pairwise(pins):
        store.keyring.set_pin(new, old)
        say(new)
    store.close()


def bring_over(folder: Path, say: Say) -> None:
    store = new_store(folder)
    store.open()
    say("open")
    store.close()


def read(folder: Path, say: Say, *, until: int) -> None:
    """Says how many there are until there are so many, and that what is found is among them."""
    store, seen = new_store(folder), 0
    store.open()
    end_s = time.monotonic() + 120
    while seen < until:
        assert time.monotonic() < end_s, "the others have stopped"
        found = store.recall(mint(store, Purpose.ANSWER), "fact", limit=1000)
        items = store.items(mint(store, Purpose.ANSWER), limit=10_000)
        assert {each.item.id for each in found} <= {item.id for item in items}
        seen = len(items)
        say(seen)
    store.close()


def write_within(folder: Path, say: Say, *, bytes_long: int, most: int) -> None:
    """Writes where no file may grow beyond so many bytes; says the error at which it ends."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (bytes_long, bytes_long))
    try:
        write(folder, say, most=most)
    except LapelError as error:
        say(f"error {type(error).__name__}: {error}")


def mix(folder: Path, say: Say, *, seed: int, times: int) -> None:
    """Does whatever a vault can do, as it comes; says what it stored and what it forgot."""
    chance, store = random.Random(seed), new_store(folder)
    store.open()
    for _ in range(times):
        match chance.choice(("write", "write", "write", "read", "forget", "reap")):
            case "write":
                word = f"word{chance.getrandbits(64):016x}"
                place = chance.choice(PLACES)
                item = store.remember(
                    mint(store, Purpose.REMEMBER), f"fact {word}", compartment=place, said_by=SAID
                )
                say(f"stored {item.id} {word}")
            case "read":
                store.recall(mint(store, Purpose.ANSWER), "fact", limit=50)
            case "forget" if items := store.items(mint(store, Purpose.FORGET), limit=3):
                gone = chance.choice(items).id
                with suppress(ItemNotFound):  # another process was first
                    forget_for_good(store, gone)
                    say(f"forgot {gone}")
            case _:
                store.reap()
    store.close()


def forget_for_good(store: Store, item_id: str) -> None:
    """Though its bytes may have to wait until nobody reads them."""
    try:
        store.forget(mint(store, Purpose.FORGET), item_id)
    except StoreUnusable as error:
        if "It is forgotten" not in str(error):
            raise


def give_and_revoke(folder: Path, say: Say, *, times: int) -> None:
    """Gives two grants and takes one back, again and again; says which one is kept."""
    store = new_store(folder)
    store.open()
    for _ in range(times):
        review = mint(store, Purpose.REVIEW)
        gone, kept = (store.grants.give(review, A_GRANT) for _ in range(2))
        assert store.grants.revoke([gone.id]) == 1
        say(f"kept {kept.id}")
    store.close()


def list_grants(folder: Path, say: Say) -> None:
    store = new_store(folder)
    store.open()
    say(" ".join(each.id for each in store.grants.all()))
    store.close()


WORKS: dict[str, Callable[..., None]] = {
    each.__name__: each
    for each in (
        write,
        forget,
        reap,
        undo,
        reembed,
        change_pins,
        bring_over,
        read,
        write_within,
        mix,
        give_and_revoke,
        list_grants,
    )
}
