"""The root of every error that is shown to a person.

    LapelError                 anything with a sentence that says what to do
    └── ContextError           the store of what is remembered
        ├── ScopeDenied        the policy does not allow this scope, or it has expired
        └── StoreUnusable      a file is damaged, not ours, full, or newer than this program
"""


class LapelError(Exception):
    """An error whose message is one clear sentence that says what happened and what to do."""


class ContextError(LapelError):
    """Something in the context store."""


class ScopeDenied(ContextError):
    """The policy does not allow what was asked, or the scope is no longer valid."""


class StoreUnusable(ContextError):
    """A store's file cannot be read or written as it is."""
