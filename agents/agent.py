"""From what was said to what is answered: commands to tools, the rest to memory and the model."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from agents.followup import complete
from agents.guard import Guard
from agents.model import ChatModel, ModelFailed, never
from agents.perspective import second_person
from agents.prompt import SYSTEM, Exchange, Prompt, build_prompt
from agents.relevance import (
    asks_about_own,
    asks_for_care,
    bears_on,
    covers,
    first_sentence,
    is_an_order,
    keeps_to,
    told,
)
from agents.router import Routed, Router, plain
from agents.tools import Proposal, Receipt, Toolbox, ToolContext
from agents.tools.help import CAN
from context.errors import LapelError
from context.items import Item, Provenance
from context.labels import Label, Trust
from context.policy import Purpose, Scope
from context.store import Store

REPLY_TOKENS = 96
DONT_KNOW_OWN = "I don't know. You haven't told me."
DONT_KNOW = "I don't know."
NOT_UNDERSTOOD = "I didn't understand that, so nothing was done."
NO_MODEL = (
    "I can't answer that now, because my language model isn't working. Timers, the clock and what"
    " you told me still work."
)
CARE = (
    "I'm not safe to ask about health. Ask a doctor or a pharmacist, and in an emergency call for"
    " help."
)
BROKE_OFF = "I can't finish that: my language model stopped working."
SHORTENED = "That was long, so I only took in the start of it."
_EXCHANGES = 3
_FACTS = 3
_RECALL_TOKENS = 48
_RECALL_MORE_TOKENS = 12  # than the item has
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


@dataclass(frozen=True)
class _Known:
    """An answer that is the assistant's own sentence."""

    text: str


@dataclass(frozen=True)
class _FromItem:
    """A question that one item answers. model: to word it; None for others' words, which are never
    put before a model that might obey them.
    """

    item: Item
    scope: Scope | None
    model: ChatModel | None


@dataclass(frozen=True)
class _FromModel:
    """A question for the model, with the items that bear on it."""

    items: list[Item]
    scope: Scope | None
    model: ChatModel


@dataclass
class _Begun:
    """A reply that changed nothing yet. label: of what it is from; None: not for the history."""

    label: Label | None = None


