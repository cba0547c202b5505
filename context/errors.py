"""The root of every error that is shown to a person.

LapelError                 anything with a sentence that says what to do
└── ContextError           the store of what is remembered
    ├── ScopeDenied        the policy does not allow this scope, or it has expired
    ├── StoreUnusable      a file is damaged, not ours, full, or newer than this program
    ├── TextRefused        a text that can't be remembered: empty, too long, or not text
    └── ItemNotFound       no item of that id in what the scope opens
"""


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


class TextRefused(ContextError, ValueError):
    """A text that can't be remembered; the message never quotes it."""


class ItemNotFound(ContextError, LookupError):
    """There is no item of that id in what the scope opens; whether it is elsewhere is not said."""
