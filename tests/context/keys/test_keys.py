"""Key sources, and the wrapping and stretching of keys."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from context import durable
from context.errors import KeysUnusable
from context.keys import (
    Argon2,
    CredentialKeySource,
    FileKeySource,
    KernelKeySource,
    KeySource,
    NoKeySource,
    WrongKey,
    derive,
    kernel_keyring,
    stretch,
    unwrap,
    wrap,
)

TINY = Argon2(memory_kib=8, iterations=1, lanes=1)
KEYS = st.binary(min_size=32, max_size=32)


def test_a_secret_is_made_once_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    secret = FileKeySource(path).secret()
    assert len(secret) == 32
    assert path.stat().st_mode & 0o777 == 0o600
    assert FileKeySource(path).secret() == secret
    assert FileKeySource(tmp_path / "other").secret() != secret
    assert {each.name for each in tmp_path.iterdir()} == {"home", "secret", "other"}


def test_processes_make_one_secret(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from context.keys import FileKeySource\n"
        "sys.stdin.readline()\n"
        "print(*(FileKeySource(Path(sys.argv[1]) / str(i)).secret().hex() for i in range(50)))"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    pipe = subprocess.PIPE
    both = [subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) for _ in range(2)]
    for process in both:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    one, two = (process.communicate(timeout=60)[0].split() for process in both)
    assert len(one) == 50
    assert one == two


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o601])
def test_a_secret_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    source = FileKeySource(tmp_path / "secret")
    source.secret()
    (tmp_path / "secret").chmod(mode)
    with pytest.raises(KeysUnusable, match=r"Others can read .*chmod 600"):
        source.secret()


@pytest.mark.parametrize("content", [b"", b"x" * 31, b"x" * 33, bytes(32)])
def test_what_is_no_secret_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "secret"
    durable.write_new(path, content)
    with pytest.raises(KeysUnusable, match="is not a device secret"):
        FileKeySource(path).secret()
    assert path.read_bytes() == content


def test_a_link_or_a_folder_is_no_secret(tmp_path: Path) -> None:
    FileKeySource(tmp_path / "real").secret()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    (tmp_path / "folder").mkdir()
    for name in ("link", "folder"):
        with pytest.raises(KeysUnusable, match=name):
            FileKeySource(tmp_path / name).secret()
    with pytest.raises(KeysUnusable, match="check the folder"):
        FileKeySource(tmp_path / "missing" / "secret").secret()


def test_a_destroyed_secret_is_overwritten_and_the_next_is_another(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    source = FileKeySource(path)
    first = source.secret()
    os.link(path, tmp_path / ".secret.spare-1")  # as a kill can leave it
    with path.open("rb") as file:
        source.destroy()
        assert file.read() == bytes(32)
    assert [each.name for each in tmp_path.iterdir()] == ["home"]
    source.destroy()
    assert source.secret() != first
    FileKeySource(tmp_path / "missing" / "secret").destroy()


def test_a_failed_write_leaves_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(KeysUnusable, match="No space left"):
        FileKeySource(tmp_path / "secret").secret()
    monkeypatch.undo()
    assert not (tmp_path / "secret").exists()
    assert len(FileKeySource(tmp_path / "secret").secret()) == 32


def test_a_credential_is_read_and_never_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = CredentialKeySource()
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    with pytest.raises(KeysUnusable, match=r"systemd-creds encrypt --with-key=host\+tpm2"):
        source.secret()
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with pytest.raises(KeysUnusable, match="LoadCredentialEncrypted=lapel-vault"):
        source.secret()
    (tmp_path / "lapel-vault").write_bytes(b"x" * 31)
    with pytest.raises(KeysUnusable, match="32 bytes long, and is 31"):
        source.secret()
    (tmp_path / "lapel-vault").write_bytes(b"x" * 32)
    assert source.secret() == b"x" * 32
    source.destroy()
    assert source.secret() == b"x" * 32


def test_a_key_in_the_kernel_is_read_and_removed() -> None:
    description = f"lapel-test-{os.getpid()}"
    source = KernelKeySource(description)
    try:
        kernel_keyring.put(description, b"k" * 32)
        kernel_keyring.read(description, 33)
    except OSError as error:
        pytest.skip(f"the kernel's keyring refuses: {error.strerror}")
    try:
        assert source.secret() == b"k" * 32
        kernel_keyring.put(description, b"k" * 40)
        with pytest.raises(KeysUnusable, match="of 32 bytes"):
            source.secret()
    finally:
        source.destroy()
    with pytest.raises(KeysUnusable, match=f"keyctl padd user {description} @u"):
        source.secret()
    source.destroy()


def test_a_kernel_without_keyrings_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "abacus")
    for call in (KernelKeySource().secret, KernelKeySource().destroy):
        with pytest.raises(KeysUnusable, match="keyring"):
            call()


def test_no_source_has_no_secret() -> None:
    source = NoKeySource()
    source.destroy()
    assert source.secret() == b""


def test_sources_are_named(tmp_path: Path) -> None:
    sources: list[KeySource] = [
        FileKeySource(tmp_path / "here"),
        CredentialKeySource("cred"),
        KernelKeySource("kern"),
        NoKeySource(),
    ]
    words = (str(tmp_path / "here"), "cred", "kern", "no device secret")
    assert all(word in source.name for source, word in zip(sources, words, strict=True))


@given(st.binary(max_size=80), KEYS, st.binary(max_size=20))
def test_wrapping_round_trips_and_hides(key: bytes, wrapping: bytes, about: bytes) -> None:
    wrapped = wrap(key, wrapping, about)
    assert unwrap(wrapped, wrapping, about) == key
    assert wrapped != wrap(key, wrapping, about)
    assert len(key) < 4 or key not in wrapped


@given(st.binary(max_size=80), KEYS, st.data())
def test_any_change_is_noticed(key: bytes, wrapping: bytes, data: st.DataObject) -> None:
    wrapped = wrap(key, wrapping, b"about")
    at = data.draw(st.integers(0, len(wrapped) - 1))
    edited = bytearray(wrapped)
    edited[at] ^= data.draw(st.integers(1, 255))
    other = bytes([wrapping[0] ^ 1]) + wrapping[1:]
    for wrong in (
        (bytes(edited), wrapping, b"about"),
        (wrapped[:at], wrapping, b"about"),
        (wrapped, other, b"about"),
        (wrapped, wrapping, b"abouT"),
    ):
        with pytest.raises(WrongKey):
            unwrap(*wrong)


def test_stretching_depends_on_everything() -> None:
    salt = b"salt" * 4
    known = stretch("1234", salt, TINY)
    assert len(known) == 32
    assert known == stretch("1234", salt, TINY)
    others = {
        stretch("1235", salt, TINY),
        stretch("1234", b"pepper" * 3, TINY),
        stretch("1234", salt, Argon2(memory_kib=8, iterations=2, lanes=1)),
        stretch("1234", salt, Argon2(memory_kib=9, iterations=1, lanes=1)),
        stretch("1234", salt, Argon2(memory_kib=16, iterations=1, lanes=2)),
    }
    assert len(others | {known}) == 6


def test_the_usual_cost_is_at_least_what_is_recommended() -> None:
    cost = Argon2()
    assert (cost.memory_kib, cost.iterations) >= (65_536, 3)


@pytest.mark.parametrize(
    "costs", [(8, 0, 1), (8, 1, 0), (15, 1, 2), (1 << 21, 1, 1), (8, 101, 1), (1 << 20, 1, 17)]
)
def test_costs_that_no_device_can_pay_are_refused(costs: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="not costs"):
        Argon2(*costs)


def test_derived_keys_are_for_one_purpose() -> None:
    material, salt = b"m" * 32, b"s"
    found = {derive(material, salt, about) for about in ("a", "b", "ab")}
    found |= {derive(b"n" * 32, salt, "a"), derive(material, b"t", "a")}
    assert len(found) == 5
    assert all(len(key) == 32 for key in found)
