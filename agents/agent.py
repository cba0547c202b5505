"""From what was said to what is answered: commands to tools, the rest to memory and the model."""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from agents.answer import (
    CARE,
    DONT_KNOW_OWN,
    LOCKED,
    NO_MODEL,
    NOT_UNDERSTOOD,
    PRIVATE,
    PRIVATE_LOCKED,
    FromItem,
    FromModel,
    Known,
    Mint,
    plan,
)
from agents.choose.choice import Asked, Chosen
from agents.choose.turn import Choices, Refused, proposal
from agents.followup import complete
from agents.model import ChatModel, Message, ModelFailed, Role, never
from agents.prompt import SYSTEM, Exchange, key_of
from agents.router import NOT_A_COMMAND, Routed, RouteKind, Router, plain
from agents.tools import Call, Proposal, Receipt, Slot, Toolbox, ToolContext
from agents.tools.routines import RoutineTool
from agents.tools.speech import LastReply
from agents.tools.undo import UNDOABLE_S
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
_EXCHANGES = 3
_MOST_BEGUN = 8
_MOST_UNDOABLE = 16
_LONGEST_NAME = 6
_MEMORY_MAY_KNOW = ("calendar.find", "home.state")
"""Questions that a tool may answer, and what was remembered if it can't."""


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
        routed = self._router.route(text)
        if self._pending is not None:
            return complete(self._pending.proposal, text, routed, self._now())
        return routed

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
        routed, mint = self._routed(text, mint)
        if routed.tool is None or routed.intent in _MEMORY_MAY_KNOW:
            mint = _answering_once(mint)
        if routed.intent in _MEMORY_MAY_KNOW:
            receipt = self._toolbox.call(
                str(routed.tool), routed.args, self._context(mint, said_by)
            )
            if receipt.ok:
                yield from self._done(receipt, mint)
                return
            routed = NOT_A_COMMAND
        elif routed.tool is None:
            routed = self._named(text, routed, mint, said_by)
        if routed.tool is None:
            begun = self._begin(plain(text), said_by)
            yield from self._answer(plain(text), begun, stop, mint, said_by)
            return
        if routed.tool == "cannot" and routed.args.get("capability") == "other":
            # The grammar only knows that a deed is asked for: one of the tools may do it.
            chosen = self._chosen(plain(text), said_by, stop, mint)
            if chosen is not None:
                yield from self._carry_out(chosen, mint, said_by)
                return
        yield from self._call(routed.tool, routed.args, mint, said_by)

    def preview(self, text: str, *, mint: Mint | None = None) -> str | None:
        """What the command in `text` would say if it were carried out now; nothing is done.

        None where that can't be known, and where `text` is no command. "" is silence.
        """
        routed, mint = self._routed(text, mint)
        if routed.tool is None or routed.intent in _MEMORY_MAY_KNOW:
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
            for _ in model.stream(prompt.messages, max_tokens=0, stop=stop, key=prompt.key):
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
                for _ in self._model.stream(prompt.messages, max_tokens=0, key=prompt.key):
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
        self._used = begun.used
        heard = heard_text.strip()
        if any(each.heard == heard for each in self._history):
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
        if self._model is not None:
            self._model.reset()
        self._flushed()

    def _routed(self, text: str, mint: Mint | None) -> tuple[Routed, Mint]:
        """Where `text` goes, and whose permission goes with it.

        Who agrees to what was asked a moment ago agrees with the permission that it was asked
        with, as long as that lasts, if they might have asked it themselves.
        """
        now = mint or self._mint
        routed, asked = self._router.route(text), self._pending
        if asked is None:
            return routed, self._watched(now)
        completed = complete(asked.proposal, text, routed, self._now())
        if completed is not routed and asked.proposal.slot is Slot.YES:
            now = _both(now, asked.mint)
        return completed, self._watched(now)

    def _named(self, text: str, routed: Routed, mint: Mint, said_by: Provenance) -> Routed:
        """The routine whose name this is and nothing else, or `routed`."""
        tool = self._toolbox.get(RoutineTool.name)
        name = plain(text).strip(" .,!?").lower()
        if not isinstance(tool, RoutineTool) or not 0 < len(name.split()) <= _LONGEST_NAME:
            return routed
        try:
            names = tool.names(self._context(mint, said_by))
        except LapelError:
            return routed
        if name not in names:
            return routed
        return Routed(RouteKind.COMPLETE, tool.name, {"action": "run", "name": name})

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
        elif receipt.ok and receipt.undo is not None:
            self._done_lately.append(_Done(receipt.undo, self._now()))

    def _call(
        self, tool: str, args: Mapping[str, object], mint: Mint, said_by: Provenance
    ) -> Iterator[ReplyPart]:
        receipt = self._toolbox.call(tool, args, self._context(mint, said_by))
        yield from self._done(receipt, mint)

    def _done(self, receipt: Receipt, mint: Mint) -> Iterator[ReplyPart]:
        self._after(receipt, mint)
        yield Acted(receipt)
        if receipt.spoken:
            yield Text(receipt.spoken)

    def _asked(self, mint: Mint, model: ChatModel, stop: Callable[[], bool]) -> Asked:
        """The model, with what every prompt of this turn begins with. Raises LapelError."""
        try:
            scope = mint(Purpose.ANSWER)
        except LapelError:
            scope = None
        prompt = self._writer.prompt("", FromModel([], scope, model), list(self._history))
        return Asked(model, prompt.messages[:-1], prompt.key, stop)

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
        _ = list(self._model.stream(messages, max_tokens=0, stop=stop, key=model.key))
        return True

    def _chosen(
        self, question: str, said_by: Provenance, stop: Callable[[], bool], mint: Mint
    ) -> Chosen | Refused | None:
        """What tool the model chooses, if any, for words of the owner's. Changes nothing."""
        choices, model = self._choices, self._model
        if choices is None or model is None or said_by.trust is not Trust.OWNER:
            return None
        found = choices.may(question)
        if found is None:
            return None
        try:
            asked = self._asked(mint, model, stop)
        except LapelError:
            return None
        return choices.choose(question, found, asked, self._now())

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
            yield Text(self._writer.recalled(question, answer, stop))
            return
        said = False
        try:
            prompt = self._writer.prompt(question, answer, list(self._history))
            begun.label, begun.used = prompt.label, prompt.used
            if prompt.shortened:
                yield Text(f"{SHORTENED} ")
            for text in self._writer.generated(prompt, answer, stop):
                said = True
                yield Text(text)
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
    return isinstance(answer, FromItem) or answer in (Known(CARE), Known(""))


def _nothing() -> None:
    """Do nothing."""
