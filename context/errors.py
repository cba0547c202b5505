"""The root of every error that is shown to a person.

LapelError                 anything with a sentence that says what to do
└── ContextError           the store of what is remembered
    ├── ScopeDenied        the policy does not allow this scope, or it has expired
    ├── StoreUnusable      a file is damaged, not ours, full, or newer than this program
    │   └── StoreDamaged   a file is damaged, and perhaps something can be rescued
    ├── TextRefused        a text that can't be remembered: empty, too long, or not text
    ├── ItemNotFound       no item of that id in what the scope opens
    ├── VaultLocked        what is asked for is locked until the PIN or the phone opens it
    ├── WrongPin           not the PIN (or the phone's key), or tried again too early
    ├── PinRefused         a text that can't be a PIN: too short, too long, or not text
    └── KeysUnusable       the vault's keys are damaged, lost, not ours, or not open
"""

import math


class LapelError(Exception):
    """An error whose message is one clear sentence that says what happened and what to do."""


class ContextError(LapelError):
    """Something in the context store."""


class ScopeDenied(ContextError):
    """The policy does not allow what was asked, or the scope is no longer valid."""


class StoreUnusable(ContextError):
    """A store's file cannot be read or written as it is.

    `compartment` is the text form of the compartment whose file it is, so that a caller can go
    on with the others (`Scope.without`); None when the whole folder is meant.
    """

    def __init__(self, sentence: str, compartment: str | None = None) -> None:
        super().__init__(sentence)
        self.compartment = compartment


class StoreDamaged(StoreUnusable):
    """A place's file is damaged or encrypted with another key; a repair may rescue what is left."""

    def __init__(self, place: str) -> None:
        super().__init__(
            f"The file of {place} is damaged, or not encrypted with this vault's key: run"
            " 'lapel context verify --repair', or put back a backup.",
            place,
        )


class TextRefused(ContextError, ValueError):
    """A text that can't be remembered; the message never quotes it."""


class ItemNotFound(ContextError, LookupError):
    """There is no item of that id in what the scope opens; whether it is elsewhere is not said."""


class VaultLocked(ContextError):
    """What is asked for is locked. `tier` is the text form of the tier that is."""

    def __init__(self, tier: str, sentence: str | None = None) -> None:
        super().__init__(
            sentence or f"The {tier} part of the memory is locked: enter the PIN or use the phone."
        )
        self.tier = tier


class WrongPin(ContextError):
    """Not the right PIN or phone, or tried too early; nothing is tested in `retry_after_s`."""

    def __init__(self, retry_after_s: float, sentence: str = "That is not right") -> None:
        wait = f"wait {_span(retry_after_s)} and try again" if retry_after_s > 0 else "try again"
        super().__init__(f"{sentence}: {wait}.")
        self.retry_after_s = retry_after_s


class PinRefused(ContextError, ValueError):
    """A text that can't be a PIN; the message never quotes it."""


class KeysUnusable(ContextError):
    """The vault's keys can't be read or written as they are, or the vault is not open."""


def _span(seconds: float) -> str:
    whole = math.ceil(seconds)
    if whole < 120:
        return f"{whole} second{'s' * (whole != 1)}"
    return f"{math.ceil(whole / 60)} minutes"
