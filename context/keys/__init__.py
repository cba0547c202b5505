"""Where a vault's device secret comes from, and how keys are stretched and wrapped.

| source                | who can read the secret                                               |
|-----------------------|-----------------------------------------------------------------------|
| `FileKeySource`       | whoever takes the card, if the file is on it                          |
| `CredentialKeySource` | this machine's TPM and this system only, when encrypted with both     |
| `KernelKeySource`     | nobody once the power is off; the owner puts it there at each start   |
| `NoKeySource`         | there is none: the vault is as strong as the PIN                      |

A Raspberry Pi has no secure element and, without an added one, no TPM: there, a secret that is on
the card protects only what leaves without it, such as a backup or a copied folder of memories.
"""

import os
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from context import durable
from context.errors import KeysUnusable
from context.keys import kernel_keyring

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class KeySource(Protocol):
    """Keeps the secret that ties a vault to a device."""

    @property
    def name(self) -> str:
        """What the source is called in a sentence."""
        ...

    def secret(self) -> bytes:
        """32 bytes, made and kept at first use where the source can; b"" if there is no secret.

        Raises KeysUnusable.
        """
        ...

    def destroy(self) -> None:
        """Make the secret unreadable for ever, as far as the source can. Raises KeysUnusable."""
        ...


class FileKeySource:
    """A file of 32 random bytes that only its owner may read, in a folder that exists.

    Best kept where it does not leave together with the memories: not on the same card, and not in
    a backup of them.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    @property
    def name(self) -> str:
        """Names the file."""
        return f"the file {self._path}"

    def secret(self) -> bytes:
        """The file's bytes; two processes may make it at once. Raises KeysUnusable."""
        try:
            try:
                return self._read()
            except FileNotFoundError:
                self._make()
                return self._read()
        except OSError as error:
            raise KeysUnusable(
                f"The device secret can't be kept in {self.name} ({error.strerror}): check the"
                " folder and who owns it."
            ) from None

    def destroy(self) -> None:
        """Overwrite the file with zeros and remove it, half-made copies too. KeysUnusable."""
        try:
            for each in list(self._path.parent.iterdir()):
                if each.name.startswith(self._spare_name()):
                    durable.scrub(each)
            durable.scrub(self._path)
            durable.sync_folder(self._path.parent)
        except FileNotFoundError:
            return  # the folder is gone, and the file with it
        except OSError as error:
            raise KeysUnusable(
                f"The device secret could not be erased from {self.name} ({error.strerror}):"
                " remove it."
            ) from None

    def _read(self) -> bytes:
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
        with os.fdopen(os.open(self._path, flags), "rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            secret = file.read(KEY_BYTES + 1)
        if not stat.S_ISREG(mode) or len(secret) != KEY_BYTES or not any(secret):
            raise KeysUnusable(
                f"What is in {self.name} is not a device secret: put the right file back, or"
                " remove it to begin anew."
            )
        if mode & 0o077:
            raise KeysUnusable(
                f"Others can read the device secret in {self.name}: take that right away with"
                " chmod 600."
            )
        return secret

    def _make(self) -> None:
        """A file that appears whole: a kill leaves none, or a spare one that nothing reads."""
        spare = self._path.with_name(self._spare_name() + secrets.token_hex(8))
        durable.write_new(spare, secrets.token_bytes(KEY_BYTES))
        try:
            with suppress(FileExistsError):  # another process was first
                os.link(spare, self._path)
        finally:
            spare.unlink()
        durable.sync_folder(self._path.parent)

    def _spare_name(self) -> str:
        return f".{self._path.name}.spare-"


class CredentialKeySource:
    """A credential that systemd decrypts when it starts the service, and nobody else can.

    It is made once by the owner, on the device, as root (see systemd-creds(1)), and the unit has
    `LoadCredentialEncrypted=NAME:/etc/credstore.encrypted/NAME`.
    """

    def __init__(self, name: str = "lapel-vault") -> None:
        self._credential = name

    @property
    def name(self) -> str:
        """Names the credential."""
        return f"the systemd credential {self._credential}"

    def secret(self) -> bytes:
        """The credential's bytes. Raises KeysUnusable with the command that makes it."""
        folder = os.environ.get("CREDENTIALS_DIRECTORY")
        sealed = f"/etc/credstore.encrypted/{self._credential}"
        try:
            if folder is None:
                raise FileNotFoundError
            secret = (Path(folder) / self._credential).read_bytes()
        except FileNotFoundError:
            raise KeysUnusable(
                f"There is no systemd credential {self._credential}: make it once, as root, with"
                f" `head -c {KEY_BYTES} /dev/urandom | systemd-creds encrypt --with-key=host+tpm2"
                f" --name={self._credential} - {sealed}`, and start the program as a service with"
                f" LoadCredentialEncrypted={self._credential}:{sealed}."
            ) from None
        except OSError as error:
            raise KeysUnusable(
                f"The systemd credential {self._credential} can't be read ({error.strerror})."
            ) from None
        if len(secret) != KEY_BYTES:
            raise KeysUnusable(
                f"The systemd credential {self._credential} must be {KEY_BYTES} bytes long, and"
                f" is {len(secret)}: make it anew, as vaults made with another can't be opened."
            )
        return secret

    def destroy(self) -> None:
        """Nothing: only root can remove the encrypted credential, and the TPM's key stays.

        A vault's own keys are random and wrapped in its header, so erasing that is enough.
        """


class KernelKeySource:
    """A secret in the kernel's memory, put there by the owner at each start of the machine.

    For instance from a USB stick that is then taken out:
    `keyctl padd user lapel-vault @u < /media/key/secret`. A service also needs
    `KeyringMode=shared`.
    """

    def __init__(self, description: str = "lapel-vault") -> None:
        self._description = description

    @property
    def name(self) -> str:
        """Names the key."""
        return f"the kernel key {self._description}"

    def secret(self) -> bytes:
        """The key's bytes. Raises KeysUnusable with the command that puts it there."""
        try:
            secret = kernel_keyring.read(self._description, KEY_BYTES + 1)
        except OSError as error:
            raise KeysUnusable(
                f"The kernel's keyring refuses {self.name} ({error.strerror}): a service needs"
                " KeyringMode=shared, and some containers have no keyring."
            ) from None
        if secret is None or len(secret) != KEY_BYTES:
            raise KeysUnusable(
                f"The kernel's keyring must hold a key {self._description} of {KEY_BYTES} bytes:"
                f" put it there with `keyctl padd user {self._description} @u < FILE`."
            )
        return secret

    def destroy(self) -> None:
        """Have the kernel forget it; the owner's own copy is not touched. KeysUnusable."""
        try:
            kernel_keyring.remove(self._description)
        except OSError as error:
            raise KeysUnusable(
                f"The kernel's keyring would not forget {self.name} ({error.strerror}): restart"
                " the machine."
            ) from None


class NoKeySource:
    """No device secret: everything hangs on the PIN."""

    @property
    def name(self) -> str:
        """Says that there is none."""
        return "no device secret"

    def secret(self) -> bytes:
        """Nothing."""
        return b""

    def destroy(self) -> None:
        """Nothing is there to destroy."""


class WrongKey(KeysUnusable):
    """A key that does not open what it was tried on, or something edited; callers say which."""


@dataclass(frozen=True)
class Argon2:
    """What one guess of a PIN costs (RFC 9106). Raises ValueError outside sane bounds."""

    memory_kib: int = 65_536
    iterations: int = 3
    lanes: int = 2

    def __post_init__(self) -> None:
        good = (
            1 <= self.lanes <= 16
            and 1 <= self.iterations <= 100
            and 8 * self.lanes <= self.memory_kib <= 1 << 20
        )
        if not good:
            raise ValueError(f"These are not costs that a device can pay for a PIN: {self}.")


DEFAULT_COST: Final = Argon2()
"""A second or less on a Raspberry Pi, and its memory for as long."""


def stretch(pin: str, salt: bytes, cost: Argon2) -> bytes:
    """32 bytes that take `cost` to find from a PIN: Argon2id. Not under a lock: it takes long."""
    from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

    try:
        return Argon2id(
            salt=salt,
            length=KEY_BYTES,
            iterations=cost.iterations,
            lanes=cost.lanes,
            memory_cost=cost.memory_kib,
        ).derive(pin.encode())
    except MemoryError:
        raise KeysUnusable(
            f"There are not {cost.memory_kib // 1024} MB of memory free to check a PIN: close"
            " something."
        ) from None


def derive(material: bytes, salt: bytes, about: str) -> bytes:
    """32 bytes for one purpose, `about`, from strong material: HKDF with SHA-256."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDF

    return HKDF(SHA256(), KEY_BYTES, salt, about.encode()).derive(material)


def wrap(key: bytes, wrapping: bytes, about: bytes) -> bytes:
    """`key` (any bytes) under a 256-bit key, bound to `about`: AES-256-GCM, a random nonce first.

    One wrapping key may be used for 2³² wraps.
    """
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce = secrets.token_bytes(_NONCE_BYTES)
    return nonce + AESGCM(wrapping).encrypt(nonce, key, about)


def unwrap(wrapped: bytes, wrapping: bytes, about: bytes) -> bytes:
    """What `wrap` was given. Raises WrongKey if the key or `about` is another, or it was edited."""
    from cryptography.exceptions import InvalidTag
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    nonce, sealed = wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:]
    try:
        return AESGCM(wrapping).decrypt(nonce, sealed, about)
    except (InvalidTag, ValueError):  # ValueError: too short to be anything
        raise WrongKey("This key does not open what it was tried on, or that was edited.") from None
