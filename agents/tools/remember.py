"""Remembers what the owner says, in their own words."""

from datetime import UTC, datetime
from typing import ClassVar

from agents.entries import facts_of
from agents.perspective import second_person
from agents.relevance import listed
from agents.tools import Proposal, Receipt, Slot, Tool, ToolArgs, ToolContext, Use
from context.errors import ItemNotFound, LapelError
from context.items import Item, check_text
from context.keys.keyring import Tier
from context.labels import Label, Sensitivity, Trust
from context.policy import Purpose
from context.sensitive import kinds

_ASK = "What should I remember?"
_PRIVATE = "That's private, so I don't tell it to a voice alone."
_ANY_TIME = datetime(1970, 1, 1, tzinfo=UTC)
_GONE = "I can't find any more what that corrects, so I've kept nothing."
_NO_LONGER = "I've noted that it's no longer true."


class RememberArgs(ToolArgs):
    """fact: the owner's words, as said. no_longer: ids of what they agree is no longer true.
    corrects: ids of what the fact stands in place of, and has words of.
    """

    fact: str | None = None
    corrects: tuple[str, ...] = ()
    no_longer: tuple[str, ...] = ()


class RememberTool(Tool[RememberArgs]):
    """Stores one fact; asks whether what was told otherwise before is still true."""

    name: ClassVar[str] = "remember"
    description: ClassVar[str] = "remember things"
    acts: ClassVar[bool] = True
    for_anyone: ClassVar[bool] = True
    uses: ClassVar[tuple[Use, ...]] = (
        Use(None, "remember something about the owner", slots=("fact",), needs=(("fact",),)),
    )
    args = RememberArgs

    def run(self, args: RememberArgs, context: ToolContext) -> Receipt:
        """Store it and say it back; ask for it if there is none."""
        if args.no_longer:
            return self._supersede(args.no_longer, context)
        fact = (args.fact or "").strip()
        if not fact:
            asks = Proposal(self.name, {}, Slot.FACT)
            return Receipt(self.name, False, {"missing": "fact"}, _ASK, asks)
        sources = _corrected(args.corrects, context)
        if len(sources) < len(args.corrects):
            return Receipt(self.name, False, {"gone": True}, _GONE)
        scope = context.mint(Purpose.REMEMBER)
        places = {place for source in sources for place in source.label.compartments}
        item = context.store.remember(
            scope,
            fact,
            compartment=places.pop() if len(places) == 1 else None,
            said_by=context.said_by,
            derived_from=sources,
        )
        old = _contradicted(item, context)
        ids = tuple(each.id for each in old)
        asks = Proposal(self.name, {"no_longer": ids}, Slot.YES) if ids else None
        spoken = _said_back(fact, old, private=_is_private(item.label))
        return Receipt(self.name, True, {"item": item.id}, spoken, asks)

    def foresee(self, args: RememberArgs, context: ToolContext) -> str | None:
        """The question, the fact said back, or why it would be refused."""
        if args.no_longer or args.corrects:
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


def _corrected(ids: tuple[str, ...], context: ToolContext) -> list[Item]:
    """The items that are corrected, as far as they are there and open. Raises ScopeDenied."""
    found: list[Item] = []
    scope = context.mint(Purpose.ANSWER) if ids else None
    for each in ids:
        try:
            found += [context.store.item(scope, each)] if scope is not None else []
        except ItemNotFound:
            continue
    return found


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
