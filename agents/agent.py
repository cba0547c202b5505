"""From what was said to what is answered: commands to tools, the rest to memory and the model."""

from collections import deque
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
    FromItem,
    FromModel,
    Known,
    Mint,
    plan,
)
from agents.followup import complete
from agents.model import ChatModel, ModelFailed, never
from agents.prompt import SYSTEM, Exchange, key_of
from agents.router import Routed, Router, plain
from agents.tools import Proposal, Receipt, Slot, Toolbox, ToolContext
from agents.used import Used
from agents.writer import DONT_KNOW, SHORTENED, Writer
from context.errors import LapelError
from context.items import Provenance
from context.labels import Compartment, Label, join
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
    "Mint",
    "ReplyPart",
    "Text",
]

REPLY_TOKENS = 96
BROKE_OFF = "I can't finish that: my language model stopped working."
_EXCHANGES = 3
_MOST_BEGUN = 8


@dataclass(frozen=True)
class Text:
    """The next piece of what is to be said; the pieces of a reply simply follow each other."""

    text: str


@dataclass(frozen=True)
class Acted:
    """A tool was called. What it says follows as Text."""

    receipt: Receipt


ReplyPart = Text | Acted


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


class Agent:
    """Answers one utterance at a time, on one thread.

    mint: makes a scope for a purpose, for who is speaking now and who hears it; it may raise
    ScopeDenied. A call may be given that of its own turn. now: the clock by which scopes expire,
    aware. model: None where there is none; commands work without.

    A reply to anything but a command changes nothing until `heard`, so it may be begun before
    the turn is decided, and thrown away without a trace.
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
    ) -> None:
        self._router = router
        self._toolbox = toolbox
        self._model = model
        self._store = store
        self._mint = mint
        self._writer = Writer(system, reply_tokens, store, now)
        self._history: deque[Exchange] = deque(maxlen=_EXCHANGES)
        self._pending: _Asked | None = None
        self._just_remembered: str | None = None
        self._used: tuple[Used, ...] = ()
        self._begun: dict[str, _Begun] = {}  # by what was asked; which are heard is yet to come
        self._opened: dict[Purpose, str] = {}
        self._answered: Scope | None = None
        self._flushed: Callable[[], None] = _nothing

    def load(self) -> None:
        """Read the grammar, open the model and have it read the start of every prompt.

        Raises ModelUnusable or ModelFailed; commands, the clock and memory work all the same.
        """
        self._router.load()
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
            return complete(self._pending.proposal, text, routed)
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
        if routed.tool is None:
            yield from self._answer(plain(text), self._begin(plain(text), said_by), stop, mint)
            return
        receipt = self._toolbox.call(routed.tool, routed.args, self._context(mint, said_by))
        self._after(receipt, mint)
        yield Acted(receipt)
        if receipt.spoken:
            yield Text(receipt.spoken)

    def preview(self, text: str, *, mint: Mint | None = None) -> str | None:
        """What the command in `text` would say if it were carried out now; nothing is done.

        None where that can't be known, and where `text` is no command. "" is silence.
        """
        routed, mint = self._routed(text, mint)
        if routed.tool is None:
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
            match plan(question, self._store, self._watched(mint), self._model):
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
        completed = complete(asked.proposal, text, routed)
        if completed is not routed and asked.proposal.slot is Slot.YES:
            now = _both(now, asked.mint)
        return completed, self._watched(now)

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
            if purpose is Purpose.ANSWER:
                self._answered = scope
            return scope

        return minted

    def _notice(self, purpose: Purpose, key: str) -> None:
        if self._opened.setdefault(purpose, key) != key:
            self._opened[purpose] = key
            self._flushed()

    def _context(self, mint: Mint, said_by: Provenance = Provenance.OWNER_SPOKE) -> ToolContext:
        return ToolContext(self._store, mint, said_by, self._just_remembered, self._used)

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

    def _answer(
        self, question: str, begun: _Begun, stop: Callable[[], bool], mint: Mint
    ) -> Iterator[ReplyPart]:
        answer = plan(question, self._store, mint, self._model)
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


def _nothing() -> None:
    """Do nothing."""
