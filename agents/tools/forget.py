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
        if args.topic is not None:
            found = context.store.recall(scope, args.topic, limit=_MOST_ABOUT)
            items = [each.item for each in found]
        else:
            items = context.store.items(scope, limit=_MOST_ALL if args.all else 1)
        if not items:
            about = f" about {args.topic}" if args.topic else ""
            return Receipt(self.name, False, {"found": 0}, f"I remember nothing{about}.")
        if not (args.all or args.topic) and items[0].id == context.just_remembered:
            return self._erase((items[0].id,), scope, context)
        ids = tuple(item.id for item in items)
        asks = Proposal(self.name, {"ids": ids}, Slot.YES)
        return Receipt(self.name, False, {"found": len(ids)}, _question(items, args.all), asks)

    def _erase(self, ids: tuple[str, ...], scope: Scope, context: ToolContext) -> Receipt:
        erased: list[str] = []
        for item_id in ids:
            try:
                context.store.forget(scope, item_id)
            except ItemNotFound:
                continue
            erased.append(item_id)
        spoken = {0: "That was gone already.", 1: "I've forgotten that."}.get(
            len(erased), f"I've forgotten those {len(erased)} things."
        )
        return Receipt(self.name, bool(erased), {"items": erased}, spoken)


def _question(items: list[Item], everything: bool) -> str:
    if everything and len(items) > 1:
        return f"Should I forget all {len(items)} things you told me? Say yes to forget them."
    if len(items) == 1:
        return f"Should I forget that {second_person(items[0].text)}? Say yes to forget it."
    them = listed([f"that {second_person(item.text)}" for item in items])
    return f"Should I forget {them}? Say yes to forget them."
