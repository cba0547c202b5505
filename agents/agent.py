"""From what was said to what is answered: commands to tools, the rest to memory and the model."""

from collections.abc import Callable, Iterator
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
    STILL_WORKS,
    FromItem,
    FromModel,
    Known,
    Mint,
    plan,
)
from agents.choose.choice import Asked, Chosen
from agents.choose.meant import Meant
from agents.choose.turn import Choices, Refused, proposal
from agents.elliptical import Last
from agents.exchanges import Begun, Exchanges
from agents.followup import complete
from agents.lately import Lately, Undoable, in_place_of
from agents.mints import Opened, answering_once, both
from agents.model import ChatModel, ModelFailed, ServerFailed, never
from agents.parts import Acted, Chose, ReplyPart, Text
from agents.prompt import SYSTEM
from agents.router import NOT_A_COMMAND, Routed, RouteKind, Router, plain
from agents.several import commands
from agents.tools import Call, Proposal, Receipt, Slot, Toolbox, ToolContext
from agents.tools.routines import RoutineTool
from agents.tools.speech import LastReply
from agents.used import Used
from agents.writer import DONT_KNOW, SHORTENED, Writer, read_ahead
from context.errors import LapelError
from context.items import Provenance
from context.labels import Trust
from context.policy import Purpose
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
REST = "Tell me the rest again after that."
BROKE_OFF = "I can't finish that: my language model stopped working."
_MEMORY_MAY_KNOW = ("calendar.find", "home.state")
"""Questions that a tool may answer, and what was remembered if it can't."""
_UNKNOWN = tuple(Known(each) for each in (DONT_KNOW_OWN, PRIVATE, PRIVATE_LOCKED, LOCKED))
_SURE_OF_OWN = 0.8
"""Of what is the owner's and was never told, only a tool that is surely meant knows better."""
_MODEL_MAY_KNOW = ("calculator",)
"""Tools chosen for questions that the model may answer if they can't."""


@dataclass(frozen=True)
class _Pending:
    """A question of a tool's that waits for its answer, and the permission it was asked with."""

    proposal: Proposal
    mint: Mint


