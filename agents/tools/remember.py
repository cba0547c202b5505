"""Remembers what the owner says, in their own words."""

from datetime import UTC, datetime
from typing import ClassVar

from agents.entries import facts_of
from agents.perspective import second_person
from agents.relevance import listed
from agents.tools import Proposal, Receipt, Slot, Tool, ToolArgs, ToolContext
from context.errors import ItemNotFound, LapelError
from context.items import Item, check_text
from context.keys.keyring import Tier
from context.labels import Label, Sensitivity, Trust
from context.policy import Purpose
from context.sensitive import kinds

_ASK = "What should I remember?"
_PRIVATE = "That's private, so I don't tell it to a voice alone."
_ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)
_NO_LONGER = "I've noted that it's no longer true."


class RememberArgs(ToolArgs):
    """fact: the owner's words, as said. no_longer: ids of what they agree is no longer true."""

    fact: str | None = None
    no_longer: tuple[str, ...] = ()


class RememberTool(Tool[RememberArgs]):
    """Stores one fact; asks whether what was told otherwise before is still true."""

    name: ClassVar[str] = "remember"
    description: ClassVar[str] = "remember things"
    acts: ClassVar[bool] = True
    for_anyone: ClassVar[bool] = True
    args = RememberArgs

    def run(self, args: RememberArgs, context: ToolContext) -> Receipt:
        """Store it and say it back; ask for it if there is none."""
        if args.no_longer:
            return self._supersede(args.no_longer, context)
        fact = (args.fact or "").strip()
        if not fact:
            asks = Proposal(self.name, {}, Slot.FACT)
            return Receipt(self.name, False, {"missing": "fact"}, _ASK, asks)
        scope = context.mint(Purpose.REMEMBER)
        item = context.store.remember(scope, fact, said_by=context.said_by)
        old = _contradicted(item, context)
        ids = tuple(each.id for each in old)
        asks = Proposal(self.name, {"no_longer": ids}, Slot.YES) if ids else None
        spoken = _said_back(fact, old, private=_is_private(item.label))
        return Receipt(self.name, True, {"item": item.id}, spoken, asks)

    def foresee(self, args: RememberArgs, context: ToolContext) -> str | None:
        """The question, the fact said back, or why it would be refused."""
        if args.no_longer:
            return None
        fact = (args.fact or "").strip()
        if not fact:
            return _ASK
        scope = context.mint(Purpose.REMEMBER)
        check_text(fact)
        private = bool(kinds(fact))
        locked = context.store.keyring.locked(Tier.RESTRICTED if private else Tier.GENERAL)
        if locked or context.said_by.trust is not Trust.OWNER:
            return None
        label = Label(scope.compartments, Trust.OWNER)
        meant = Item("", fact, label, _ANY_TIME, context.said_by)
        return _said_back(fact, _contradicted(meant, context), private=private)

    def _supersede(self, ids: tuple[str, ...], context: ToolContext) -> Receipt:
        scope = context.mint(Purpose.FORGET)
        ended: list[str] = []
        for item_id in ids:
            try:
                context.store.supersede(scope, item_id)
            except ItemNotFound:
                continue
            ended.append(item_id)
        spoken = _NO_LONGER if ended else "That was gone already."
        return Receipt(self.name, bool(ended), {"items": ended}, spoken, flush=bool(ended))


def _contradicted(item: Item, context: ToolContext) -> list[Item]:
    """What may no longer be true because of `item`, of what its speaker may be told of."""
    if item.provenance.trust is not Trust.OWNER:
        return []
    try:
        found = context.store.contradicted(facts_of(context.mint(Purpose.ANSWER)), item)
        return [each for each in found if each.label.trust is Trust.OWNER]
    except LapelError:
        return []  # it is stored, and that has to be said


def _is_private(label: Label) -> bool:
    return any(each.sensitivity is Sensitivity.RESTRICTED for each in label.compartments)


def _said_back(fact: str, old: list[Item], *, private: bool) -> str:
    said = [f"I'll remember that {second_person(fact)}."]
    if private:
        said.append(_PRIVATE)
    if old:
        before = [f"that {second_person(item.text).rstrip('.!? ')}" for item in old]
        said.append(f"You told me before {listed(before)}. Is that no longer true?")
    return " ".join(said)