class Agent:
    """Answers one utterance at a time, on one thread.

    mint: makes a scope for a purpose, for who is speaking now and who hears it; it may raise
    ScopeDenied. model: None where there is none; commands work without.

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
        mint: Callable[[Purpose], Scope],
        system: str = SYSTEM,
        reply_tokens: int = REPLY_TOKENS,
    ) -> None:
        self._router = router
        self._toolbox = toolbox
        self._model = model
        self._store = store
        self._mint = mint
        self._system = system
        self._reply_tokens = reply_tokens
        self._history: deque[Exchange] = deque(maxlen=_EXCHANGES)
        self._pending: Proposal | None = None
        self._just_remembered: str | None = None
        self._begun: dict[str, _Begun] = {}  # by what was asked; which are heard is yet to come

    def load(self) -> None:
        """Read the grammar, open the model and have it read the start of every prompt.

        Raises ModelUnusable or ModelFailed; commands, the clock and memory work all the same.
        """
        self._router.load()
        model, self._model = self._model, None
        if model is not None:
            model.load()
            model.keep_start(self._system)
            self._model = model

    def route(self, text: str) -> Routed:
        """Where `text` goes, as an answer to the last question asked or on its own. Changes
        nothing, so it may be asked of every partial transcript.
        """
        routed = self._router.route(text)
        if self._pending is not None:
            return complete(self._pending, text, routed)
        return routed

    def reply(
        self,
        text: str,
        *,
        stop: Callable[[], bool] = never,
        said_by: Provenance = Provenance.OWNER_SPOKE,
    ) -> Iterator[ReplyPart]:
        """The reply to `text`, made as it is asked for; acts only once iterated. Never raises a
        LapelError: what went wrong is said. stop: ends the model's part at the next token.
        """
        routed = self.route(text)
        if routed.tool is None:
            yield from self._answer(plain(text), self._begin(plain(text)), stop)
            return
        context = ToolContext(self._store, self._mint, said_by, self._just_remembered)
        receipt = self._toolbox.call(routed.tool, routed.args, context)
        self._after(receipt)
        yield Acted(receipt)
        if receipt.spoken:
            yield Text(receipt.spoken)

    def preview(self, text: str) -> str | None:
        """What the command in `text` would say if it were carried out now; nothing is done.

        None where that can't be known, and where `text` is no command. "" is silence.
        """
        routed = self.route(text)
        if routed.tool is None:
            return None
        context = ToolContext(self._store, self._mint, just_remembered=self._just_remembered)
        return self._toolbox.preview(routed.tool, routed.args, context)

    def prepare(self, text: str, *, stop: Callable[[], bool] = never) -> None:
        """Have the model read the prompt that `text` would make, so that the reply to it, or to
        more words after it, begins sooner. Changes nothing else. Never raises a LapelError.
        """
        question = plain(text)
        if self.route(text).tool is not None or not question:
            return
        try:
            match self._plan(question):
                case _FromModel() as answer:
                    model, prompt = answer.model, self._prompt(question, answer)
                case _FromItem() as answer if answer.model is not None:
                    model = answer.model
                    prompt = self._recall_prompt(model, question, answer)
                case _:
                    return
            for _ in model.stream(prompt.messages, max_tokens=0, stop=stop):
                pass
        except LapelError:
            return  # the reply itself will say so

    def read_history(self) -> None:
        """Have the model read the conversation so far, so that the next prompt only adds to it.

        For the moment after a reply: the oldest exchange falls out, and what a recalled item was
        put to stands in the model's memory instead. Never raises a LapelError.
        """
        if self._model is None:
            return
        try:
            answer = _FromModel([], self._mint(Purpose.ANSWER), self._model)
            prompt = self._prompt("", answer)
            for _ in self._model.stream(prompt.messages, max_tokens=0):
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
        if any(each.heard == heard_text.strip() for each in self._history):
            # A small model that has said a thing twice says it to every question from then on.
            self._history.clear()
        elif begun.label is not None and heard_text.strip():
            self._history.append(Exchange(asked, heard_text.strip(), begun.label))

    def start_over(self) -> None:
        """Forget the conversation (not what was remembered), also in the model."""
        self._history.clear()
        self._begun.clear()
        self._pending = self._just_remembered = None
        if self._model is not None:
            self._model.reset()

    def _begin(self, question: str) -> _Begun:
        while len(self._begun) >= _MOST_BEGUN:
            del self._begun[next(iter(self._begun))]
        self._begun.pop(question, None)
        begun = self._begun[question] = _Begun()
        return begun

    def _after(self, receipt: Receipt) -> None:
        self._begun.clear()
        self._just_remembered = None
        if receipt.tool == "forget" and receipt.ok:
            self.start_over()  # nothing that was forgotten stays in a prompt
        item = receipt.facts.get("item")
        if receipt.tool == "remember" and receipt.ok and isinstance(item, str):
            self._just_remembered = item
        self._pending = receipt.asks

    def _answer(
        self, question: str, begun: _Begun, stop: Callable[[], bool]
    ) -> Iterator[ReplyPart]:
        match self._plan(question):
            case _Known(text):
                if text:
                    yield Text(text)
            case _FromItem() as answer:
                begun.label = answer.item.label
                yield Text(self._recalled(question, answer, stop))
            case _FromModel() as answer:
                yield from self._generated(question, answer, begun, stop)

    def _plan(self, question: str) -> _Known | _FromItem | _FromModel:
        """Who answers: a sentence of ours, an item, or the model. Reads, and changes nothing."""
        if not question:
            return _Known("")
        if is_an_order(question):
            return _Known(f"{NOT_UNDERSTOOD} {CAN}")
        own = asks_about_own(question)
        try:
            scope = self._mint(Purpose.ANSWER)
            found = [each.item for each in self._store.recall(scope, question, limit=_FACTS)]
        except LapelError as error:
            if own:
                return _Known(str(error))
            scope, found = None, []
        items = sorted(
            (item for item in found if bears_on(item, question)),
            key=lambda item: (-covers(item, question), -item.captured_at.timestamp()),
        )
        if own and not items:
            return _Known(DONT_KNOW_OWN)
        if items and (own or covers(items[0], question) >= 1):
            owners = items[0].label.trust is Trust.OWNER
            return _FromItem(items[0], scope, self._model if owners else None)
        if asks_for_care(question):
            return _Known(CARE)
        if self._model is None:
            return _Known(NO_MODEL)
        return _FromModel(items, scope, self._model)

    def _recalled(self, question: str, answer: _FromItem, stop: Callable[[], bool]) -> str:
        """An answer from one item: in the model's words if it kept to the item, else in the
        owner's own.
        """
        item, model = answer.item, answer.model
        if model is None:
            return told([item])
        try:
            prompt = self._recall_prompt(model, question, answer)
            most = min(_RECALL_TOKENS, model.count_tokens(item.text) + _RECALL_MORE_TOKENS)
            said = ""
            for piece in model.stream(prompt.messages, max_tokens=most, stop=stop):
                said += piece
                if (sentence := first_sentence(said)) is not None:
                    said = sentence
                    break
            said = second_person(said.strip())
            said = said[:1].upper() + said[1:]
        except ModelFailed:
            return told([item])
        return said if keeps_to(said, item, question) else told([item])

    def _generated(
        self, question: str, answer: _FromModel, begun: _Begun, stop: Callable[[], bool]
    ) -> Iterator[ReplyPart]:
        """The model's reply, guarded."""
        guard = Guard()
        try:
            prompt = self._prompt(question, answer)
            begun.label = prompt.label
            if prompt.shortened:
                yield Text(f"{SHORTENED} ")
            pieces = answer.model.stream(prompt.messages, max_tokens=self._reply_tokens, stop=stop)
            for piece in pieces:
                if text := guard.feed(piece):
                    yield Text(text)
                if guard.done:
                    break
        except ModelFailed:
            begun.label = None
            yield Text(f" {BROKE_OFF}" if guard.said else NO_MODEL)
            return
        if stop():
            return
        if text := guard.close():
            yield Text(text)
        if guard.claimed and not guard.said:
            yield Text(f" {CAN}")
        elif not guard.said:
            yield Text(DONT_KNOW)

    def _prompt(self, question: str, answer: _FromModel) -> Prompt:
        return build_prompt(
            self._system,
            list(self._history),
            answer.items,
            question,
            scope=answer.scope,
            count=answer.model.count_tokens,
            budget_tokens=answer.model.context_tokens - self._reply_tokens,
        )

    def _recall_prompt(self, model: ChatModel, question: str, answer: _FromItem) -> Prompt:
        return build_prompt(
            self._system,
            [],
            [answer.item],
            question,
            scope=answer.scope,
            count=model.count_tokens,
            budget_tokens=model.context_tokens - _RECALL_TOKENS,
        )