class Agent:
    """Answers one utterance at a time, on one thread.

    mint: makes a scope for a purpose, for who is speaking now and who hears it; it may raise
    ScopeDenied. A call may be given that of its own turn. now: the clock by which scopes expire,
    aware. model: None where there is none; commands work without. choices: choose a tool for what
    is no complete command; None: none is chosen. last_reply: is told what was heard, for who says
    it again.

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
        self._meant = Meant(choices, toolbox, self._asked, now)
        self._last_reply = last_reply or LastReply()
        self._undoable = Undoable(now)
        self._model = model
        self._store = store
        self._mint = mint
        self._now = now
        self._writer = Writer(system, reply_tokens, store, now)
        self._exchanges = Exchanges()
        self._pending: _Pending | None = None
        self._lately = Lately(toolbox, now)
        self._just_remembered: str | None = None
        self._used: tuple[Used, ...] = ()
        self._flushed: Callable[[], None] = _nothing
        self._opened = Opened(self._flush)

    def load(self) -> None:
        """Read the grammar, open the model and have it read the start of every prompt.

        Raises ModelUnusable or ModelFailed; commands, the clock and memory work all the same.
        """
        self._router.load()
        self._meant.load()
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
        return self._routes(text)[0]

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
        if self._pending is None and (several := commands(plain(text), self._router.route)):
            yield from self._each(several, stop, said_by, mint)
            return
        routed, mint = self._routed(text, mint, said_by)
        if routed.tool is None or routed.intent in _MEMORY_MAY_KNOW:
            mint = answering_once(mint)
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
            begun = self._exchanges.begin(plain(text), said_by)
            yield from self._answer(plain(text), begun, stop, mint, said_by)
            return
        if routed.kind is RouteKind.INCOMPLETE and said_by.trust is Trust.OWNER:
            routed = self._meant.completed(plain(text), routed)
        if routed.intent == "home.off" and (ending := self._meant.ending(plain(text), said_by)):
            yield from self._carry_out(ending, mint, said_by)
            return
        if routed.tool == "cannot":
            mint = answering_once(mint)
            chosen = self._meant.deed(plain(text), routed, said_by, stop, mint)
            if chosen is not None:
                yield from self._carry_out(chosen, mint, said_by)
                return
        call = Call(str(routed.tool), routed.args)
        if routed.replaces is not None:
            yield from self._instead(call, routed.replaces, mint, said_by)
        else:
            yield from self._call(call, mint, said_by)

    def _each(
        self,
        several: list[str],
        stop: Callable[[], bool],
        said_by: Provenance,
        mint: Mint | None,
    ) -> Iterator[ReplyPart]:
        """Carry out one command after the other, until one has to ask."""
        yield Chose(None)
        for number, command in enumerate(several):
            if number:
                yield Text(" ")
            yield from self.reply(command, stop=stop, said_by=said_by, mint=mint)
            if self._pending is not None and number + 1 < len(several):
                yield Text(f" {REST}")
                return

    def preview(self, text: str, *, mint: Mint | None = None) -> str | None:
        """What the command in `text` would say if it were carried out now; nothing is done.

        None where that can't be known, and where `text` is no command. "" is silence.
        """
        if self._pending is None and commands(plain(text), self._router.route):
            return None
        routed, mint = self._routed(text, mint)
        if routed.tool is None or routed.intent in _MEMORY_MAY_KNOW or routed.replaces is not None:
            return None
        instead = routed.tool == "cannot" or routed.intent == "home.off"
        if instead and self._meant.may(plain(text)):
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
            if not _settled(answer) and self._meant.read(question, self._watched(mint), stop):
                return
            match answer:
                case FromModel() as answer:
                    model = answer.model
                    prompt = self._writer.prompt(question, answer, self._exchanges.history)
                case FromItem(_, _, model) as answer if model is not None:
                    prompt = self._writer.recall_prompt(question, answer, model)
                case _:
                    return
            read_ahead(model, prompt, stop)
        except LapelError:
            return  # the reply itself will say so

    def read_history(self) -> None:
        """Have the model read the conversation so far, so that the next prompt only adds to it.

        For the moment after a reply: the oldest exchange falls out, and what a recalled item was
        put to stands in the model's memory instead. After a turn that opened what a voice does not,
        all that was made of it goes instead. Never raises a LapelError.
        """
        scope = self._opened.answered
        if scope is not None and scope.present:
            self._opened.answered = None
            if self._model is not None:
                self._model.reset()
            self._flush()
        elif scope is not None and self._model is not None:
            try:
                answer = FromModel([], scope, self._model)
                prompt = self._writer.prompt("", answer, self._exchanges.history)
                read_ahead(self._model, prompt)
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
        self._last_reply.note(heard_text, frozenset(self._opened.reached))
        self._opened.reached.clear()
        begun = self._exchanges.heard(plain(user_text), heard_text)
        if begun is None:
            return
        self._pending = self._just_remembered = None
        self._lately.clear()  # "it" is something else by now
        self._used = begun.used

    @property
    def answered_from_memory(self) -> bool:
        """Whether the last reply that was heard was made from what is remembered."""
        return bool(self._used)

    def start_over(self) -> None:
        """Forget the conversation (not what was remembered), also in the model, and have what
        others keep of it forgotten.
        """
        self._exchanges.clear()
        self._pending = self._just_remembered = None
        self._used = ()
        self._last_reply.clear()
        self._meant.forget()
        self._undoable.clear()
        self._lately.clear()
        if self._model is not None:
            self._model.reset()
        self._flush()

    def _routes(self, text: str) -> tuple[Routed, _Pending | Last | None]:
        """Where `text` goes, and the question or the call without which it would mean nothing."""
        routed, now = self._router.route(text), self._now()
        if self._pending is not None:
            completed = complete(self._pending.proposal, text, routed, now)
            if completed is not routed:
                return completed, self._pending
        return self._lately.meant(text, routed, now, self._router.route) or (routed, None)

    def _routed(
        self, text: str, mint: Mint | None, said_by: Provenance = Provenance.OWNER_SPOKE
    ) -> tuple[Routed, Mint]:
        """Where `text` goes, and whose permission goes with it.

        Who agrees to what was asked a moment ago agrees with the permission that it was asked
        with, as long as that lasts, if they might have asked it themselves.
        """
        now = mint or self._mint
        routed, to = self._routes(text)
        if to is None and routed.kind is RouteKind.COMPLETE:
            routed = self._meant.trimmed(plain(text), routed)
        if isinstance(to, Last):
            once = answering_once(self._watched(now))
            may = self._may_refer(to, once, said_by)
            return (routed if may else self._router.route(text)), once
        if to is not None and to.proposal.slot is Slot.YES:
            now = both(now, to.mint)
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
        if not isinstance(tool, RoutineTool):
            return routed
        args = tool.named(plain(text), self._context(mint, said_by))
        return routed if args is None else Routed(RouteKind.COMPLETE, tool.name, args)

    def _watched(self, mint: Mint | None) -> Mint:
        """`mint`, noticing when other things are open than before: then caches are flushed."""
        return self._opened.watched(mint or self._mint)

    def _flush(self) -> None:
        self._flushed()

    def _context(self, mint: Mint, said_by: Provenance = Provenance.OWNER_SPOKE) -> ToolContext:
        undoable = self._undoable.newest
        return ToolContext(self._store, mint, said_by, self._just_remembered, self._used, undoable)

    def _after(self, receipt: Receipt, mint: Mint) -> None:
        self._exchanges.throw_away_begun()
        self._just_remembered = None
        if receipt.flush:
            # All of it: an exchange that is not from what was forgotten may still speak of it.
            self.start_over()
        if receipt.used is not None:
            self._used = receipt.used
        item = receipt.facts.get("item")
        if receipt.tool == "remember" and receipt.ok and isinstance(item, str):
            self._just_remembered = item
        self._pending = None if receipt.asks is None else _Pending(receipt.asks, mint)
        self._undoable.note(receipt, frozenset(self._opened.reached))

    def _note(self, call: Call, receipt: Receipt) -> None:
        """Keep a call, so that a few words can refer to it."""
        self._lately.note(call, receipt, frozenset(self._opened.reached))

    def _call(self, call: Call, mint: Mint, said_by: Provenance) -> Iterator[ReplyPart]:
        receipt = self._toolbox.call(call.tool, call.args, self._context(mint, said_by))
        self._note(call, receipt)
        yield from self._done(receipt, mint)

    def _instead(
        self, meant: Call, undo: Call, mint: Mint, said_by: Provenance
    ) -> Iterator[ReplyPart]:
        """Do what was meant, and take back what was done instead of it."""

        def call(each: Call) -> Receipt:
            return self._toolbox.call(each.tool, each.args, self._context(mint, said_by))

        done, undone = in_place_of(self._lately.undone_by(undo), undo, meant, call)
        if undone is not None:
            self._undoable.let_go(undo, undone)
        self._note(meant, done)
        yield from self._done(done, mint)

    def _done(self, receipt: Receipt, mint: Mint) -> Iterator[ReplyPart]:
        self._after(receipt, mint)
        yield Acted(receipt)
        if receipt.spoken:
            yield Text(receipt.spoken)

    def _asked(self, mint: Mint, stop: Callable[[], bool]) -> Asked | None:
        """The model, with what every prompt of this turn begins with; only for the owner's words.

        Raises LapelError.
        """
        if self._model is None:
            return None
        try:
            scope = mint(Purpose.ANSWER)
        except LapelError:
            scope = None
        prompt = self._writer.prompt("", FromModel([], scope, self._model), self._exchanges.history)
        return Asked(self._model, prompt.messages[:-1], prompt.label, prompt.key, stop)

    def _told(self) -> tuple[str, ...]:
        """Ids of the items that the last reply was made from, or kept."""
        kept = () if self._just_remembered is None else (self._just_remembered,)
        return (*(each.item_id for each in self._used), *kept)

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
        call = chosen.call
        yield Chose(self._toolbox.preview(call.tool, call.args, self._context(mint, said_by)))
        self._meant.made(chosen)
        yield from self._call(call, mint, said_by)

    def _answer(
        self,
        question: str,
        begun: Begun,
        stop: Callable[[], bool],
        mint: Mint,
        said_by: Provenance,
    ) -> Iterator[ReplyPart]:
        answer = plan(question, self._store, mint, self._model)
        chosen = None
        if not _settled(answer):
            chosen = self._meant.chosen(question, said_by, stop, mint, self._told())
        if answer == Known(CARE) and not (isinstance(chosen, Chosen) and chosen.acts):
            chosen = None  # to be reminded of a medicine is no question about it
        if answer in _UNKNOWN and isinstance(chosen, Chosen):
            chosen = chosen if chosen.acts or chosen.confidence >= _SURE_OF_OWN else None
        if isinstance(chosen, Chosen) and chosen.call.tool in _MODEL_MAY_KNOW:
            call, chosen = chosen.call, None
            told = self._toolbox.call(call.tool, call.args, self._context(mint, said_by))
            if told.ok:
                yield Chose(told.spoken)
                self._note(call, told)
                yield from self._done(told, mint)
                return
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
            prompt = self._writer.prompt(question, answer, self._exchanges.history)
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


def _settled(answer: Known | FromItem | FromModel) -> bool:
    """Whether an answer is so sure that no tool is looked for."""
    return isinstance(answer, FromItem) or answer == Known("")


def _nothing() -> None:
    """Do nothing."""
