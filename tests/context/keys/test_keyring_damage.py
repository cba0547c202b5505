"""A vault's keys when header, secret or disk are not well."""

import json
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from context.errors import KeysUnusable, LapelError
from context.keys import FileKeySource, NoKeySource, key_header
from context.keys.keyring import Keyring, Tier
from tests.context.vaults import GENERAL, NAMES, PIN, TINY, Hands, files, fill

New = Callable[..., Keyring]


def test_a_header_cut_anywhere_is_an_error_and_stays(new: New, header: Path) -> None:
    keyring = new()
    fill(keyring)
    whole = header.read_bytes()
    for length in range(len(whole)):
        header.write_bytes(whole[:length])
        with pytest.raises(LapelError, match="restore it from a backup"):
            new()
        assert header.read_bytes() == whole[:length]
    header.write_bytes(whole)
    assert new().names() == sorted(NAMES)


def test_any_changed_byte_is_an_error(new: New, header: Path) -> None:
    fill(new())
    whole = header.read_bytes()
    for at in range(0, len(whole), 5):
        for flip in (1, 0x80):
            changed = bytearray(whole)
            changed[at] ^= flip
            header.write_bytes(changed)
            with pytest.raises(LapelError):
                new()


@given(
    st.recursive(
        st.none() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_any_json_is_an_error(value: object) -> None:
    with pytest.raises(KeysUnusable):
        key_header.from_bytes(json.dumps(value).encode())


@pytest.mark.parametrize("data", [b"[" * 100_000, b"\xff\xfe", b"\0" * 500, b'{"format": 1}'])
def test_any_bytes_are_an_error(data: bytes) -> None:
    with pytest.raises(KeysUnusable, match="damaged"):
        key_header.from_bytes(data)


def test_edits_by_who_knows_the_checksum_open_nothing(new: New, header: Path) -> None:
    keyring = new()
    made = fill(keyring)
    now = key_header.from_bytes(header.read_bytes())
    one, two = (made[NAMES[at]].file_id for at in (0, 2))
    swapped = now.entries[GENERAL] | {
        one: now.entries[GENERAL][two],
        two: now.entries[GENERAL][one],
    }
    edited = key_header.changed(now, entries=now.entries | {GENERAL: swapped})
    header.write_bytes(key_header.to_bytes(edited))
    for call in (new, keyring.names):
        with pytest.raises(KeysUnusable, match="damaged"):
            call()
    header.write_bytes(key_header.to_bytes(key_header.changed(now, device=now.device[::-1])))
    with pytest.raises(KeysUnusable, match="damaged"):
        new()


def test_a_newer_format_is_refused(new: New, header: Path) -> None:
    new()
    newer = json.loads(header.read_bytes()) | {"format": 2, "unheard": "of"}
    header.write_text(json.dumps(newer))
    with pytest.raises(KeysUnusable, match=r"newer version .*format 2.*update the program"):
        new()


def test_impossible_costs_are_damage(new: New, header: Path) -> None:
    new().set_pin(PIN)
    text = header.read_text().replace('"memory_kib":8', '"memory_kib":8000000')
    header.write_text(text)
    with pytest.raises(KeysUnusable, match="damaged"):
        new()


def test_another_secret_is_said_and_makes_no_new_vault(
    new: New, header: Path, tmp_path: Path
) -> None:
    keyring = new()
    made = fill(keyring)
    before = header.read_bytes()
    secret = tmp_path / "secret"
    secret.rename(tmp_path / "kept")
    with pytest.raises(KeysUnusable, match="not the device secret this vault was made with"):
        new()  # the source makes a new one, as the file was lost
    with pytest.raises(KeysUnusable, match="was made with a device secret, and none"):
        new(NoKeySource())
    assert header.read_bytes() == before
    (tmp_path / "kept").replace(secret)
    assert files(new()) == made


def test_a_secret_where_there_was_none_is_said(new: New) -> None:
    new(NoKeySource()).set_pin(PIN)
    with pytest.raises(KeysUnusable, match="was made without a device secret"):
        new()


def test_the_pin_alone_opens_nothing_on_another_device(new: New, tmp_path: Path) -> None:
    keyring = new()
    keyring.set_pin(PIN)
    (tmp_path / "secret").unlink()
    with pytest.raises(KeysUnusable, match="not the device secret"):
        keyring.unlock(PIN)


def test_a_full_disk_leaves_the_header(
    new: New, header: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring = new()
    made = fill(keyring)
    before = header.read_bytes()

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        for call in (
            lambda: keyring.make("new", GENERAL),
            lambda: keyring.destroy(NAMES[0], GENERAL),
            lambda: keyring.set_pin(PIN),
            keyring.pair_phone,
            lambda: keyring.owe(["id"]),
        ):
            with pytest.raises(KeysUnusable, match="disk is full"):
                call()
            assert header.read_bytes() == before
            assert files(keyring) == made
    assert files(new()) == made
    assert not keyring.has_pin()
    assert keyring.get("new", GENERAL) is None
    keyring.make("new", GENERAL)


def test_a_first_pin_that_could_not_be_kept_opens_nothing(
    new: New, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else files would be made under keys that no header has."""
    keyring = new(NoKeySource())

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", full)
        with pytest.raises(KeysUnusable, match="disk is full"):
            keyring.set_pin(PIN)
    assert all(keyring.locked(tier) for tier in Tier)


def test_a_missing_folder_is_said(tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "no", FileKeySource(tmp_path / "secret"), Hands(), argon2=TINY)
    with pytest.raises(KeysUnusable, match="gone"):
        keyring.open()


def test_a_linked_header_is_refused(new: New, header: Path, tmp_path: Path) -> None:
    new()
    header.rename(tmp_path / "elsewhere")
    header.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(KeysUnusable, match="can't be read"):
        new()
