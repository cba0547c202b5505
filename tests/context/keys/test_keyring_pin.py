"""Setting, changing and trying the PIN."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from context import keys
from context.errors import PinRefused, WrongPin
from context.keys import Argon2, FileKeySource
from context.keys.keyring import Keyring
from tests.context.vaults import (
    OTHER_PIN,
    PIN,
    RESTRICTED,
    Hands,
    files,
    fill,
)

New = Callable[..., Keyring]


def test_changing_the_pin_keeps_every_key_and_touches_only_the_header(
    new: New, folder: Path, tmp_path: Path
) -> None:
    keyring = new()
    made, subkey, vault = fill(keyring), keyring.subkey("audit"), keyring.vault_id
    (folder / "a.sqlite").write_bytes(b"encrypted")
    before = snapshot(tmp_path)
    entries = json.loads((folder / "keyring.json").read_bytes())["entries"]
    for new_pin, old in ((PIN, None), (OTHER_PIN, PIN), (None, OTHER_PIN), (PIN, None)):
        keyring.set_pin(new_pin, old)
        assert files(keyring) == made
        assert keyring.has_pin() == (new_pin is not None)
    after = snapshot(tmp_path)
    assert {path for path in after if before.get(path) != after[path]} == {folder / "keyring.json"}
    assert json.loads((folder / "keyring.json").read_bytes())["entries"] == entries
    again = new()
    assert again.locked(RESTRICTED)
    again.unlock(PIN)
    assert files(again) == made
    assert (again.subkey("audit"), again.vault_id) == (subkey, vault)


def snapshot(folder: Path) -> dict[Path, tuple[int, int]]:
    found = (path for path in folder.rglob("*") if path.is_file() and not path.is_symlink())
    return {path: (path.stat().st_ino, path.stat().st_mtime_ns) for path in found}


def test_the_old_pin_ends_and_is_needed(new: New, hands: Hands) -> None:
    keyring = new()
    keyring.set_pin(PIN)
    with pytest.raises(WrongPin, match="old PIN is needed"):
        keyring.set_pin(OTHER_PIN)
    with pytest.raises(WrongPin):
        keyring.set_pin(OTHER_PIN, "0000")
    keyring.set_pin(OTHER_PIN, PIN)
    with pytest.raises(WrongPin):
        keyring.unlock(PIN)
    keyring.unlock(OTHER_PIN)
    keyring.lock()
    with pytest.raises(WrongPin):
        keyring.set_pin(None, PIN)
    keyring.set_pin(None, OTHER_PIN)  # works while locked, and opens
    assert not keyring.locked(RESTRICTED)
    assert not new().locked(RESTRICTED)


def test_a_pin_is_the_same_however_it_is_typed(new: New) -> None:
    keyring = new()
    keyring.set_pin("Ａpfel\u0065\u0301")
    keyring.unlock("Apfel\u00e9")
    with pytest.raises(WrongPin):
        keyring.unlock("apfel\u00e9")


@pytest.mark.parametrize("pin", ["", "123", "1" * 65, "\ud800\ud800\ud800\ud800"])
def test_what_cant_be_a_pin_is_refused_and_not_counted(new: New, pin: str) -> None:
    keyring = new()
    keyring.set_pin("1" * 64)
    for _ in range(5):
        with pytest.raises(PinRefused, match="4 to 64"):
            keyring.set_pin(pin, "1" * 64)
        with pytest.raises(PinRefused):
            keyring.unlock(pin)
    keyring.unlock("1" * 64)


def test_a_restart_does_not_give_more_tries(
    new: New, hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring = new()
    keyring.set_pin(PIN)
    waits: list[float] = []
    for _ in range(3):
        with pytest.raises(WrongPin) as caught:
            new().unlock("0000")
        waits.append(caught.value.retry_after_s)
    assert waits == [0, 0, 2]
    with monkeypatch.context() as patched:
        patched.setattr(keys, "stretch", lambda *_: pytest.fail("it was tested"))
        with pytest.raises(WrongPin) as caught:
            new().unlock(PIN)
        with pytest.raises(WrongPin):
            keyring.set_pin(None, PIN)
        with pytest.raises(WrongPin):
            keyring.unlock(PIN)
    assert caught.value.retry_after_s == 2
    hands.move(2)
    keyring.lock()
    keyring.unlock(PIN)
    with pytest.raises(WrongPin) as caught:
        keyring.unlock("0000")
    assert caught.value.retry_after_s == 0
    assert not keyring.locked(RESTRICTED)


def test_a_kill_during_the_test_of_a_pin_is_a_failure(
    new: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object) -> bytes:
        raise Killed

    new().set_pin(PIN)
    with monkeypatch.context() as patched:
        patched.setattr(keys, "stretch", killed)
        for _ in range(3):
            with pytest.raises(Killed):
                new().unlock("0000")
    with pytest.raises(WrongPin, match="too many"):
        new().unlock(PIN)


def test_costs_are_those_the_pin_was_set_with(new: New, folder: Path, tmp_path: Path) -> None:
    new().set_pin(PIN)
    source = FileKeySource(tmp_path / "secret")
    costly = Keyring(folder, source, Hands(), argon2=Argon2(16, 2, 2))
    costly.open()
    costly.unlock(PIN)
    costly.set_pin(PIN, PIN)
    new().unlock(PIN)


def test_a_pin_that_is_changed_meanwhile_is_not_overruled(
    new: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring, other = new(), new()
    keyring.set_pin(PIN)
    keyring.lock()
    real = keys.stretch

    def overtaken(pin: str, salt: bytes, cost: Argon2) -> bytes:
        monkeypatch.setattr(keys, "stretch", real)
        found = real(pin, salt, cost)
        other.set_pin(OTHER_PIN, PIN)
        return found

    monkeypatch.setattr(keys, "stretch", overtaken)
    with pytest.raises(WrongPin, match="just changed"):
        keyring.unlock(PIN)
    assert keyring.locked(RESTRICTED)
    other.set_pin(None, OTHER_PIN)

    def overtaken_by_the_first(pin: str, salt: bytes, cost: Argon2) -> bytes:
        monkeypatch.setattr(keys, "stretch", real)
        other.set_pin(PIN)
        return real(pin, salt, cost)

    monkeypatch.setattr(keys, "stretch", overtaken_by_the_first)
    with pytest.raises(WrongPin, match="just changed the PIN"):
        keyring.set_pin(OTHER_PIN)
    keyring.unlock(PIN)
