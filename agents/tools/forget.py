"""Forgets what was remembered. What is erased can't be brought back, so it asks first."""

from typing import ClassVar

from agents.perspective import second_person
from agents.relevance import listed
from agents.tools import Proposal, Receipt, Slot, Tool, ToolArgs, ToolContext
from context.errors import ItemNotFound
from context.items import Item
from context.policy import Purpose, Scope

_MOST_ABOUT = 3
_MOST_ALL = 1000


class ForgetArgs(ToolArgs):
    """topic: what it is about; all: everything; ids: these, agreed to; nothing: the last thing."""

    topic: str | None = None
    all: bool = False
    ids: tuple[str, ...] = ()


class ForgetTool(Tool[ForgetArgs]):
    """Erases what the owner told, after a yes; what was told a moment ago at once."""

    name: ClassVar[str] = "forget"
    description: ClassVar[str] = "forget things"
    acts: ClassVar[bool] = True
    args = ForgetArgs

    def run(self, args: ForgetArgs, context: ToolContext) -> Receipt:
        """Erase `ids`, or ask whether to erase what the other arguments find."""
        scope = context.mint(Purpose.FORGET)
        if args.ids:
            return self._erase(args.ids, scope, context)
        items = _meant(args, scope, context)
        if not items:
            about = f" about {args.topic}" if args.topic else ""
            return Receipt(self.name, False, {"found": 0}, f"I remember nothing{about}.")
        if _is_last(args, items, context):
            return self._erase((items[0].id,), scope, context)
        ids = tuple(item.id for item in items)
        asks = Proposal(self.name, {"ids": ids}, Slot.YES)
        return Receipt(self.name, False, {"found": len(ids)}, _question(items, args.all), asks)

    def foresee(self, args: ForgetArgs, context: ToolContext) -> str | None:
        """The question; or after a yes, how many of the things agreed to are still there."""
        scope = context.mint(Purpose.FORGET)
        if args.ids:
            there = {item.id for item in context.store.items(scope, limit=_MOST_ALL)}
            return _erased(sum(item_id in there for item_id in args.ids))
        if _is_last(args, _meant(args, scope, context), context):
            return _erased(1)
        return self.run(args, context).spoken  # a question or a refusal: nothing changes

    def _erase(self, ids: tuple[str, ...], scope: Scope, context: ToolContext) -> Receipt:
        erased: list[str] = []
        for item_id in ids:
            try:
                context.store.forget(scope, item_id)
            except ItemNotFound:
                continue
            erased.append(item_id)
        return Receipt(self.name, bool(erased), {"items": erased}, _erased(len(erased)))


def _meant(args: ForgetArgs, scope: Scope, context: ToolContext) -> list[Item]:
    """What the topic finds, everything, or the last thing."""
    if args.topic is not None:
        found = context.store.recall(scope, args.topic, limit=_MOST_ABOUT)
        return [each.item for each in found]
    return context.store.items(scope, limit=_MOST_ALL if args.all else 1)


def _is_last(args: ForgetArgs, items: list[Item], context: ToolContext) -> bool:
    """Whether "forget that" is about what the last turn stored, which needs no question."""
    bare = not (args.all or args.topic)
    return bare and bool(items) and items[0].id == context.just_remembered


def _erased(count: int) -> str:
    return {0: "That was gone already.", 1: "I've forgotten that."}.get(
        count, f"I've forgotten those {count} things."
    )


def _question(items: list[Item], everything: bool) -> str:
    if everything and len(items) > 1:
        return f"Should I forget all {len(items)} things you told me? Say yes to forget them."
    if len(items) == 1:
        return f"Should I forget that {second_person(items[0].text)}? Say yes to forget it."
    them = listed([f"that {second_person(item.text)}" for item in items])
    return f"Should I forget {them}? Say yes to forget them."
