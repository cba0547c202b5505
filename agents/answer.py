"""Who answers a question: the assistant in a sentence of its own, a remembered item, or the model.

Reads what the scope opens, and changes nothing. What is said where nothing was found depends on
the question, on the permission and on what is locked: never on what lies outside the scope.
"""

import hmac
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from agents.entries import answering
from agents.model import ChatModel
from agents.prompt import Prompt
from agents.relevance import (
    asks_about_own,
    asks_for_private,
    bears_on,
    covers,
    is_an_order,
    private_kinds,
    wants_to_know,
)
from agents.replies import CARE, advice, urgent, usual
from agents.statements import corrects, own_fact
from agents.tools.help import CAN
from context.audit import AuditEvent
from context.errors import LapelError
from context.items import Item
from context.keys.keyring import Tier
from context.labels import Trust
from context.policy import Purpose, Scope
from context.store import Store

__all__ = [
    "CARE",
    "DONT_KNOW_OWN",
    "LOCKED",
    "NOT_NOTED",
    "NOT_UNDERSTOOD",
    "NO_MODEL",
    "PRIVATE",
    "PRIVATE_LOCKED",
    "STILL_WORKS",
    "FromItem",
    "FromModel",
    "Known",
    "Mint",
    "not_known",
    "note_prompt",
    "plan",
]

DONT_KNOW_OWN: Final = "I don't know. You haven't told me."
NOT_UNDERSTOOD: Final = "I didn't understand that, so nothing was done."
STILL_WORKS: Final = "Timers, the clock and what you told me still work."
NO_MODEL: Final = f"I can't answer that now, because my language model isn't working. {STILL_WORKS}"
NOT_NOTED: Final = (
    "I haven't noted that: I only note what you ask me to. Say remember that, and all of it."
)
PRIVATE: Final = "If I know that, it's private: press the button and ask again."
PRIVATE_LOCKED: Final = "If I know that, it's locked: unlock my memory and ask again."
LOCKED: Final = "My memory is locked: unlock it and ask again."
_FACTS: Final = 3

Mint = Callable[[Purpose], Scope]
"""Makes a scope for a purpose, for who is speaking and who hears it; it may raise ScopeDenied."""


@dataclass(frozen=True)
class Known:
    """An answer that is the assistant's own sentence."""

    text: str


@dataclass(frozen=True)
class FromItem:
    """A question that one item answers. model: to word it; None for others' words, which are never
    put before a model that might obey them.
    """

    item: Item
    scope: Scope
    model: ChatModel | None


@dataclass(frozen=True)
class FromModel:
    """A question for the model, with the items that bear on it. scope: None where nothing is open
    to who asks.
    """

    items: list[Item]
    scope: Scope | None
    model: ChatModel


def plan(question: str, store: Store, mint: Mint, model: ChatModel | None) -> (
    Known | FromItem | FromModel
):  # fmt: skip
    """Who answers `question`."""
    if not question:
        return Known("")
    if (known := urgent(question)) is not None:
        return Known(known)
    if is_an_order(question):
        return Known(f"{NOT_UNDERSTOOD} {CAN}")
    if (known := usual(question)) is not None:
        return Known(known)
    own = asks_about_own(question) or asks_for_private(question)
    own = own and own_fact(question) is None
    try:
        scope = mint(Purpose.ANSWER)
        recalled = store.recall(answering(scope), question, limit=_FACTS)
        found = [each.item for each in recalled]
        unknown = "" if not own else not_known(question, scope, store, DONT_KNOW_OWN)
    except LapelError as error:
        if own:
            return Known(str(error))
        scope, found, unknown = None, [], ""
    items = sorted(
        (item for item in found if bears_on(item, question)),
        key=lambda item: (-covers(item, question), -item.captured_at.timestamp()),
    )
    if own and not items:
        return Known(unknown)
    told = own or (bool(items) and wants_to_know(question) and covers(items[0], question) >= 1)
    if scope is not None and items and told:
        owners = items[0].label.trust is Trust.OWNER
        return FromItem(items[0], scope, model if owners else None)
    if (known := advice(question)) is not None:
        return Known(known)
    if corrects(question):
        return Known(NOT_NOTED)
    if model is None:
        return Known(NO_MODEL)
    return FromModel(items, scope, model)


def not_known(asked: str, scope: Scope, store: Store, otherwise: str) -> str:
    """What to say where nothing that `scope` opens is what was `asked` for."""
    if store.keyring.locked(Tier.GENERAL):
        return LOCKED
    if private_kinds(asked):
        if not scope.present:
            return PRIVATE
        if store.keyring.locked(Tier.RESTRICTED):
            return PRIVATE_LOCKED
    return otherwise


def note_prompt(store: Store, prompt: Prompt, scope: Scope | None) -> None:
    """Leave a record that a prompt was made within `scope`: of which items, and a digest of it.

    The digest is under a key of the vault's, as a plain one would let short texts be guessed.
    """
    if scope is None or store.keyring.locked(Tier.GENERAL):
        return
    said = "\0".join(message.content for message in prompt.messages).encode("utf-8", "replace")
    store.audit(
        AuditEvent.PROMPT,
        ids=[used.item_id for used in prompt.used],
        purpose=scope.purpose.value,
        sink=scope.sink.value,
        digest=hmac.digest(store.keyring.subkey("prompts"), said, "sha256").hex(),
    )
