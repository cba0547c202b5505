"""Forgets what was remembered: says what it would forget, and does it after a yes."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import ClassVar, Literal

from pydantic import Field

from agents.about import about, day_of, kept_between, newest
from agents.answer import not_known
from agents.durations import LONGEST_SPAN_S, say_duration, say_span
from agents.entries import as_fact, is_private
from agents.perspective import second_person
from agents.relevance import listed
from agents.tools import Call, Proposal, Receipt, Slot, Tool, ToolArgs, ToolContext
from context.errors import ItemNotFound
from context.items import Item
from context.keys.keyring import Tier
from context.labels import Compartment
from context.policy import Purpose, Scope
from context.store import UNDO_S

_MOST_NAMED = 2
_JUST_PRIVATE = "That's private: press the button, and then say forget that."
_CONVERSATION = "I've forgotten what we were talking about. What you asked me to remember is kept."


class ForgetArgs(ToolArgs):
    """What to forget; nothing at all is the last thing.

    topic: what it is about; every: all that bears on it, and not only what it names. all:
    everything. seconds: what was kept in the last so many; day: a day's. conversation: what was
    said, and nothing that is kept. ids: these, agreed to; then ask about `more`.
    """

    topic: str | None = None
    every: bool = False
    all: bool = False
    seconds: float | None = Field(default=None, gt=0, le=LONGEST_SPAN_S)
    day: Literal["today", "yesterday"] | None = None
    conversation: bool = False
    ids: tuple[str, ...] = ()
    more: tuple[str, ...] = ()


class ForgetTool(Tool[ForgetArgs]):
    """Forgets what the owner told, after a yes; what was told a moment ago at once.

    now: aware, in the owner's zone. undo_s: seconds in which it can be undone.
    """

    name: ClassVar[str] = "forget"
    description: ClassVar[str] = "forget things"
    acts: ClassVar[bool] = True
    args = ForgetArgs

    def __init__(self, now: Callable[[], datetime], undo_s: float = UNDO_S) -> None:
        self._now = now
        self._undo_s = undo_s
        self._forgot: frozenset[Compartment] | None = None

    def run(self, args: ForgetArgs, context: ToolContext) -> Receipt:
        """Forget `ids`, or ask whether to forget what the other arguments find."""
        if args.conversation:
            return Receipt(self.name, True, {"items": []}, _CONVERSATION, flush=True)
        scope = context.mint(Purpose.FORGET)
        if args.ids:
            return self._forget(args.ids, scope, context, args)
        meant, near = self._meant(args, scope, context)
        if not meant:
            # What was said in that time leaves the conversation, even where nothing was kept.
            flush = args.seconds is not None or args.day is not None
            said = self._nothing(args, scope, context)
            return Receipt(self.name, False, {"found": 0}, said, flush=flush)
        ids = tuple(item.id for item in meant)
        if _is_last(args, meant, context):
            return self._forget(ids, scope, context, args)
        more = tuple(item.id for item in near)
        asks = Proposal(self.name, {"ids": ids, "more": more}, Slot.YES)
        asked = _question(meant, args)
        return Receipt(self.name, False, {"found": len(ids)}, asked, asks)

    def foresee(self, args: ForgetArgs, context: ToolContext) -> str | None:
        """The question; or after a yes, how many of the things agreed to are still there."""
        if args.conversation:
            return _CONVERSATION
        scope = context.mint(Purpose.FORGET)
        ids = args.ids
        if not ids:
            meant, _ = self._meant(args, scope, context)
            if not _is_last(args, meant, context):
                return self.run(args, context).spoken  # a question or a refusal: nothing changes
            ids = (meant[0].id,)
        there = _there(ids, scope, context)
        near = _there(args.more, scope, context)
        return " ".join([self._forgotten(there), *([_also(near)] if near else [])])

    def has_forgotten(self, scope: Scope) -> bool:
        """Whether something was forgotten here that lay in what `scope` opens."""
        return self._forgot is not None and self._forgot <= scope.compartments

    def was_undone(self) -> None:
        """What was forgotten last is back."""
        self._forgot = None

    def _forget(
        self, ids: tuple[str, ...], scope: Scope, context: ToolContext, args: ForgetArgs
    ) -> Receipt:
        """Forget items within `scope`, a permission to forget, so that one undo is for all."""
        there = _there(ids, scope, context)
        near = _there(args.more, scope, context)
        forgotten = [item.id for item in there]
        if there:
            try:
                context.store.forget(scope, *forgotten, undo_s=self._undo_s)
            except ItemNotFound:  # another program was quicker
                there = forgotten = []
            else:
                self._forgot = scope.compartments
        spoken, asks = self._forgotten(there), None
        if near:
            asks = Proposal(self.name, {"ids": tuple(item.id for item in near)}, Slot.YES)
            spoken += f" {_also(near)}"
        undo = Call("undo", {"forgotten": True}) if there and self._undo_s >= 1 else None
        return Receipt(
            self.name, bool(there), {"items": forgotten}, spoken, asks, flush=bool(there), undo=undo
        )

    def _meant(
        self, args: ForgetArgs, scope: Scope, context: ToolContext
    ) -> tuple[list[Item], list[Item]]:
        """What is meant, newest first, and what may be meant besides."""
        store = context.store
        if args.topic is not None:
            found = about(store, scope, args.topic)
            if args.every:
                return (found.sure, found.near) if found.sure else (found.near, [])
            return found.sure or found.near, []  # what is named, else what is nearest
        if args.day is not None:
            return kept_between(store, scope, *day_of(self._now(), args.day)), []
        if args.seconds is not None:
            end = self._now()
            return kept_between(store, scope, end - timedelta(seconds=args.seconds), end), []
        if args.all:
            return list(newest(store, scope)), []
        if context.just_remembered is not None:
            return _there((context.just_remembered,), scope, context), []
        return store.items(scope, limit=1), []

    def _nothing(self, args: ForgetArgs, scope: Scope, context: ToolContext) -> str:
        if args.topic is not None:
            otherwise = f"I remember nothing about {second_person(args.topic)}."
            if context.store.keyring.locked(Tier.RESTRICTED):  # whatever may be in there
                otherwise = f"{otherwise[:-1]} in what is not locked."
            return not_known(args.topic, scope, context.store, otherwise)
        if (when := _when(args)) is not None:
            return f"I've kept nothing from {when}."
        if not args.all and context.just_remembered is not None:
            return _JUST_PRIVATE
        return "I remember nothing."

    def _forgotten(self, items: list[Item]) -> str:
        if not items:
            return "That was gone already."
        one = len(items) == 1
        done = "I've forgotten that." if one else f"I've forgotten those {len(items)} things."
        if self._undo_s < 1:
            return done
        undo = "Press the button and say undo" if any(map(is_private, items)) else "Say undo"
        within = _within(self._undo_s)
        return f"{done} {undo} {within} to bring {'it' if one else 'them'} back."


def _there(ids: tuple[str, ...], scope: Scope, context: ToolContext) -> list[Item]:
    there: list[Item] = []
    for item_id in ids:
        try:
            there.append(context.store.item(scope, item_id))
        except ItemNotFound:
            continue
    return there


def _is_last(args: ForgetArgs, items: list[Item], context: ToolContext) -> bool:
    """Whether "forget that" is about what the last turn stored, which needs no question."""
    bare = not (args.all or args.topic or args.seconds or args.day)
    return bare and bool(items) and items[0].id == context.just_remembered


def _question(items: list[Item], args: ForgetArgs) -> str:
    if args.all and len(items) > 1:
        return f"Should I forget all {len(items)} things you told me? Say yes to forget them."
    when = _when(args)
    if len(items) == 1:
        from_then = f", from {when}" if when else ""
        return f"Should I forget that {_fact(items[0])}{from_then}? Say yes to forget it."
    if when is not None:
        what = f" from {when}"
    else:
        what = f" about {second_person(args.topic)}" if args.topic else ""
    return f"I'd forget {len(items)} things{what}: {_preview(items)}. Say yes to forget them."


def _also(near: list[Item]) -> str:
    these, them = ("This", "it") if len(near) == 1 else ("These", "them")
    facts = listed([f"that {_fact(item)}" for item in near])
    return f"{these} may be about it too: {facts}. Say yes to forget {them} as well."


def _preview(items: list[Item]) -> str:
    named = [f"that {_fact(item)}" for item in items[:_MOST_NAMED]]
    if more := len(items) - len(named):
        named.append(f"{more} more")
    return f"{', '.join(named[:-1])}, and {named[-1]}"


def _fact(item: Item) -> str:
    return as_fact(item)


def _when(args: ForgetArgs) -> str | None:
    if args.day is not None:
        return args.day
    return None if args.seconds is None else f"the last {say_span(args.seconds)}"


def _within(seconds: float) -> str:
    for unit_s, unit in ((3600, "an hour"), (60, "a minute")):
        if seconds == unit_s:
            return f"within {unit}"
    return f"within {say_duration(seconds)}"
