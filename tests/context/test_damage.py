"""Damaged anywhere: it is said of the one place, and nothing is made of it that was not in it."""

import random
import shutil
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from context import ContextError, Provenance, Purpose, Store, StoreUnusable, sqlite_file
from context.keys.keyring import Tier
from tests.context.forensic import files, keys_of
from tests.context.processes import Nursery, nursery, told
from tests.context.works import everything, mint, new_store
from tests.tiers import cases

OWNER, HOUSE = "owner/general", "household/general"
SECRET = "the spare key is under the blue flower pot"
SAID = Provenance.OWNER_SPOKE


@pytest.fixture(scope="module")
def nurse() -> Iterator[Nursery]:
    with nursery() as made:
        yield made


@pytest.fixture(scope="module")
def closed_vault(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, list[str]]]:
    """A closed vault of two places, and the texts in each; to be copied before it is damaged."""
    folder = tmp_path_factory.mktemp("closed") / "vault"
    store = new_store(folder)
    store.open()
    texts: dict[str, list[str]] = {"owner/general": [], "household/general": []}
    for place, held in texts.items():
        for number in range(25):
            text = f"{SECRET} {number} in {place} " + "long " * number
            compartment = next(
                c for c in mint(store, Purpose.REMEMBER).compartments if str(c) == place
            )
            write = mint(store, Purpose.REMEMBER)
            store.remember(write, text, compartment=compartment, said_by=SAID)
            held.append(text)
    store.close()
    return folder, texts


def damaged(data: bytes, how: str, at: float, chance: random.Random) -> bytes:
    place = min(int(at * len(data)), len(data) - 1)
    changed = bytearray(data)
    match how:
        case "flip":
            changed[place] ^= 1 << chance.randrange(8)
        case "cut":
            del changed[max(place, 1) :]  # an empty file is a new one
        case "noise":
            changed[place : place + 512] = chance.randbytes(len(changed[place : place + 512]))
        case "page of zeros":
            start = place // 4096 * 4096
            changed[start : start + 4096] = bytes(4096)
        case "pages swapped":
            one, other = place // 4096 * 4096, chance.randrange(len(data) // 4096) * 4096
            changed[one : one + 4096], changed[other : other + 4096] = (
                data[other : other + 4096],
                data[one : one + 4096],
            )
    return bytes(changed)


HOW = ["flip", "flip", "cut", "noise", "page of zeros", "pages swapped"]


@settings(max_examples=cases(250, 20_000), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(HOW), st.floats(0, 1, exclude_max=True), st.integers(0, 1000))
def test_a_damaged_file_is_said_and_gives_nothing_that_was_not_in_it(
    closed_vault: tuple[Path, dict[str, list[str]]],
    fast_folder: Path,
    how: str,
    at: float,
    seed: int,
) -> None:
    original, texts = closed_vault
    folder = fast_folder / uuid4().hex
    shutil.copytree(original, folder)
    store = new_store(folder)
    store.open()
    path = path_of(store, OWNER)
    before = path.read_bytes()
    changed = damaged(before, how, at, random.Random(seed))
    path.write_bytes(changed)
    scopes = {
        place: mint(store, Purpose.ANSWER).without(
            c for c in mint(store, Purpose.ANSWER).compartments if str(c) != place
        )
        for place in (OWNER, HOUSE)
    }
    try:
        items = store.items(scopes[OWNER], limit=1000)
        found = store.recall(scopes[OWNER], "spare key", limit=1000)
    except StoreUnusable as error:
        assert error.compartment == OWNER
        assert OWNER in str(error)
        assert SECRET not in str(error)
        assert changed != before
        assert path.read_bytes() == changed  # nothing is made worse
    else:
        # It was no page that reading needs, or a cut-off end that was empty: all the same.
        assert {item.text for item in items} <= set(texts[OWNER])
        assert {each.item.text for each in found} <= set(texts[OWNER])
        if changed != before:
            assert faults_of(store, OWNER) or len(items) == len(texts[OWNER])
    other = store.items(scopes[HOUSE], limit=1000)
    assert sorted(item.text for item in other) == sorted(texts[HOUSE])
    assert len(store.recall(scopes[HOUSE], "spare key", limit=1000)) == len(texts[HOUSE])
    with suppress(ContextError):
        store.close()
    shutil.rmtree(folder)


def path_of(store: Store, place: str) -> Path:
    key = store.keyring.get(place, Tier.GENERAL)
    assert key is not None
    return store.files.path(key.file_id)


def faults_of(store: Store, place: str) -> list[str]:
    where = next(each for each in store.files.places() if str(*each) == place)
    try:
        with store.files.file(where) as file:
            assert file is not None
            return sqlite_file.faults(file.connection)
    except StoreUnusable as error:
        return [str(error)]


@pytest.mark.parametrize("seed", range(cases(6, 200)))
def test_damage_in_a_wal_that_a_kill_left_gives_nothing_that_was_not_written(
    nurse: Nursery, fast_folder: Path, seed: int
) -> None:
    """What of the log is not whole is left out, as if it had not been written."""
    chance = random.Random(seed)
    folder = fast_folder / "vault"
    kept: dict[str, str] = {}
    after_s, logs = nurse.pace_s(fast_folder / "pace"), list[Path]()
    while not logs:
        kept |= told(nurse.live("write", folder, start=len(kept), kill_after_s=after_s))
        logs = [path for path in files(folder) if path.name.endswith("-wal")]
        logs = [path for path in logs if path.stat().st_size]
        after_s *= 1.5
    for path in logs:
        path.write_bytes(damaged(path.read_bytes(), chance.choice(HOW), chance.random(), chance))
    store = new_store(folder)
    store.open()
    with suppress(StoreUnusable):
        for item in everything(store):
            assert item.text.startswith("fact word")
            assert item.id not in kept or item.text.endswith(kept[item.id])
    store.close()


def test_the_key_of_another_file_opens_nothing(
    closed_vault: tuple[Path, dict[str, list[str]]], fast_folder: Path
) -> None:
    folder = fast_folder / "vault"
    shutil.copytree(closed_vault[0], folder)
    store = new_store(folder)
    store.open()
    for file_id, key in keys_of(store).items():
        path = store.files.path(file_id)
        before = path.read_bytes()
        wrong = bytes([key[0] ^ 1]) + key[1:]
        with pytest.raises(StoreUnusable, match="not encrypted with this vault's key"):
            sqlite_file.open_file(path, wrong, "owner/general", create=False)
        assert path.read_bytes() == before
    store.close()
