"""From what was said to what is answered: commands to tools, the rest to memory and the model."""

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import cast

from agents.answer import (
    CARE,
    DONT_KNOW_OWN,
    LOCKED,
    NO_MODEL,
    NOT_UNDERSTOOD,
    PRIVATE,
    PRIVATE_LOCKED,
    STILL_WORKS,
    FromItem,
    FromModel,
    Known,
    Mint,
    plan,
)
from agents.choose.choice import Asked, Chosen
from agents.choose.turn import Choices, Refused, proposal
from agents.elliptical import Last, elliptical, ids_in, instead
from agents.followup import complete
from agents.model import ChatModel, Message, ModelFailed, Role, ServerFailed, never
from agents.prompt import SYSTEM, VERBATIM, Exchange, key_of
from agents.router import NOT_A_COMMAND, Routed, RouteKind, Router, plain
from agents.tools import Call, Proposal, Receipt, Slot, Toolbox, ToolContext
from agents.tools.routines import RoutineTool
from agents.tools.speech import LastReply
from agents.tools.undo import UNDOABLE_S, renamed
from agents.used import Used
from agents.writer import DONT_KNOW, SHORTENED, Writer
from context.errors import LapelError
from context.items import Provenance
from context.labels import Compartment, Label, Trust, join
from context.policy import Purpose, Scope
from context.store import Store

__all__ = [
    "BROKE_OFF",
    "CARE",
    "DONT_KNOW",
    "DONT_KNOW_OWN",
    "LOCKED",
    "NOT_UNDERSTOOD",
    "NO_MODEL",
    "PRIVATE",
    "PRIVATE_LOCKED",
    "REPLY_TOKENS",
    "SHORTENED",
    "Acted",
    "Agent",
    "Chose",
    "Mint",
    "ReplyPart",
    "Text",
]

REPLY_TOKENS = 96
BROKE_OFF = "I can't finish that: my language model stopped working."
_EXCHANGES = 9  # of which the prompt tells the older ones in a line
_MOST_BEGUN = 8
_MOST_UNDOABLE = 16
_LONGEST_NAME = 6
_WHAT_DOES = re.compile(r"(?:and )?what (?:does|will|did) (.+?) do")
_MEMORY_MAY_KNOW = ("calendar.find", "home.state")
"""Questions that a tool may answer, and what was remembered if it can't."""
_MODEL_MAY_KNOW = ("calculator",)
"""Tools chosen for questions that the model may answer if they can't."""


@dataclass(frozen=True)
class Text:
    """The next piece of what is to be said; the pieces of a reply simply follow each other."""

    text: str


@dataclass(frozen=True)
class Acted:
    """A tool was called. What it says follows as Text."""

    receipt: Receipt


@dataclass(frozen=True)
class Chose:
    """The model chose a tool for what was no command. It is called, or the owner asked about it,
    when the next part is asked for: so that must wait until the turn is decided. foreseen: what
    will be said; None where that can't be known.
    """

    foreseen: str | None


ReplyPart = Text | Acted | Chose


@dataclass
class _Begun:
    """A reply that changed nothing yet. asker: of the question. label: of what the reply is from;
    None: not for the history. used: what it is from. within: what was open to who asked; None:
    nothing.
    """

    asker: Label
    label: Label | None = None
    used: tuple[Used, ...] = ()
    within: frozenset[Compartment] | None = None


@dataclass(frozen=True)
class _Asked:
    """A question of a tool's that waits for its answer, and the permission it was asked with."""

    proposal: Proposal
    mint: Mint


@dataclass(frozen=True)
class _Done:
    """What takes back a deed, and when that was done."""

    undo: Call
    at: datetime


