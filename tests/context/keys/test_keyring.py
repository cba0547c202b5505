"""A vault's keys of files: made, kept, destroyed, shared, and not shown."""

import base64
import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from context import durable
from context.errors import KeysUnusable, LapelError, WrongPin
from context.keys import FileKeySource, header_file
from context.keys.keyring import FileKey, Keyring, Tier
from tests.context.vaults import (
    GENERAL,
    NAMES,
    OTHER_PIN,
    PIN,
    RESTRICTED,
    TINY,
    Hands,
    files,
    fill,
)

New = Callable[..., Keyring]


def test_keys_are_made_once_and_outlive_the_process(new: New) -> None:
    keyring = new()
    assert files(keyring) == dict.fromkeys(NAMES)
    made = fill(keyring)
    assert fill(keyring) == made == files(keyring)
    assert len({file.key for file in made.values()}) == 3
    assert all(len(file.key) == 32 and len(file.file_id) == 32 for file in made.values())
    keyring.close()
    again = new()
    assert files(again) == made
    assert again.names() == sorted(NAMES)
    assert again.file_ids() == sorted(file.file_id for file in made.values())


def test_a_name_is_another_in_another_tier(new: New) -> None:
    keyring = new()
    assert keyring.make("same", GENERAL) != keyring.make("same", RESTRICTED)
    assert keyring.names() == ["same"]


