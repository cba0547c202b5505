"""Destroying every key at once, whatever else goes on."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from context import keys
from context.errors import KeysUnusable, VaultLocked, WrongPin
from context.keys import FileKeySource, NoKeySource, header_file
from context.keys.keyring import Keyring
from tests.context.vaults import GENERAL, PIN, RESTRICTED, TINY, Hands, every_call, fill

New = Callable[..., Keyring]


@pytest.mark.parametrize("state", ["open", "locked", "closed", "damaged"])
def test_panic_leaves_no_key_and_a_vault_that_is_new(
    new: New, folder: Path, tmp_path: Path, state: str
) -> None:
    keyring = new()
    made = fill(keyring)
    vault, secret = keyring.vault_id, (tmp_path / "secret").read_bytes()
    keyring.set_pin(PIN)
    with pytest.raises(WrongPin):
        keyring.unlock("0000")
    other = new()
    match state:
        case "locked":
            keyring.lock()
        case "closed":
            keyring.close()
        case "damaged":
            (folder / "keyring.json").write_bytes(b"{")
        case _:
            pass
    (folder / "a.sqlite").write_bytes(b"encrypted")
    gone = [path for path in (*folder.iterdir(), tmp_path / "secret") if "sqlite" not in path.name]
    opened = [path.open("rb") for path in gone]
    keyring.panic()
    assert {path.name for path in folder.iterdir()} == {"keyring.lock", "a.sqlite"}
    assert not (tmp_path / "secret").exists()
    for file in opened:
        with file:
            assert not any(file.read())
    for call in every_call(keyring) + every_call(other):
        with pytest.raises((KeysUnusable, VaultLocked)):
            call()
    keyring.lock()
    keyring.close()
    keyring.panic()
    keyring.open()
    assert keyring.vault_id != vault
    assert keyring.names() == keyring.file_ids() == []
    assert not keyring.has_pin()
    assert not keyring.locked(RESTRICTED)
    assert (tmp_path / "secret").read_bytes() != secret
    assert not set(fill(keyring).values()) & set(made.values())
    for call in every_call(other):  # which had the old vault open
        with pytest.raises(KeysUnusable):
            call()


def test_before_opening_everything_is_refused(folder: Path) -> None:
    keyring = Keyring(folder, NoKeySource(), Hands(), argon2=TINY)
    for call in every_call(keyring):
        with pytest.raises(KeysUnusable, match="not open"):
            call()
    keyring.lock()
    keyring.close()
    assert not list(folder.iterdir())


def test_panic_does_not_wait_for_one_that_hangs(
    new: New, folder: Path, header: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(header_file, "PANIC_WAIT_S", 0.01)
    monkeypatch.setattr("context.keys.opener.PANIC_WAIT_S", 0.01)
    keyring, hanging = new(), new()
    fill(keyring)
    inside, go_on = threading.Event(), threading.Event()

    def hang() -> None:
        with hanging._opener.changing(), keyring._opener._lock:
            inside.set()
            go_on.wait(60)

    thread = threading.Thread(target=hang)
    thread.start()
    assert inside.wait(60)
    keyring.panic()
    assert not header.exists()
    go_on.set()
    thread.join(60)
    with pytest.raises(KeysUnusable):
        hanging.make("x", GENERAL)
    assert not header.exists()


def test_panic_does_not_wait_for_a_pin_that_is_tested(
    new: New, header: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring = new()
    keyring.set_pin(PIN)
    keyring.lock()
    real = keys.stretch

    def slow(*arguments: object) -> bytes:
        keyring.panic()
        return real(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(keys, "stretch", slow)
    with pytest.raises(KeysUnusable, match="not open"):
        keyring.unlock(PIN)
    assert not header.exists()


def test_panic_does_what_it_can(new: New, header: Path, tmp_path: Path) -> None:
    class Stuck(FileKeySource):
        def destroy(self) -> None:
            raise KeysUnusable("It is stuck.")

    keyring = new(Stuck(tmp_path / "secret"))
    with pytest.raises(KeysUnusable, match=r"Not all keys .* It is stuck"):
        keyring.panic()
    assert not header.exists()
    with pytest.raises(KeysUnusable):
        keyring.names()


def test_who_had_the_vault_open_does_not_go_on_in_the_next(new: New) -> None:
    keyring, other, third = new(), new(), new()
    fill(other)
    keyring.panic()
    keyring.open()
    with pytest.raises(KeysUnusable, match="has been erased: open it again"):
        other.make("owner/general", GENERAL)
    with pytest.raises(KeysUnusable, match="has been erased"):
        third.names()
    assert keyring.names() == []
    other.open()
    assert other.vault_id == keyring.vault_id