class Agent:
    """Answers one utterance at a time, on one thread.

    mint: makes a scope for a purpose, for who is speaking now and who hears it; it may raise
    ScopeDenied. A call may be given that of its own turn. now: the clock by which scopes expire,
    aware. model: None where there is none; commands work without. choices: lets the model choose a
    tool for what is no complete command; None: it only talks. last_reply: is told what was heard,
    for who says it again.

    A reply to anything but a command changes nothing until `heard`, so it may be begun before
    the turn is decided, and thrown away without a trace; see `Chose` for where that ends.
    """

    def __init__(
        self,
        *,
        router: Router,
        toolbox: Toolbox,
        model: ChatModel | None,
        store: Store,
        mint: Mint,
        now: Callable[[], datetime],
        system: str = SYSTEM,
        reply_tokens: int = REPLY_TOKENS,
        choices: Choices | None = None,
        last_reply: LastReply | None = None,
    ) -> None:
        self._router = router
        self._toolbox = toolbox
        self._choices = choices
        self._last_reply = last_reply or LastReply()
        self._done_lately: deque[_Done] = deque(maxlen=_MOST_UNDOABLE)
        self._model = model
        self._store = store
        self._mint = mint
        self._now = now
        self._writer = Writer(system, reply_tokens, store, now)
        self._history: deque[Exchange] = deque(maxlen=_EXCHANGES)
        self._pending: _Asked | None = None
        self._lately: deque[Last] = deque(maxlen=2)  # the last deed, and what was asked since
        self._just_remembered: str | None = None
        self._used: tuple[Used, ...] = ()
        self._begun: dict[str, _Begun] = {}  # by what was asked; which are heard is yet to come
        self._opened: dict[Purpose, str] = {}
        self._answered: Scope | None = None
        self._reached: set[Compartment] = set()  # since the last reply was heard
        self._flushed: Callable[[], None] = _nothing

    def load(self) -> None:
        """Read the grammar, open the model and have it read the start of every prompt.

        Raises ModelUnusable or ModelFailed; commands, the clock and memory work all the same.
        """
        self._router.load()
        if self._choices is not None:
            self._choices.load()
        model, self._model = self._model, None
        if model is not None:
            model.load()
            model.keep_start(self._writer.system)
            self._model = model

    def when_flushed(self, call: Callable[[], None]) -> None:
        """Have `call` called, on this agent's thread, whenever what others keep of its replies
        must go: something was forgotten, or other things are open than before.
        """
        self._flushed = call

    def route(self, text: str) -> Routed:
        """Where `text` goes, as an answer to the last question asked or on its own. Changes
        nothing, so it may be asked of every partial transcript.
        """
        return self._meant(text)[0]

    def reply(
        self,
        text: str,
        *,
        stop: Callable[[], bool] = never,
        said_by: Provenance = Provenance.OWNER_SPOKE,
        mint: Mint | None = None,
    ) -> Iterator[ReplyPart]:
        """The reply to `text`, made as it is asked for; acts only once iterated. Never raises a
        LapelError: what went wrong is said. stop: ends the model's part at the next token.
        mint: this turn's.
        """
        routed, mint = self._routed(text, mint, said_by)
        if routed.tool is None or routed.intent in _MEMORY_MAY_KNOW:
            mint = _answering_once(mint)
        if routed.intent in _MEMORY_MAY_KNOW:
            tool = str(routed.tool)
            receipt = self._toolbox.call(tool, routed.args, self._context(mint, said_by))
            if receipt.ok:
                self._note(Call(tool, routed.args), receipt)
                yield from self._done(receipt, mint)
                return
            routed = NOT_A_COMMAND
        elif routed.tool is None:
            routed = self._named(text, routed, mint, said_by)
        if routed.tool is None:
            begun = self._begin(plain(text), said_by)
            yield from self._answer(plain(text), begun, stop, mint, said_by)
            return
        if routed.kind is RouteKind.INCOMPLETE and said_by.trust is Trust.OWNER:
            routed = self._completed(plain(text), routed)
        if routed.tool == "cannot":
            chosen = self._deed_chosen(plain(text), routed, said_by, stop, mint)
            if chosen is not None:
                yield from self._carry_out(chosen, mint, said_by)
                return
        if routed.replaces is not None:
            yield from self._instead(routed, routed.replaces, mint, said_by)
        elif routed.tool is not None:
            yield from self._call(routed.tool, routed.args, mint, said_by)

    def preview(self, text: str, *, mint: Mint | None = None) -> str | None:
        """What the command in `text` would say if it were carried out now; nothing is done.

        None where that can't be known, and where `text` is no command. "" is silence.
        """
        routed, mint = self._routed(text, mint)
        if routed.tool is None or routed.intent in _MEMORY_MAY_KNOW or routed.replaces is not None:
            return None
        return self._toolbox.preview(routed.tool, routed.args, self._context(mint))

    def prepare(
        self, text: str, *, stop: Callable[[], bool] = never, mint: Mint | None = None
    ) -> None:
        """Have the model read the prompt that `text` would make, so that the reply to it, or to
        more words after it, begins sooner. Changes nothing else. Never raises a LapelError.
        """
        question = plain(text)
        if self.route(text).tool is not None or not question:
            return
        try:
            answer = plan(question, self._store, self._watched(mint), self._model)
            if not _settled(answer) and self._read_choice(question, self._watched(mint), stop):
                return
            match answer:
                case FromModel() as answer:
                    model = answer.model
                    prompt = self._writer.prompt(question, answer, list(self._history))
                case FromItem(_, _, model) as answer if model is not None:
                    prompt = self._writer.recall_prompt(question, answer, model)
                case _:
                    return
            for _ in model.stream(
                prompt.messages, max_tokens=0, label=prompt.label, stop=stop, key=prompt.key
            ):
                pass
        except LapelError:
            return  # the reply itself will say so

    def read_history(self) -> None:
        """Have the model read the conversation so far, so that the next prompt only adds to it.

        For the moment after a reply: the oldest exchange falls out, and what a recalled item was
        put to stands in the model's memory instead. After a turn that opened what a voice does not,
        all that was made of it goes instead. Never raises a LapelError.
        """
        scope = self._answered
        if scope is not None and scope.present:
            self._answered = None
            if self._model is not None:
                self._model.reset()
            self._flushed()
        elif scope is not None and self._model is not None:
            try:
                answer = FromModel([], scope, self._model)
                prompt = self._writer.prompt("", answer, list(self._history))
                for _ in self._model.stream(
                    prompt.messages, max_tokens=0, label=prompt.label, key=prompt.key
                ):
                    pass
            except LapelError:
                return  # the next reply will say so

    def share_cores(self, shared: bool) -> None:
        """Whether the voice works beside the model, which then takes fewer threads. From any
        thread, at any time.
        """
        if self._model is not None:
            self._model.share_cores(shared)

    def heard(self, user_text: str, heard_text: str) -> None:
        """The reply to `user_text` is the one that was given, and was heard so far.

        The exchange goes into the history. Commands are left out: a model that reads "timer
        set" says it too.
        """
        self._last_reply.note(heard_text, frozenset(self._reached))
        self._reached.clear()
        asked = plain(user_text)
        begun = self._begun.get(asked)
        self._begun.clear()
        if begun is None:
            return
        self._pending = self._just_remembered = None
        self._lately.clear()  # "it" is something else by now
        self._used = begun.used
        heard = heard_text.strip()
        if any(each.heard == heard for each in list(self._history)[-VERBATIM:]):
            # A small model that has said a thing twice says it to every question from then on.
            self._history.clear()
        elif begun.label is not None and heard:
            label = join(begun.asker, begun.label)
            self._history.append(Exchange(asked, heard, label, begun.within))

    def start_over(self) -> None:
        """Forget the conversation (not what was remembered), also in the model, and have what
        others keep of it forgotten.
        """
        self._history.clear()
        self._begun.clear()
        self._pending = self._just_remembered = None
        self._used = ()
        self._last_reply.clear()
        self._done_lately.clear()
        self._lately.clear()
        if self._model is not None:
            self._model.reset()
        self._flushed()

    def _meant(self, text: str) -> tuple[Routed, "_Asked | Last | None"]:
        """Where `text` goes, and the question or the call without which it would mean nothing."""
        routed, now = self._router.route(text), self._now()
        if self._pending is not None:
            completed = complete(self._pending.proposal, text, routed, now)
            if completed is not routed:
                return completed, self._pending
        for last in reversed(self._lately):
            if last.is_over(now):
                continue
            found = elliptical(last, text, routed, now, self._router.route)
            if found is not None:
                return found, last
        return routed, None

    def _routed(
        self, text: str, mint: Mint | None, said_by: Provenance = Provenance.OWNER_SPOKE
    ) -> tuple[Routed, Mint]:
        """Where `text` goes, and whose permission goes with it.

        Who agrees to what was asked a moment ago agrees with the permission that it was asked
        with, as long as that lasts, if they might have asked it themselves.
        """
        now = mint or self._mint
        routed, to = self._meant(text)
        if isinstance(to, Last):
            once = _answering_once(self._watched(now))
            may = self._may_refer(to, once, said_by)
            return (routed if may else self._router.route(text)), once
        if to is not None and to.proposal.slot is Slot.YES:
            now = _both(now, to.mint)
        return routed, self._watched(now)

    def _may_refer(self, last: Last, mint: Mint, said_by: Provenance) -> bool:
        """Whether who speaks may go on from an earlier call: the owner, who could hear it too."""
        if said_by.trust is not Trust.OWNER:
            return False
        try:
            return not last.within or last.within <= mint(Purpose.ANSWER).compartments
        except LapelError:
            return False

    def _named(self, text: str, routed: Routed, mint: Mint, said_by: Provenance) -> Routed:
        """The routine whose name this is, or of which it is asked what it does, or `routed`."""
        tool = self._toolbox.get(RoutineTool.name)
        said = plain(text).strip(" .,!?").lower()
        shown = _WHAT_DOES.fullmatch(said)
        name = said if shown is None else shown[1]
        if not isinstance(tool, RoutineTool) or not 0 < len(name.split()) <= _LONGEST_NAME:
            return routed
        try:
            names = tool.names(self._context(mint, said_by))
        except LapelError:
            return routed
        if name not in names:
            return routed
        action = "run" if shown is None else "show"
        return Routed(RouteKind.COMPLETE, tool.name, {"action": action, "name": name})

    def _watched(self, mint: Mint | None) -> Mint:
        """`mint`, noticing when other things are open than before: then caches are flushed."""
        minting = mint or self._mint

        def minted(purpose: Purpose) -> Scope:
            try:
                scope = minting(purpose)
            except LapelError:
                self._notice(purpose, "")
                if purpose is Purpose.ANSWER:
                    self._answered = None
                raise
            self._notice(purpose, key_of(scope))
            if purpose is not Purpose.REMEMBER:  # which shows nothing of what it opens
                self._reached |= scope.compartments
            if purpose is Purpose.ANSWER:
                self._answered = scope
            return scope

        return minted

    def _notice(self, purpose: Purpose, key: str) -> None:
        if self._opened.setdefault(purpose, key) != key:
            self._opened[purpose] = key
            self._flushed()

    def _context(self, mint: Mint, said_by: Provenance = Provenance.OWNER_SPOKE) -> ToolContext:
        newest = self._done_lately[-1] if self._done_lately else None
        late = newest is None or (self._now() - newest.at).total_seconds() > UNDOABLE_S
        undoable = None if newest is None or late else newest.undo
        return ToolContext(self._store, mint, said_by, self._just_remembered, self._used, undoable)

    def _begin(self, question: str, said_by: Provenance) -> _Begun:
        while len(self._begun) >= _MOST_BEGUN:
            del self._begun[next(iter(self._begun))]
        self._begun.pop(question, None)
        begun = self._begun[question] = _Begun(Label(frozenset(), said_by.trust))
        return begun

    def _after(self, receipt: Receipt, mint: Mint) -> None:
        self._begun.clear()
        self._just_remembered = None
        if receipt.flush:
            # All of it: an exchange that is not from what was forgotten may still speak of it.
            self.start_over()
        if receipt.used is not None:
            self._used = receipt.used
        item = receipt.facts.get("item")
        if receipt.tool == "remember" and receipt.ok and isinstance(item, str):
            self._just_remembered = item
        self._pending = None if receipt.asks is None else _Asked(receipt.asks, mint)
        if receipt.tool == "undo" and "tool" in receipt.facts and self._done_lately:
            self._done_lately.pop()  # that was undone, and not a forgetting or a remembering
            self._rename(receipt)
        elif receipt.ok and receipt.undo is not None:
            self._done_lately.append(_Done(receipt.undo, self._now()))

    def _rename(self, undone: Receipt) -> None:
        """What undoes earlier deeds means things by the ids that they have now."""
        again = cast("Mapping[str, str]", undone.facts.get("again", {}))
        kept = [_Done(renamed(each.undo, again), each.at) for each in self._done_lately]
        self._done_lately = deque(kept, maxlen=_MOST_UNDOABLE)

    def _note(self, call: Call, receipt: Receipt) -> None:
        """Keep a call, so that a few words can refer to it."""
        tool = self._toolbox.get(call.tool)
        action = str(call.args.get("action", ""))
        follow = None if tool is None else tool.follows.get(action)
        if tool is None or follow is None:
            if self._toolbox.acts(call.tool) and receipt.ok:
                self._lately.clear()
            return
        acts = next((each.acts for each in tool.uses if each.action == action), tool.acts)
        if receipt.asks is not None or (acts and not receipt.ok):
            return
        if acts:
            self._lately.clear()
        elif self._lately and not self._lately[-1].acts:
            _ = self._lately.pop()
        due = receipt.facts.get("at")
        self._lately.append(
            Last(
                call,
                follow,
                acts,
                self._now(),
                ids_in(call.tool, receipt.facts),
                datetime.fromisoformat(due) if isinstance(due, str) else None,
                receipt.undo,
                receipt.briefly,
                frozenset(self._reached),
            )
        )

    def _call(
        self, tool: str, args: Mapping[str, object], mint: Mint, said_by: Provenance
    ) -> Iterator[ReplyPart]:
        receipt = self._toolbox.call(tool, args, self._context(mint, said_by))
        self._note(Call(tool, args), receipt)
        yield from self._done(receipt, mint)

    def _instead(
        self, routed: Routed, undo: Call, mint: Mint, said_by: Provenance
    ) -> Iterator[ReplyPart]:
        """Do what was meant, and take back what was done instead of it."""
        tool = str(routed.tool)
        last = next(each for each in self._lately if each.undo == undo)

        def call(name: str, args: Mapping[str, object]) -> Receipt:
            return self._toolbox.call(name, args, self._context(mint, said_by))

        before = call("undo", {"calls": (undo,)}) if last.follow.back == "before" else None
        done = call(tool, routed.args)
        undone = before or (call("undo", {"calls": (undo,)}) if done.ok else None)
        if undone is not None and undone.ok:
            kept = [each for each in self._done_lately if each.undo != undo]
            self._done_lately = deque(kept, maxlen=_MOST_UNDOABLE)
            self._rename(undone)
        both = done if undone is None else instead(done, undone, last.briefly)
        self._note(Call(tool, routed.args), both)
        yield from self._done(both, mint)

    def _done(self, receipt: Receipt, mint: Mint) -> Iterator[ReplyPart]:
        self._after(receipt, mint)
        yield Acted(receipt)
        if receipt.spoken:
            yield Text(receipt.spoken)

    def _asked(self, mint: Mint, model: ChatModel, stop: Callable[[], bool]) -> Asked:
        """The model, with what every prompt of this turn begins with; only for the owner's words.

        Raises LapelError.
        """
        try:
            scope = mint(Purpose.ANSWER)
        except LapelError:
            scope = None
        prompt = self._writer.prompt("", FromModel([], scope, model), list(self._history))
        return Asked(model, prompt.messages[:-1], prompt.label, prompt.key, stop)

    def _read_choice(self, question: str, mint: Mint, stop: Callable[[], bool]) -> bool:
        """Have the model read what it will choose from; False if it will not choose."""
        found = None if self._choices is None else self._choices.may(question)
        if self._choices is None or self._model is None or found is None:
            return False
        asks = self._choices.question(question, found)
        if asks is None:
            return False
        model = self._asked(mint, self._model, stop)
        messages = [*model.start, Message(Role.USER, asks)]
        reading = self._model.stream(
            messages, max_tokens=0, label=model.label, stop=stop, key=model.key
        )
        _ = list(reading)
        return True

    def _chosen(
        self, question: str, said_by: Provenance, stop: Callable[[], bool], mint: Mint
    ) -> Chosen | Refused | None:
        """What tool is chosen, if any, for words of the owner's. Changes nothing."""
        choices, model = self._choices, self._model
        if choices is None or said_by.trust is not Trust.OWNER:
            return None
        found = choices.may(question)
        if found is None:
            return None
        try:
            asked = None if model is None else self._asked(mint, model, stop)
        except LapelError:
            return None
        return choices.choose(question, found, asked, self._now())

    def _completed(self, text: str, routed: Routed) -> Routed:
        """An incomplete command with what the words around it say of it."""
        if self._choices is None or routed.intent is None:
            return routed
        args = self._choices.completed(text, routed.intent, routed.args, self._now())
        return replace(routed, args=args)

    def _deed_chosen(
        self,
        question: str,
        routed: Routed,
        said_by: Provenance,
        stop: Callable[[], bool],
        mint: Mint,
    ) -> Chosen | Refused | None:
        """What may do what the grammar takes for a deed that can't be done: any tool where it only
        knows that a deed is asked for, else one that a server offers.
        """
        any_tool = routed.args.get("capability") == "other"
        if not any_tool and not self._toolbox.offered:
            return None
        chosen = self._chosen(question, said_by, stop, mint)
        offered = isinstance(chosen, Chosen) and chosen.call.tool in self._toolbox.offered
        return chosen if any_tool or offered else None

    def _carry_out(
        self, chosen: Chosen | Refused, mint: Mint, said_by: Provenance
    ) -> Iterator[ReplyPart]:
        """Make the call, or ask about it; only once the turn is decided."""
        if isinstance(chosen, Refused):
            yield Text(chosen.spoken)
            return
        if chosen.ask:
            receipt = proposal(chosen, self._now())
            yield Chose(receipt.spoken)
            yield from self._done(receipt, mint)
            return
        tool, args = chosen.call.tool, chosen.call.args
        yield Chose(self._toolbox.preview(tool, args, self._context(mint, said_by)))
        if self._choices is not None:
            self._choices.made(chosen)
        yield from self._call(tool, args, mint, said_by)

    def _answer(
        self,
        question: str,
        begun: _Begun,
        stop: Callable[[], bool],
        mint: Mint,
        said_by: Provenance,
    ) -> Iterator[ReplyPart]:
        answer = plan(question, self._store, mint, self._model)
        chosen = None if _settled(answer) else self._chosen(question, said_by, stop, mint)
        if answer == Known(CARE) and not (isinstance(chosen, Chosen) and chosen.acts):
            chosen = None  # to be reminded of a medicine is no question about it
        if isinstance(chosen, Chosen) and chosen.call.tool in _MODEL_MAY_KNOW:
            told = self._toolbox.call(chosen.call.tool, chosen.call.args, self._context(mint))
            chosen = chosen if told.ok else None
        if chosen is not None:
            yield from self._carry_out(chosen, mint, said_by)
            return
        if isinstance(answer, Known):
            if answer.text:
                yield Text(answer.text)
            return
        begun.within = None if answer.scope is None else answer.scope.compartments
        if isinstance(answer, FromItem):
            begun.label, begun.used = answer.item.label, (Used.of(answer.item, answer.scope),)
            yield Text(self._writer.recalled(question, answer, stop, begun.asker))
            return
        said = False
        try:
            prompt = self._writer.prompt(question, answer, list(self._history))
            begun.label, begun.used = prompt.label, prompt.used
            if prompt.shortened:
                yield Text(f"{SHORTENED} ")
            for text in self._writer.generated(prompt, answer, stop, begun.asker):
                said = True
                yield Text(text)
        except ServerFailed as error:
            begun.label = None
            yield Text(f" {error}" if said else f"{error} {STILL_WORKS}")
        except ModelFailed:
            begun.label = None
            yield Text(f" {BROKE_OFF}" if said else NO_MODEL)
        except LapelError as error:
            begun.label = None
            yield Text(f" {error}" if said else str(error))


def _both(now: Mint, asked: Mint) -> Mint:
    """The permission `asked`, for who has `now` for the same purpose too."""

    def minted(purpose: Purpose) -> Scope:
        _ = now(purpose)
        return asked(purpose)

    return minted


def _answering_once(mint: Mint) -> Mint:
    """`mint`, whose permission to answer is used for a whole turn: one that was given once."""
    minted: dict[Purpose, Scope] = {}

    def answering(purpose: Purpose) -> Scope:
        if purpose is not Purpose.ANSWER:
            return mint(purpose)
        if purpose not in minted:
            minted[purpose] = mint(purpose)
        return minted[purpose]

    return answering


def _settled(answer: Known | FromItem | FromModel) -> bool:
    """Whether an answer is so sure that no tool is looked for."""
    return isinstance(answer, FromItem) or answer == Known("")


def _nothing() -> None:
    """Do nothing."""
