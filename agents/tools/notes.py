"""Notes: the owner's words, kept as they were said, in private memory."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import ClassVar, Final, Literal

from agents.about import about, newest
from agents.entries import is_private, only, spoken
from agents.tools import Call, Proposal, Receipt, Slot, Tool, ToolArgs, ToolContext, Use
from agents.tools.follow import Follow
from agents.used import Used, said_when
from context.items import Item
from context.labels import Trust
from context.policy import OWNER_NOTES, Purpose, Scope
from context.store import UNDO_S

_READ_AT_ONCE: Final = 4
_READ_CHARACTERS: Final = 300
_NAMED_CHARACTERS: Final = 60
_NOT_OPEN: Final = "Your notes are for you alone: ask me again when nobody else can hear it."
_PRIVATE: Final = "That sounds private, so I'll only read it out when you've pressed the button."
_NONE: Final = "You have no notes."


class NoteArgs(ToolArgs):
    """text: what to note. last: the newest note. topic: those about something. ids: notes that were
    agreed to, or are taken back. after: how many have been read already.
    """

    action: Literal["add", "read", "clear", "remove", "bring_back"]
    text: str | None = None
    last: bool = False
    topic: str | None = None
    ids: tuple[str, ...] = ()
    after: int = 0


class NoteTool(Tool[NoteArgs]):
    """Keeps notes in private memory. now: aware, in the owner's zone.

    undo_s: seconds in which a note that was deleted can be brought back; then it is erased.
    """

    name: ClassVar[str] = "note"
    trust: ClassVar[Trust] = Trust.IMPORTED
    description: ClassVar[str] = "take notes"
    acts: ClassVar[bool] = True
    uses: ClassVar[tuple[Use, ...]] = (
        Use(
            "add",
            "write down a note, word for word",
            (
                "jot this down: the plumber comes in through the back",
                "write down that the paint is called sea mist",
                "scribble down my idea for the garden",
                "put in my notes that the heating makes a noise",
            ),
            ("text",),
            needs=(("text",),),
        ),
        Use(
            "read",
            "read notes out",
            (
                "what have I jotted down",
                "what was it I wrote down just now",
                "go through my notes",
                "what did I put in my notes last",
            ),
            ("last",),
            acts=False,
        ),
        Use(
            "remove",
            "delete one note",
            (
                "scrap what I just wrote down",
                "get rid of the note about the plumber",
                "I don't need my note on the paint any more",
            ),
            ("last", "topic"),
        ),
        Use(
            "clear",
            "delete all notes",
            ("throw all my notes away", "start my notes afresh", "wipe everything I wrote down"),
            asks=True,
        ),
    )
    follows: ClassVar[Mapping[str, Follow]] = {
        "add": Follow(it="my last note", ids="ids", ends={"action": "remove"}),
        "read": Follow(it="my last note", ids="ids", ends={"action": "remove"}),
    }
    args = NoteArgs

    def __init__(self, now: Callable[[], datetime], undo_s: float = UNDO_S) -> None:
        self._now = now
        self._undo_s = undo_s

    def run(self, args: NoteArgs, context: ToolContext) -> Receipt:
        """Do one action; deleting more than one note asks first."""
        match args.action:
            case "add":
                return self._add(args, context)
            case "read":
                return self._read(args, context)
            case "clear" | "remove":
                return self._remove(args, context)
            case "bring_back":
                return self._bring_back(context)

    def foresee(self, args: NoteArgs, context: ToolContext) -> str | None:
        """What is read; what changes the notes says itself what it did."""
        return self.run(args, context).spoken if args.action == "read" else None

    def _add(self, args: NoteArgs, context: ToolContext) -> Receipt:
        text = " ".join((args.text or "").split())
        if not text:
            asks = Proposal(self.name, {"action": "add"}, Slot.TEXT)
            return self._no("text", "What should I note?", asks)
        item = context.store.remember(
            context.mint(Purpose.REMEMBER), text, compartment=OWNER_NOTES, said_by=context.said_by
        )
        said = f"I've noted: {spoken(text, _READ_CHARACTERS)}."
        if is_private(item):
            said += f" {_PRIVATE}"
        undo = Call(self.name, {"action": "remove", "ids": (item.id,)})
        return Receipt(self.name, True, {"action": "add", "items": [item.id]}, said, undo=undo)

    def _read(self, args: NoteArgs, context: ToolContext) -> Receipt:
        answer = context.mint(Purpose.ANSWER)
        scope = only(answer, OWNER_NOTES)
        if scope is None:
            return self._no("permission", _NOT_OPEN)
        notes = list(newest(context.store, scope))
        if not notes:
            return Receipt(self.name, True, {"found": 0}, _NONE, used=())
        now_read = notes[:1] if args.last else notes[args.after : args.after + _READ_AT_ONCE]
        told = [self._told(item) for item in now_read]
        asks = None
        if args.last:
            said = f"Your last note is {told[0]}."
        elif len(notes) == 1:
            said = f"You have one note, {told[0]}."
        else:
            begin = "Before that:" if args.after else f"You have {len(notes)} notes, newest first:"
            said = f"{begin} {'; '.join(told)}."
            after = args.after + len(now_read)
            if after < len(notes):
                said += f" That leaves {len(notes) - after} more. Should I go on?"
                asks = Proposal(self.name, {"action": "read", "after": after}, Slot.YES)
        facts = {"items": [item.id for item in now_read], "found": len(notes)}
        used = tuple(Used.of(item, answer) for item in now_read)
        return Receipt(self.name, True, facts, said, asks, used=used)

    def _remove(self, args: NoteArgs, context: ToolContext) -> Receipt:
        scope = only(context.mint(Purpose.FORGET), OWNER_NOTES)
        if scope is None:
            return self._no("permission", _NOT_OPEN)
        notes = list(newest(context.store, scope))
        if args.ids:
            return self._deleted([each for each in notes if each.id in args.ids], scope, context)
        if not notes:
            return self._no("found", _NONE)
        if args.action == "clear":
            return self._ask(notes, f"Should I delete all {len(notes)} notes?")
        if args.topic is None and not args.last:
            asks = Proposal(self.name, {"action": "remove", "last": True}, Slot.YES)
            asked = f"Should I delete your last note: {_named(notes[0])}?"
            return self._no("which", f"{asked} Say yes to delete it.", asks)
        if args.topic is None:
            return self._deleted(notes[:1], scope, context)
        found = about(context.store, scope, args.topic)
        if len(found.sure) == 1:
            return self._deleted(found.sure, scope, context)
        meant = found.sure or found.near
        if not meant:
            return self._no("found", f"You have no note about {spoken(args.topic, 60)}.")
        these = "; ".join(map(_named, meant[:3]))
        if (more := len(meant) - 3) > 0:
            these += f"; and {more} more"
        them = "this note" if len(meant) == 1 else f"these {len(meant)} notes"
        return self._ask(meant, f"Should I delete {them}: {these}?")

    def _ask(self, meant: Sequence[Item], asked: str) -> Receipt:
        one = len(meant) == 1
        if one and asked.startswith("Should I delete all"):
            asked = f"Should I delete your only note: {_named(meant[0])}?"
        ids = tuple(item.id for item in meant)
        asks = Proposal(self.name, {"action": "remove", "ids": ids}, Slot.YES)
        return self._no("yes", f"{asked} Say yes to delete {'it' if one else 'them'}.", asks)

    def _deleted(self, meant: Sequence[Item], scope: Scope, context: ToolContext) -> Receipt:
        if not meant:
            return self._no("found", "That was gone already.")
        _ = context.store.forget(scope, *(item.id for item in meant), undo_s=self._undo_s)
        one = len(meant) == 1
        what = f"the note: {_named(meant[0])}" if one else f"those {len(meant)} notes"
        facts = {"action": "remove", "items": [item.id for item in meant]}
        undo = Call(self.name, {"action": "bring_back"}) if self._undo_s >= 1 else None
        said = f"I've deleted {what}."
        return Receipt(self.name, True, facts, said, flush=True, undo=undo)

    def _bring_back(self, context: ToolContext) -> Receipt:
        scope = only(context.mint(Purpose.FORGET), OWNER_NOTES)
        count = 0 if scope is None else context.store.undo(scope)
        back = "your note" if count == 1 else f"those {count} notes"
        said = f"I've brought {back} back." if count else "I can't bring that back any more."
        return Receipt(self.name, bool(count), {"count": count}, said)

    def _told(self, item: Item) -> str:
        when = said_when(item.captured_at, self._now())
        return f"from {when.removeprefix('on ')}: {spoken(item.text, _READ_CHARACTERS)}"

    def _no(self, missing: str, said: str, asks: Proposal | None = None) -> Receipt:
        return Receipt(self.name, False, {"missing": missing}, said, asks)


def _named(item: Item) -> str:
    return spoken(item.text, _NAMED_CHARACTERS)
