"""The permissions of one turn: who asks, for what, and what shows that it is the owner."""

from collections.abc import Callable

from context.policy import (
    SCOPE_LIFE_S,
    Audience,
    Authentication,
    Principal,
    Purpose,
    Request,
    Scope,
    Sink,
)
from context.store import Store


def ask(store: Store, purpose: Purpose, shown_by: Authentication) -> Scope:
    """The scope of the owner, alone, who is answered aloud, or on the screen where they type.

    Reviewing shows nothing aloud. Raises ScopeDenied.
    """
    typed = shown_by in (Authentication.ACCOUNT, Authentication.PIN)
    on_screen = typed or purpose is Purpose.REVIEW
    request = Request(
        principal=Principal.OWNER,
        sure=1.0,
        purpose=purpose,
        audience=Audience.ALONE,
        sink=Sink.SCREEN if on_screen else Sink.SPEAKER,
        authentication=shown_by,
    )
    return store.mint(request)


class TurnMint:
    """Makes the scopes of one turn, each once, however often its reply is begun: what was allowed
    once is used up by one turn, not by a reply that was thrown away.

    shown_by: what showed at the beginning of the turn that it is the owner. It holds as long as a
    scope does; from then on the turn is by a voice. now_s: the clock of the store.
    """

    def __init__(self, store: Store, shown_by: Authentication, now_s: Callable[[], float]) -> None:
        self._store = store
        self._shown_by = shown_by
        self._now_s = now_s
        self._until_s = now_s() + SCOPE_LIFE_S
        self._scopes: dict[Purpose, Scope] = {}

    def __call__(self, purpose: Purpose) -> Scope:
        """The turn's scope for a purpose. Raises ScopeDenied."""
        now_s = self._now_s()
        scope = self._scopes.get(purpose)
        if scope is None or not scope.minted_at_s <= now_s < scope.expires_at_s:
            shown_by = self._shown_by if now_s < self._until_s else Authentication.VOICE
            scope = self._scopes[purpose] = ask(self._store, purpose, shown_by)
        return scope
