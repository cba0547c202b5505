"""Routines: several commands under one name, taught by the owner and run a step after another."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final, Literal, Protocol

from agents.about import newest
from agents.entries import is_private, only, spoken
from agents.relevance import listed
from agents.routine_steps import read, routine_name, split_steps, written
from agents.tools import Call, Proposal, Receipt, Slot, Tool, ToolArgs, ToolContext, Use
from agents.tools.follow import Follow
from agents.tools.undo import Calls
from context.errors import LapelError
from context.items import Item
from context.labels import Trust
from context.policy import OWNER_ROUTINES, Purpose
from context.store import UNDO_S

MOST_STEPS: Final = 12
MOST_ROUTINES: Final = 50
_LONGEST_STEP: Final = 200
_LONGEST_NAME: Final = 6
_WHAT_DOES: Final = re.compile(r"(?:and )?what (?:does|will|did) (.+?) do")
_NEVER_A_STEP: Final = frozenset({"routine", "undo", "forget", "permissions", "stop", "cannot"})
_NOT_OPEN: Final = "Your routines are for you alone: ask me again when nobody else can hear it."
_PRIVATE: Final = "That sounds private, so it only runs when you've pressed the button."
_NONE: Final = "You have taught me no routines. Say: when I say good night, set an alarm for seven."


class Routes(Protocol):
    """Says what a complete command calls."""

    def complete(self, utterance: str) -> Call | None:
        """The call of an utterance; None if it is no complete command."""
        ...


class RoutineArgs(ToolArgs):
    """name: as said. steps: commands as said; text: the same in one go. replace: it was agreed to
    replace the one of that name. ids: routines to take back.
    """

    action: Literal["teach", "run", "list", "show", "remove", "bring_back", "take_back"]
    name: str | None = None
    steps: tuple[str, ...] = ()
    text: str | None = None
    replace: bool = False
    ids: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Routine:
    item: Item
    name: str
    steps: list[str]


class RoutineTool(Tool[RoutineArgs]):
    """Keeps routines in private memory. call: calls a tool by name. No routine runs another."""

    name: ClassVar[str] = "routine"
    trust: ClassVar[Trust] = Trust.IMPORTED
    description: ClassVar[str] = "run routines that you teach me"
    acts: ClassVar[bool] = True
    uses: ClassVar[tuple[Use, ...]] = (
        Use(
            "teach",
            "learn a routine: several commands that run when its name is said",
            (
                "whenever I say bedtime, mute yourself and set an alarm for six",
                "learn a new trick called morning: tell me the date and read my to-dos",
                "I want one word that does several things",
            ),
            ("name", "steps"),
            needs=(("name",), ("steps",)),
        ),
        Use(
            "run",
            "run a routine that was taught",
            ("do my bedtime thing", "start the morning stuff", "go through good night for me"),
            ("name",),
            needs=(("name",),),
        ),
        Use(
            "list",
            "say which routines there are",
            ("which routines did I teach you", "what shortcuts do you know"),
            acts=False,
        ),
        Use(
            "show",
            "say what a routine does",
            ("what happens when I say bedtime", "what's in my morning routine"),
            ("name",),
            acts=False,
        ),
        Use(
            "remove",
            "delete a routine",
            ("unlearn bedtime", "I don't use the morning routine any more, drop it"),
            ("name",),
            needs=(("name",),),
        ),
    )
    follows: ClassVar[Mapping[str, Follow]] = {
        "run": Follow(it="the {name} routine", again=True),
        "show": Follow(it="the {name} routine"),
        "teach": Follow(it="the {name} routine"),
    }
    args = RoutineArgs

    def __init__(self, routes: Routes, call: Calls, undo_s: float = UNDO_S) -> None:
        self._routes = routes
        self._call = call
        self._undo_s = undo_s
        self._undo_run: list[Call] = []

    def run(self, args: RoutineArgs, context: ToolContext) -> Receipt:
        """Do one action."""
        match args.action:
            case "teach":
                return self._teach(args, context)
            case "run":
                return self._with(args.name, args.action, context, self._run)
            case "list":
                return self._list(context)
            case "show":
                return self._with(args.name, args.action, context, self._show)
            case "remove":
                return self._remove(args, context)
            case "bring_back":
                return self._bring_back(context)
            case "take_back":
                return self._take_back(context)

    def foresee(self, args: RoutineArgs, context: ToolContext) -> str | None:
        """What is listed or shown; what a routine does is not known before."""
        return self.run(args, context).spoken if args.action in ("list", "show") else None

    def named(self, said: str, context: ToolContext) -> dict[str, object] | None:
        """The arguments for the routine whose name alone is said, which runs it, or of which it is
        asked what it does; None where there is none that may be spoken of now.
        """
        said = said.strip(" .,!?").lower()
        shown = _WHAT_DOES.fullmatch(said)
        name = said if shown is None else shown[1]
        if not 0 < len(name.split()) <= _LONGEST_NAME:
            return None
        try:
            names = {each.name for each in self._open(context, Purpose.ANSWER) or ()}
        except LapelError:
            return None
        return (
            {"action": "run" if shown is None else "show", "name": name} if name in names else None
        )

    def _teach(self, args: RoutineArgs, context: ToolContext) -> Receipt:
        name = routine_name(args.name or "")
        if not name:
            raw = args.model_dump(mode="json", exclude_defaults=True)
            asks = Proposal(self.name, raw, Slot.TEXT, into="name")
            return self._no("name", "What should the routine be called?", asks)
        steps = [" ".join(each.split()).strip(" .,;") for each in args.steps]
        if args.text:
            split = split_steps(args.text, self._is_step, MOST_STEPS)
            steps += split if split is not None else [args.text.strip(" .,;")]
        steps = [step for step in steps if step]
        if not steps:
            asks = Proposal(self.name, {"action": "teach", "name": name}, Slot.STEPS)
            return self._no("steps", f"What should I do when you say {name}?", asks)
        if len(steps) > MOST_STEPS:
            return self._no("steps", f"A routine has {MOST_STEPS} steps at most.")
        for step in steps:
            if len(step) > _LONGEST_STEP or not self._is_step(step):
                what = spoken(step, 60)
                why = "It's not a whole command that I can carry out by itself"
                return self._no("step", f"I can't learn that. {why}: {what}.")
        known = self._open(context, Purpose.ANSWER) or []
        old = [each for each in known if each.name == name]
        if old and not args.replace:
            again = {"action": "teach", "name": name, "steps": tuple(steps), "replace": True}
            asked = f"You have a routine called {name} already. Should I replace it?"
            return self._no("yes", asked, Proposal(self.name, again, Slot.YES))
        if len(known) >= MOST_ROUTINES:
            return self._no("room", f"I keep {MOST_ROUTINES} routines at most.")
        item = context.store.remember(
            context.mint(Purpose.REMEMBER),
            written(name, steps),
            compartment=OWNER_ROUTINES,
            said_by=context.said_by,
        )
        stale = [each.item.id for each in old if each.item.id != item.id]
        if stale:
            _ = context.store.forget(context.mint(Purpose.FORGET), *stale, undo_s=self._undo_s)
        count = "1 step" if len(steps) == 1 else f"{len(steps)} steps"
        said = f"I've learned {name}, with {count}. Say {name} to run it."
        if is_private(item):
            said += f" {_PRIVATE}"
        undo = Call(self.name, {"action": "remove", "ids": (item.id,)})
        facts = {"action": "teach", "items": [item.id], "steps": len(steps)}
        return Receipt(self.name, True, facts, said, undo=undo)

    def _run(self, routine: _Routine, context: ToolContext) -> Receipt:
        if routine.item.label.trust is not Trust.OWNER:
            return self._no("trust", "That routine isn't from you, so I won't run it.")
        said: list[str] = []
        done = 0
        flush = False
        stopped = ""
        self._undo_run = []
        for number, step in enumerate(routine.steps[:MOST_STEPS], start=1):
            call = self._routes.complete(step)
            if call is None or call.tool in _NEVER_A_STEP:
                stopped = f"I stopped at step {number}, which is no command of its own."
                break
            receipt = self._call(call.tool, call.args, context)
            flush = flush or receipt.flush
            if receipt.asks is not None:
                stopped = (
                    f"I stopped at step {number}, which needs your answer: {spoken(step, 60)}."
                )
                break
            done += receipt.ok
            self._undo_run += [] if receipt.undo is None else [receipt.undo]
            failed = "" if receipt.ok else f"Step {number} didn't work: "
            said.append(f"{failed}{receipt.spoken}".strip())
        count = len(routine.steps)
        if done < count:
            said.append(stopped or f"{done} of {count} steps worked.")
        facts = {"action": "run", "steps": count, "done": done}
        spoken_all = " ".join(filter(None, said)) or "Done."
        undo = Call(self.name, {"action": "take_back"}) if done else None
        return Receipt(self.name, done == count, facts, spoken_all, flush=flush, undo=undo)

    def _take_back(self, context: ToolContext) -> Receipt:
        """Undo the steps of the last run, the last first."""
        undoing, self._undo_run = self._undo_run[::-1], []
        receipts = [self._call(each.tool, each.args, context) for each in undoing]
        done = sum(receipt.ok for receipt in receipts)
        flush = any(receipt.flush for receipt in receipts)
        steps = "1 step" if done == 1 else f"{done} steps"
        said = f"I've taken back {steps} of that." if done else "I can't take that back."
        return Receipt(self.name, done > 0, {"undone": done}, said, flush=flush)

    def _show(self, routine: _Routine, context: ToolContext) -> Receipt:
        steps = [spoken(step, 80) for step in routine.steps]
        said = f"When you say {spoken(routine.name, 60)}: {'; '.join(steps)}."
        return Receipt(self.name, True, {"action": "show", "steps": len(steps)}, said)

    def _list(self, context: ToolContext) -> Receipt:
        known = self._open(context, Purpose.ANSWER)
        if known is None:
            return self._no("permission", _NOT_OPEN)
        names = sorted({spoken(each.name, 60) for each in known})
        if not names:
            return Receipt(self.name, True, {"routines": 0}, _NONE)
        one = len(names) == 1
        said = f"You have {'one routine' if one else f'{len(names)} routines'}: {listed(names)}."
        return Receipt(self.name, True, {"routines": len(names)}, said)

    def _remove(self, args: RoutineArgs, context: ToolContext) -> Receipt:
        known = self._open(context, Purpose.FORGET)
        if known is None:
            return self._no("permission", _NOT_OPEN)
        if args.ids:
            meant = [each for each in known if each.item.id in args.ids]
        else:
            meant = _meant(args.name, known)
        if not meant:
            return self._unknown(args.name, known, args.action)
        scope = context.mint(Purpose.FORGET)
        ids = [each.item.id for each in meant]
        _ = context.store.forget(scope, *ids, undo_s=self._undo_s)
        undo = Call(self.name, {"action": "bring_back"}) if self._undo_s >= 1 else None
        said = f"I've removed the routine {spoken(meant[0].name, 60)}."
        return Receipt(self.name, True, {"action": "remove", "items": ids}, said, undo=undo)

    def _bring_back(self, context: ToolContext) -> Receipt:
        scope = only(context.mint(Purpose.FORGET), OWNER_ROUTINES)
        count = 0 if scope is None else context.store.undo(scope)
        said = "I know that routine again." if count else "I can't bring that back any more."
        return Receipt(self.name, bool(count), {"count": count}, said)

    def _with(
        self,
        name: str | None,
        action: str,
        context: ToolContext,
        do: Callable[[_Routine, ToolContext], Receipt],
    ) -> Receipt:
        known = self._open(context, Purpose.ANSWER)
        if known is None:
            return self._no("permission", _NOT_OPEN)
        meant = _meant(name, known)
        return do(meant[0], context) if meant else self._unknown(name, known, action)

    def _unknown(self, name: str | None, known: Sequence[_Routine], action: str) -> Receipt:
        if not known:
            return self._no("found", _NONE)
        names = sorted({spoken(each.name, 60) for each in known})[:6]
        if not name:
            asks = Proposal(self.name, {"action": action}, Slot.TEXT, into="name")
            return self._no("name", f"Which one? I know {listed(names)}.", asks)
        said = f"You have no routine called {spoken(name, 60)}. I know {listed(names)}."
        return self._no("found", said)

    def _is_step(self, step: str) -> bool:
        call = self._routes.complete(step)
        return call is not None and call.tool not in _NEVER_A_STEP

    def _open(self, context: ToolContext, purpose: Purpose) -> list[_Routine] | None:
        scope = only(context.mint(purpose), OWNER_ROUTINES)
        if scope is None:
            return None
        kept = [(item, read(item.text)) for item in newest(context.store, scope)]
        return [_Routine(item, *routine) for item, routine in kept if routine is not None]

    def _no(self, missing: str, said: str, asks: Proposal | None = None) -> Receipt:
        return Receipt(self.name, False, {"missing": missing}, said, asks)


def _meant(name: str | None, known: Sequence[_Routine]) -> list[_Routine]:
    """The newest routine of that name; the only one where no name is given."""
    if name is None:
        return list(known[:1]) if len(known) == 1 else []
    run_together = routine_name(name).replace(" ", "")  # "goodnight" is as good as "good night"
    return [each for each in known if each.name.replace(" ", "") == run_together][:1]