@given(st.lists(st.text(max_size=200), unique=True, max_size=5))
@settings(max_examples=20, deadline=None)
def test_any_text_is_a_name(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    folder = tmp_path_factory.mktemp("vault")
    keyring = Keyring(folder, FileKeySource(folder / "secret"), Hands(), argon2=TINY)
    keyring.open()
    made = {name: keyring.make(name, GENERAL) for name in names}
    keyring.open()
    assert {name: keyring.get(name, GENERAL) for name in names} == made


def test_a_key_is_not_shown(new: New) -> None:
    file = new().make("owner/general", GENERAL)
    assert file.file_id in repr(file)
    assert repr(file.key) not in repr(file)
    assert file.key.hex() not in repr(file)


def test_the_header_shows_neither_names_nor_keys(new: New, folder: Path, tmp_path: Path) -> None:
    keyring = new()
    made = fill(keyring)
    keyring.set_pin(PIN)
    phone = keyring.pair_phone()
    keyring.owe(["a-random-id"])
    secret = (tmp_path / "secret").read_bytes()
    stored = b"".join(each.read_bytes() for each in folder.iterdir())
    hidden = [*(name.encode() for name in NAMES), b"anna", b"health", PIN.encode()]
    for key in (*(file.key for file in made.values()), phone, secret, keyring.subkey("x")):
        hidden += spellings(key)
    assert not [each for each in hidden if each in stored]
    short = keyring.make("a", GENERAL).file_id
    long = keyring.make("person:somebody-with-a-long-name/general", GENERAL).file_id
    entries = json.loads((folder / "keyring.json").read_bytes())["entries"]["general"]
    assert len(entries[short]) == len(entries[long])


def spellings(key: bytes) -> list[bytes]:
    """How a key might be written; base64 from each of the places it can begin at."""
    found = [key, key.hex().encode()]
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        found += [encode(key[at:])[:-4] for at in range(3)]
    return found


def test_destroying_leaves_nothing_that_opens_it(new: New, header: Path) -> None:
    keyring = new()
    made = fill(keyring)
    with header.open("rb") as before:
        assert keyring.destroy(NAMES[1], RESTRICTED) == made[NAMES[1]].file_id
        assert not any(before.read())
    assert keyring.destroy(NAMES[1], RESTRICTED) is None
    assert keyring.destroy(NAMES[0], RESTRICTED) is None
    left = {**made, NAMES[1]: None}
    assert files(keyring) == left
    assert files(new()) == left
    assert made[NAMES[1]].file_id.encode() not in header.read_bytes()
    assert keyring.make(NAMES[1], RESTRICTED) != made[NAMES[1]]


def test_every_header_that_is_replaced_is_overwritten(new: New, header: Path) -> None:
    keyring = new()
    changes: list[Callable[[], object]] = [
        lambda: keyring.make("a", GENERAL),
        lambda: keyring.set_pin(PIN),
        lambda: keyring.set_pin(OTHER_PIN, PIN),
        keyring.pair_phone,
        keyring.unpair_phone,
        lambda: keyring.owe(["one"]),
        lambda: keyring.pay(["one"]),
    ]
    for change in changes:
        with header.open("rb") as before:
            change()
            content = before.read()
            assert content == bytes(len(content))


def test_what_a_killed_process_left_is_overwritten_at_opening(new: New, header: Path) -> None:
    new()
    for suffix in (".new", ".old"):
        leftover = header.with_name(header.name + suffix)
        leftover.write_bytes(header.read_bytes())
        with leftover.open("rb") as file:
            new()
            assert not any(file.read())
        assert not leftover.exists()


def test_subkeys_are_for_one_purpose_and_stay(new: New) -> None:
    keyring = new()
    known = {purpose: keyring.subkey(purpose) for purpose in ("audit", "grants", "")}
    assert len(set(known.values())) == 3
    assert all(len(key) == 32 for key in known.values())
    keyring.set_pin(PIN)
    keyring.lock()
    assert {purpose: new().subkey(purpose) for purpose in known} == known


def test_debts_are_kept_while_locked(new: New) -> None:
    keyring = new()
    keyring.set_pin(PIN)
    keyring.lock()
    keyring.owe(["one", "two"])
    keyring.owe(iter(["two", "three"]))
    assert new().owed() == {"one", "two", "three"}
    new().pay(["two", "never owed"])
    assert keyring.owed() == {"one", "three"}
    for private in ("the key is under the pot", "", "é", "x" * 65):
        with pytest.raises(ValueError, match="Only random ids"):
            keyring.owe(["fine", private])
    assert keyring.owed() == {"one", "three"}


def test_what_another_changes_is_noticed(new: New) -> None:
    one, two = new(), new()
    made = one.make("a", GENERAL)
    assert two.get("a", GENERAL) == made
    assert two.destroy("a", GENERAL) == made.file_id
    assert one.get("a", GENERAL) is None
    one.set_pin(PIN)
    assert not two.locked(RESTRICTED)  # it was open, and nobody locked it
    two.lock()
    assert two.locked(RESTRICTED)
    one.set_pin(None, PIN)
    assert not two.locked(RESTRICTED)


def test_a_busy_header_is_said(new: New, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(header_file, "BUSY_S", 0.02)
    one, two = new(), new()
    one.make("a", GENERAL)
    caught: list[BaseException] = []

    def write() -> None:
        assert two.get("a", GENERAL) is not None  # reading waits for nobody
        try:
            two.make("b", GENERAL)
        except KeysUnusable as error:
            caught.append(error)

    with one._opener.changing():
        thread = threading.Thread(target=write)
        thread.start()
        thread.join(60)
    assert [str(error) for error in caught] == [
        "Another program is using the vault's keys: try again."
    ]


def test_threads_share_a_keyring(new: New) -> None:
    keyring, other = new(), new()
    keyring.set_pin(PIN)
    found: list[dict[str, FileKey]] = []
    failed: list[BaseException] = []

    def work(mine: Keyring) -> None:
        try:
            mine.unlock(PIN)
            found.append({str(n): mine.make(str(n), Tier(list(Tier)[n % 2])) for n in range(12)})
        except LapelError as error:
            failed.append(error)

    threads = [threading.Thread(target=work, args=(k,)) for k in (keyring, other) * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert not [error for error in failed if not isinstance(error, WrongPin)]
    assert found
    assert all(each == found[0] for each in found)


def test_a_header_that_is_overwritten_while_it_is_read_is_read_again(
    new: New, header: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader, writer = new(), new()
    fill(writer)
    real = durable.read
    overtaken: list[Path] = []

    def slow(path: Path) -> tuple[bytes, durable.Mark]:
        data, mark = real(path)
        if path == header and not overtaken:
            overtaken.append(path)
            writer.make("b", GENERAL)
            data = data[:100] + bytes(len(data) - 100)
        return data, mark

    monkeypatch.setattr(durable, "read", slow)
    assert reader.get("b", GENERAL) is not None
    assert overtaken
