"""Whose permission goes with an utterance, and what its scopes open."""

from collections.abc import Callable

from agents.answer import Mint
from agents.prompt import key_of
from context.errors import LapelError
from context.labels import Compartment
from context.policy import Purpose, Scope


def both(now: Mint, asked: Mint) -> Mint:
    """The permission `asked`, for who has `now` for the same purpose too."""

    def minted(purpose: Purpose) -> Scope:
        _ = now(purpose)
        return asked(purpose)

    return minted


def answering_once(mint: Mint) -> Mint:
    """`mint`, whose permission to answer is used for a whole turn: one that was given once."""
    minted: dict[Purpose, Scope] = {}

    def answering(purpose: Purpose) -> Scope:
        if purpose is not Purpose.ANSWER:
            return mint(purpose)
        if purpose not in minted:
            minted[purpose] = mint(purpose)
        return minted[purpose]

    return answering


class Opened:
    """What the scopes of a conversation open. changed: called when other things are open for a
    purpose than before.

    answered: the newest scope to answer; None where that was denied. reached: the compartments that
    were open. Whoever reads them says when they are done with.
    """

    def __init__(self, changed: Callable[[], None]) -> None:
        self._changed = changed
        self._keys: dict[Purpose, str] = {}
        self.answered: Scope | None = None
        self.reached: set[Compartment] = set()

    def watched(self, mint: Mint) -> Mint:
        """`mint`, whose scopes are noted here."""

        def minted(purpose: Purpose) -> Scope:
            try:
                scope = mint(purpose)
            except LapelError:
                self._note(purpose, "")
                if purpose is Purpose.ANSWER:
                    self.answered = None
                raise
            self._note(purpose, key_of(scope))
            if purpose is not Purpose.REMEMBER:  # which shows nothing of what it opens
                self.reached |= scope.compartments
            if purpose is Purpose.ANSWER:
                self.answered = scope
            return scope

        return minted

    def _note(self, purpose: Purpose, key: str) -> None:
        if self._keys.setdefault(purpose, key) != key:
            self._keys[purpose] = key
            self._changed()
