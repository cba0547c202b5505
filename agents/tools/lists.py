"""Lists: shopping, to-do, packing, or any other name. An item of private memory per entry."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Final, Literal

from agents.about import newest
from agents.entries import entry_of, entry_text, is_private, only, spoken
from agents.relevance import listed
from agents.tools import (
    Call,
    Proposal,
    Receipt,
    Slot,
    Tool,
    ToolArgs,
    ToolContext,
    Use,
    together,
)
from agents.tools.follow import Follow, Piece
from agents.tools.list_words import bare, list_name, meant_by, split_entries, with_capital
from agents.used import Used
from context.items import Item
from context.labels import Trust
from context.policy import OWNER_LISTS, Purpose, Scope
from context.store import UNDO_S

MOST_ENTRIES: Final = 200
_MOST_AT_ONCE: Final = 20
_MOST_CHARACTERS: Final = 200
_READ_AT_ONCE: Final = 10
_NOT_OPEN: Final = "Your lists are for you alone: ask me again when nobody else can hear it."
_PRIVATE: Final = "That sounds private, so I'll only read it out when you've pressed the button."


class ListArgs(ToolArgs):
    """items: entries; text: the same, as said in one go. list: its name, as said; "" asks for it.
    ids: entries that were agreed to, or are put on or off again. after: how many have been read
    already. name and all answer the question which entry is meant. also_on: other lists that the
    same is put on.
    """

    action: Literal["add", "remove", "read", "clear", "lists", "bring_back"]
    items: tuple[str, ...] = ()
    list: str = "shopping"
    text: str | None = None
    ids: tuple[str, ...] = ()
    after: int = 0
    name: str | None = None
    all: bool = False
    also_on: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Entry:
    item: Item
    list: str
    text: str


class ListTool(Tool[ListArgs]):
    """Keeps lists in private memory; clearing one asks first.

    undo_s: seconds in which what was taken off can be put back; then its bytes are erased.
    """

    name: ClassVar[str] = "list"
    trust: ClassVar[Trust] = Trust.IMPORTED
    description: ClassVar[str] = "keep your shopping list and other lists"
    acts: ClassVar[bool] = True
    uses: ClassVar[tuple[Use, ...]] = (
        Use(
            "add",
            "put things on a list, such as things to buy, to do or to pack",
            (
                "we're out of oat milk",
                "we've run low on coffee, put it with the groceries",
                "jot down batteries for when I'm at the store",
                "I need to pack my swimsuit",
                "one more thing for my to-do's: call the dentist",
            ),
            ("items", "list"),
            needs=(("items",),),
        ),
        Use(
            "remove",
            "take things off a list",
            (
                "I've got the eggs already",
                "bread's in the cart",
                "we don't need butter after all",
                "tick off the laundry",
            ),
            ("items", "list"),
            needs=(("items",),),
        ),
        Use(
            "read",
            "read out what is on a list",
            (
                "what do I have to get at the supermarket",
                "what's left to buy",
                "what do I still have to do",
                "go through my packing for me",
            ),
            ("list",),
            acts=False,
        ),
        Use(
            "clear",
            "empty a list",
            ("I've bought everything", "start the groceries over", "throw my to-dos away"),
            ("list",),
            asks=True,
        ),
        Use(
            "lists",
            "say which lists there are",
            ("which lists am I keeping", "do I have any lists", "what lists are there"),
            acts=False,
        ),
    )
    follows: ClassVar[Mapping[str, Follow]] = {
        "add": Follow(
            {Piece.ITEMS: "items"}, frozenset({Piece.ITEMS}), ("text", "name"), it="my {list} list"
        ),
        "remove": Follow(
            {Piece.ITEMS: "items"},
            frozenset({Piece.ITEMS}),
            ("text", "name", "ids", "all"),
            back="before",
            it="my {list} list",
        ),
        "read": Follow({Piece.NAME: "list"}, drops=("after",), it="my {list} list"),
        "clear": Follow(it="my {list} list"),
    }
    args = ListArgs

    def __init__(self, undo_s: float = UNDO_S) -> None:
        self._undo_s = undo_s

    def run(self, args: ListArgs, context: ToolContext) -> Receipt:
        """Do one action on one list."""
        match args.action:
            case "add" if args.also_on and args.list:
                return self._add_to_each(args, context)
            case "add":
                return self._add(args, context)
            case "remove":
                return self._remove(args, context)
            case "read":
                return self._read(args, context)
            case "clear":
                return self._clear(args, context)
            case "lists":
                return self._lists(context)
            case "bring_back":
                return self._bring_back(context)

    def foresee(self, args: ListArgs, context: ToolContext) -> str | None:
        """What is read; what changes a list says itself what it did."""
        return self.run(args, context).spoken if args.action in ("read", "lists") else None

    def _add(self, args: ListArgs, context: ToolContext) -> Receipt:
        if not args.list:
            raw = args.model_dump(mode="json", exclude_defaults=True)
            asks = Proposal(self.name, raw, Slot.TEXT, into="list")
            return self._no("list", "What should the list be called?", asks)
        name, entries = list_name(args.list), _entries(args)
        if not entries:
            asks = Proposal(self.name, {"action": "add", "list": name}, Slot.ITEMS)
            return self._no("items", f"What should I put on your {name} list?", asks)
        if len(entries) > _MOST_AT_ONCE or any(len(each) > _MOST_CHARACTERS for each in entries):
            return self._no("items", "That's too much for me at once: tell me fewer things.")
        there = [each for each in self._open(context) or () if each.list == name]
        if len(there) + len(entries) > MOST_ENTRIES:
            return self._no(
                "room", f"Your {name} list is full: it holds {MOST_ENTRIES} things at most."
            )
        known = {bare(each.text) for each in there}
        new = [each for each in entries if bare(each) not in known]
        doubles = [each for each in entries if bare(each) in known]
        after = there[-1].item if there else None
        added = self._store(name, new, after, context)
        said: list[str] = []
        if added:
            said.append(f"I've added {listed(new)} to your {name} list.")
        if doubles:
            where = "it" if added else f"your {name} list"
            verb = "is" if len(doubles) == 1 else "are"
            said.append(f"{with_capital(listed(doubles))} {verb} already on {where}.")
        if any(map(is_private, added)):
            said.append(_PRIVATE)
        ids = tuple(item.id for item in added)
        undo = Call(self.name, {"action": "remove", "list": name, "ids": ids}) if ids else None
        facts = {"action": "add", "items": list(ids), "doubles": len(doubles)}
        return Receipt(self.name, bool(added), facts, " ".join(said), undo=undo)

    def _add_to_each(self, args: ListArgs, context: ToolContext) -> Receipt:
        """Put the same on several lists; ok if it came on any."""
        done = [
            self._add(args.model_copy(update={"list": name, "also_on": ()}), context)
            for name in (args.list, *args.also_on)
        ]
        if done[0].asks is not None or len(done) == 1:
            return done[0]
        facts = {"action": "add", "lists": len(done)}
        ok = any(each.ok for each in done)
        undo = together([each.undo for each in done if each.undo is not None])
        return Receipt(self.name, ok, facts, " ".join(each.spoken for each in done), undo=undo)

    def _store(
        self, name: str, entries: Sequence[str], after: Item | None, context: ToolContext
    ) -> list[Item]:
        if not entries:
            return []
        scope, store = context.mint(Purpose.REMEMBER), context.store
        now = store.now()
        if after is not None and now <= after.captured_at <= now + timedelta(seconds=1):
            now = after.captured_at + timedelta(microseconds=1)
        return [
            store.remember(
                scope,
                entry_text(name, entry),
                compartment=OWNER_LISTS,
                said_by=context.said_by,
                captured_at=now + timedelta(microseconds=number),  # they keep their order
            )
            for number, entry in enumerate(entries)
        ]

    def _remove(self, args: ListArgs, context: ToolContext) -> Receipt:
        name = list_name(args.list)
        scope = only(context.mint(Purpose.FORGET), OWNER_LISTS)
        if scope is None:
            return self._no("permission", _NOT_OPEN)
        there = [each for each in _within(scope, context) if each.list == name]
        if args.ids:
            meant = [each for each in there if each.item.id in args.ids]
            return self._taken_off(name, meant, [], scope, context)
        wanted = _entries(args)
        if not wanted:
            asks = Proposal(self.name, {"action": "remove", "list": name}, Slot.ITEMS)
            return self._no("items", f"What should I take off your {name} list?", asks)
        if not there:
            return self._no("found", f"There's nothing on your {name} list.")
        texts = [each.text for each in there]
        chosen: list[_Entry] = []
        missing: list[str] = []
        for want in wanted:
            found = meant_by(want, texts)
            if len(found) > 1 and not args.all:
                which = listed([texts[at] for at in found])
                asks = Proposal(self.name, {"action": "remove", "list": name}, Slot.WHICH)
                return self._no("which", f"Which one: {which}?", asks)
            chosen += [there[at] for at in found if there[at] not in chosen]
            missing += [] if found else [want]
        return self._taken_off(name, chosen, missing, scope, context)

    def _taken_off(
        self, name: str, meant: list[_Entry], missing: list[str], scope: Scope, context: ToolContext
    ) -> Receipt:
        said: list[str] = []
        if meant:
            _ = context.store.forget(scope, *(each.item.id for each in meant), undo_s=self._undo_s)
            said.append(f"I've taken {_listed(meant)} off your {name} list.")
        elif not missing:
            said.append("That was gone already.")
        if missing:
            isnt = "isn't" if len(missing) == 1 else "aren't"
            where = "it" if meant else f"your {name} list"
            said.append(f"{with_capital(listed(missing))} {isnt} on {where}.")
        facts = {"action": "remove", "items": [each.item.id for each in meant]}
        undo = self._undo() if meant else None
        return Receipt(self.name, bool(meant), facts, " ".join(said), undo=undo)

    def _read(self, args: ListArgs, context: ToolContext) -> Receipt:
        name, opened = list_name(args.list), self._open(context)
        if opened is None:
            return self._no("permission", _NOT_OPEN)
        entries = [each for each in opened if each.list == name]
        if not entries:
            none = f"There's nothing on your {name} list."
            return Receipt(self.name, True, {"found": 0}, none, used=())
        now_read = entries[args.after : args.after + _READ_AT_ONCE]
        left = len(entries) - args.after - len(now_read)
        many = len(entries) > _READ_AT_ONCE
        count = f"has {len(entries)} things. The first are" if many else "has"
        begin = "Then" if args.after else f"Your {name} list {count}"
        colon = ":" if many or args.after or len(now_read) > 1 else ""
        said = f"{begin}{colon} {_listed(now_read)}."
        asks = None
        if left > 0:
            said += f" That leaves {left} more. Should I go on?"
            after = args.after + len(now_read)
            more = {"action": "read", "list": name, "after": after}
            asks = Proposal(self.name, more, Slot.YES)
        facts = {"items": [each.item.id for each in now_read], "found": len(entries)}
        scope = context.mint(Purpose.ANSWER)
        used = tuple(Used.of(each.item, scope) for each in now_read)
        return Receipt(self.name, True, facts, said, asks, used=used)

    def _clear(self, args: ListArgs, context: ToolContext) -> Receipt:
        name = list_name(args.list)
        scope = only(context.mint(Purpose.FORGET), OWNER_LISTS)
        if scope is None:
            return self._no("permission", _NOT_OPEN)
        there = [each for each in _within(scope, context) if each.list == name]
        if args.ids:
            agreed = [each for each in there if each.item.id in args.ids]
            if not agreed:
                return self._no("found", "That was gone already.")
            _ = context.store.forget(scope, *(each.item.id for each in agreed), undo_s=self._undo_s)
            left = len(there) - len(agreed)
            said = f"Your {name} list is empty now."
            if left:
                said = f"I've cleared your {name} list of what you agreed to; {left} newer left."
            facts = {"action": "clear", "items": [each.item.id for each in agreed]}
            return Receipt(self.name, True, facts, said, undo=self._undo())
        if not there:
            return self._no("found", f"There's nothing on your {name} list.")
        ids = tuple(each.item.id for each in there)
        asks = Proposal(self.name, {"action": "clear", "list": name, "ids": ids}, Slot.YES)
        what = _listed(there) if len(there) <= 2 else f"all {len(there)} things"
        asked = f"Should I clear your {name} list, with {what} on it? Say yes to clear it."
        return self._no("yes", asked, asks)

    def _lists(self, context: ToolContext) -> Receipt:
        opened = self._open(context)
        if opened is None:
            return self._no("permission", _NOT_OPEN)
        counts: dict[str, int] = {}
        for each in opened:
            counts[each.list] = counts.get(each.list, 0) + 1
        if not counts:
            return Receipt(self.name, True, {"lists": 0}, "You have no lists yet.")
        told = [f"{spoken(name, 60)}, with {_things(counts[name])}" for name in sorted(counts)]
        one = len(told) == 1
        said = f"You have {'one list' if one else f'{len(told)} lists'}: {'; '.join(told)}."
        return Receipt(self.name, True, {"lists": len(told)}, said)

    def _bring_back(self, context: ToolContext) -> Receipt:
        scope = only(context.mint(Purpose.FORGET), OWNER_LISTS)
        count = 0 if scope is None else context.store.undo(scope)
        back = "it" if count == 1 else f"those {count} things"
        said = f"I've put {back} back on the list." if count else "I can't put that back any more."
        return Receipt(self.name, bool(count), {"count": count}, said)

    def _undo(self) -> Call | None:
        return Call(self.name, {"action": "bring_back"}) if self._undo_s >= 1 else None

    def _open(self, context: ToolContext) -> list[_Entry] | None:
        """The entries that may be told of now, the oldest first; None where none may."""
        scope = only(context.mint(Purpose.ANSWER), OWNER_LISTS)
        return None if scope is None else _within(scope, context)

    def _no(self, missing: str, said: str, asks: Proposal | None = None) -> Receipt:
        return Receipt(self.name, False, {"missing": missing}, said, asks)


def _within(scope: Scope, context: ToolContext) -> list[_Entry]:
    kept = [
        _Entry(item, *entry)
        for item in newest(context.store, scope)
        if (entry := entry_of(item)) is not None
    ]
    return kept[::-1]


def _entries(args: ListArgs) -> list[str]:
    """What is to be put on or taken off, each once."""
    said = [*args.items, *([args.name] if args.name else []), *split_entries(args.text or "")]
    plain = [" ".join(each.split()).rstrip(".!?;, ") for each in said]
    return list({bare(each): each for each in plain if each}.values())


def _listed(entries: Sequence[_Entry]) -> str:
    return listed([spoken(each.text, 80) for each in entries])


def _things(count: int) -> str:
    return "1 thing" if count == 1 else f"{count} things"
