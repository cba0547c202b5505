"""What opens a vault's keys and what doesn't: device, PIN and phone."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from context import keys
from context.errors import KeysUnusable, VaultLocked, WrongPin
from context.keys import NoKeySource, WrongKey, key_header
from context.keys.keyring import Keyring, Tier
from tests.context.vaults import (
    GENERAL,
    NAMES,
    OTHER_PIN,
    PIN,
    RESTRICTED,
    Hands,
    Vault,
    files,
    fill,
)

New = Callable[..., Keyring]


def test_without_a_pin_the_device_opens_everything(new: New) -> None:
    keyring = new()
    assert not keyring.has_pin()
    keyring.lock()
    assert not any(keyring.locked(tier) for tier in Tier)
    with pytest.raises(KeysUnusable, match="No PIN is set"):
        keyring.unlock(PIN)
    with pytest.raises(KeysUnusable, match="No phone is paired"):
        keyring.unlock_with_phone(b"x" * 32)


def test_with_a_pin_the_restricted_tier_is_locked(new: New) -> None:
    keyring = new()
    made = fill(keyring)
    keyring.set_pin(PIN)
    assert not keyring.locked(RESTRICTED)
    keyring.lock()
    for locked in (keyring, new()):
        assert locked.has_pin()
        assert (locked.locked(GENERAL), locked.locked(RESTRICTED)) == (False, True)
        assert locked.get(NAMES[0], GENERAL) == made[NAMES[0]]
        assert locked.names() == ["owner/general", "person:anna/general"]
        assert locked.file_ids() == sorted(file.file_id for file in made.values())
        for call in (locked.get, locked.make, locked.destroy):
            with pytest.raises(VaultLocked, match=r"restricted part .* locked") as caught:
                call(NAMES[1], RESTRICTED)
            assert caught.value.tier == RESTRICTED
        with pytest.raises(VaultLocked):
            locked.pair_phone()
        with pytest.raises(WrongPin):
            locked.unlock(OTHER_PIN)
        assert locked.locked(RESTRICTED)
        locked.unlock(PIN)
        assert files(locked) == made


def test_general_may_need_the_pin_too(new: New, tmp_path: Path) -> None:
    keyring = new(general_needs_pin=True)
    for tier in Tier:
        with pytest.raises(VaultLocked, match="until a PIN is set"):
            keyring.make("x", tier)
    keyring.set_pin(PIN)
    made = fill(keyring)
    keyring.lock()
    assert all(keyring.locked(tier) for tier in Tier)
    assert keyring.names() == []
    with pytest.raises(VaultLocked, match="general part"):
        keyring.subkey("audit")
    again = new(general_needs_pin=True)
    assert all(again.locked(tier) for tier in Tier)
    again.unlock(PIN)
    assert files(again) == made
    with pytest.raises(KeysUnusable, match="Only its PIN"):
        again.set_pin(None, PIN)


def test_needing_the_pin_takes_effect_at_the_next_unlocking(new: New, header: Path) -> None:
    keyring = new()
    made = fill(keyring)
    keyring.set_pin(PIN)
    strict = new(general_needs_pin=True)
    assert strict.locked(GENERAL)
    strict.unlock(PIN)
    assert json.loads(header.read_bytes())["device"] is None
    lax = new()
    assert lax.locked(GENERAL)
    lax.unlock(PIN)
    lax.lock()
    fresh = new()
    assert not fresh.locked(GENERAL)
    assert fresh.get(NAMES[0], GENERAL) == made[NAMES[0]]


def test_a_first_pin_needs_no_old_one_even_if_the_setting_came_first(new: New) -> None:
    made = fill(new())
    strict = new(general_needs_pin=True)
    assert strict.locked(GENERAL)
    strict.set_pin(PIN)
    assert files(strict) == made


def test_without_a_device_secret_a_pin_must_be_set_first(new: New) -> None:
    keyring = new(NoKeySource())
    for tier in Tier:
        assert keyring.locked(tier)
        with pytest.raises(VaultLocked, match="until a PIN is set"):
            keyring.make("x", tier)
    with pytest.raises(VaultLocked):
        keyring.pair_phone()
    assert new(NoKeySource()).vault_id == keyring.vault_id
    keyring.set_pin(PIN)
    made = fill(keyring)
    again = new(NoKeySource())
    assert again.names() == []
    again.unlock(PIN)
    assert files(again) == made
    with pytest.raises(KeysUnusable, match="Only its PIN"):
        again.set_pin(None, PIN)


def test_a_phone_opens_everything_and_may_change_the_pin(new: New) -> None:
    keyring = new()
    made = fill(keyring)
    keyring.set_pin(PIN)
    first = keyring.pair_phone()
    phone = keyring.pair_phone()
    assert len(phone) == 32
    again = new()
    with pytest.raises(WrongPin):
        again.unlock_with_phone(first)
    again.unlock_with_phone(phone)
    assert files(again) == made
    again.set_pin(OTHER_PIN)
    again.lock()
    with pytest.raises(WrongPin, match="old PIN"):
        again.set_pin(PIN)
    again.unlock_with_phone(phone)  # which the new PIN did not end
    again.lock()
    again.unlock(OTHER_PIN)
    with pytest.raises(WrongPin, match="old PIN"):
        again.set_pin(PIN)
    again.lock()
    again.unpair_phone()
    with pytest.raises(KeysUnusable, match="No phone"):
        again.unlock_with_phone(phone)


def test_phones_are_counted_as_pins_are(new: New, hands: Hands) -> None:
    keyring = new()
    keyring.set_pin(PIN)
    phone = keyring.pair_phone()
    keyring.lock()
    for wrong in (b"", b"x" * 32, phone[:-1]):
        with pytest.raises(WrongPin):
            keyring.unlock_with_phone(wrong)
    for call in (lambda: keyring.unlock_with_phone(phone), lambda: keyring.unlock(PIN)):
        with pytest.raises(WrongPin, match="wait 2 seconds"):
            call()
    hands.move(2)
    keyring.unlock_with_phone(phone)
    keyring.unlock(PIN)


def test_the_device_alone_can_open_the_general_tier_only(new: New, vault: Vault) -> None:
    """By what is in the file, not by what the program allows."""
    keyring = new()

    def by_device() -> set[Tier]:
        header = key_header.from_bytes(vault.header.read_bytes())
        assert header.device is not None
        wrapping = key_header.device_key(header, vault.secret.read_bytes())
        return set(key_header.open_tiers(header, "device", header.device, wrapping))

    assert by_device() == {GENERAL, RESTRICTED}
    keyring.set_pin(PIN)
    assert by_device() == {GENERAL}
    keyring.set_pin(OTHER_PIN, PIN)
    assert by_device() == {GENERAL}
    keyring.set_pin(None, OTHER_PIN)
    assert by_device() == {GENERAL, RESTRICTED}


def test_pin_and_phone_open_nothing_without_the_device_secret(new: New, vault: Vault) -> None:
    keyring = new()
    keyring.set_pin(PIN)
    phone = keyring.pair_phone()
    header = key_header.from_bytes(vault.header.read_bytes())
    assert header.pin is not None
    assert header.phone is not None
    stretched = keys.stretch(PIN, header.pin.salt, header.pin.argon2)
    for secret, opens in ((vault.secret.read_bytes(), True), (b"", False), (b"x" * 32, False)):
        for slot, sealed, wrapping in (
            ("pin", header.pin.sealed, key_header.pin_key(header, secret, stretched)),
            ("phone", header.phone, key_header.phone_key(header, secret, phone)),
        ):
            if opens:
                assert set(key_header.open_tiers(header, slot, sealed, wrapping)) == set(Tier)
            else:
                with pytest.raises(WrongKey):
                    key_header.open_tiers(header, slot, sealed, wrapping)
