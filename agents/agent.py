"""From what was said to what is answered: commands to tools, the rest to memory and the model."""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from agents.followup import complete
from agents.guard import Guard
from agents.model import ChatModel, Message, ModelFailed, Role, never
from agents.perspective import second_person
from agents.prompt import SYSTEM, Exchange, build_prompt
from agents.relevance import (
    asks_about_own,
    asks_for_care,
    bears_on,
    covers,
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


@dataclass(frozen=True)
class Text:
    """The next piece of what is to be said; the pieces of a reply simply follow each other."""

    text: str


@dataclass(frozen=True)
class Acted:
    """A tool was called. What it says follows as Text."""

    receipt: Receipt


ReplyPart = Text | Acted


class Agent:
    """Answers one utterance at a time, on one thread.

    mint: makes a scope for a purpose, for who is speaking now and who hears it; it may raise
    ScopeDenied. model: None where there is none; commands work without.
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
        self._label: Label | None = None  # of the last reply; None if it is not for the history

    def load(self) -> None:
        """Read the grammar, open the model and have it read the start of every prompt.

        Raises ModelUnusable or ModelFailed; commands, the clock and memory work all the same.
        """
        self._router.load()
        model, self._model = self._model, None
        if model is not None:
            model.load()
            start = [Message(Role.SYSTEM, self._system), Message(Role.USER, "Hello")]
            for _ in model.stream(start, max_tokens=0):
                pass
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
        self._pending, self._label = None, None
        if routed.tool is None:
            self._just_remembered = None
            yield from self._answer(plain(text), stop)
            return
        context = ToolContext(self._store, self._mint, said_by, self._just_remembered)
        receipt = self._toolbox.call(routed.tool, routed.args, context)
        self._after(receipt)
        yield Acted(receipt)
        if receipt.spoken:
            yield Text(receipt.spoken)

    def heard(self, user_text: str, heard_text: str) -> None:
        """Take the last exchange into the history, as far as the reply was really heard.

        Commands are left out: a model that reads "timer set" says it too.
        """
        if self._label is not None and heard_text.strip():
            self._history.append(Exchange(plain(user_text), heard_text.strip(), self._label))
        self._label = None

    def start_over(self) -> None:
        """Forget the conversation (not what was remembered), also in the model."""
        self._history.clear()
        self._pending = self._just_remembered = self._label = None
        if self._model is not None:
            self._model.reset()

    def _after(self, receipt: Receipt) -> None:
        self._just_remembered = None
        if receipt.tool == "forget" and receipt.ok:
            self.start_over()  # nothing that was forgotten stays in a prompt
        item = receipt.facts.get("item")
        if receipt.tool == "remember" and receipt.ok and isinstance(item, str):
            self._just_remembered = item
        self._pending = receipt.asks

    def _answer(self, question: str, stop: Callable[[], bool]) -> Iterator[ReplyPart]:
        if not question:
            return
        if is_an_order(question):
            yield Text(f"{NOT_UNDERSTOOD} {CAN}")
            return
        own = asks_about_own(question)
        try:
            scope = self._mint(Purpose.ANSWER)
            found = [each.item for each in self._store.recall(scope, question, limit=_FACTS)]
        except LapelError as error:
            if own:
                yield Text(str(error))
                return
            scope, found = None, []
        items = sorted(
            (item for item in found if bears_on(item, question)),
            key=lambda item: (-covers(item, question), -item.captured_at.timestamp()),
        )
        if own and not items:
            yield Text(DONT_KNOW_OWN)
        elif items and (own or covers(items[0], question) >= 1):
            yield Text(self._recalled(question, items[0], scope, stop))
        elif asks_for_care(question):
            yield Text(CARE)
        elif self._model is None:
            yield Text(NO_MODEL)
        else:
            yield from self._generated(self._model, question, items, scope, stop)

    def _recalled(
        self, question: str, item: Item, scope: Scope | None, stop: Callable[[], bool]
    ) -> str:
        """An answer from one item: in the model's words if it kept to the item, else in the
        owner's own. Words of others are never put before the model, which might obey them.
        """
        self._label = item.label
        if self._model is None or item.label.trust is not Trust.OWNER:
            return told([item])
        try:
            prompt = build_prompt(
                self._system,
                [],
                [item],
                question,
                scope=scope,
                count=self._model.count_tokens,
                budget_tokens=self._model.context_tokens - _RECALL_TOKENS,
            )
            stream = self._model.stream(prompt.messages, max_tokens=_RECALL_TOKENS, stop=stop)
            said = second_person("".join(stream).strip())
            said = said[:1].upper() + said[1:]
        except ModelFailed:
            return told([item])
        return said if keeps_to(said, item, question) else told([item])

    def _generated(
        self,
        model: ChatModel,
        question: str,
        items: list[Item],
        scope: Scope | None,
        stop: Callable[[], bool],
    ) -> Iterator[ReplyPart]:
        """The model's reply, guarded."""
        guard = Guard()
        try:
            prompt = build_prompt(
                self._system,
                list(self._history),
                items,
                question,
                scope=scope,
                count=model.count_tokens,
                budget_tokens=model.context_tokens - self._reply_tokens,
            )
            self._label = prompt.label
            if prompt.shortened:
                yield Text(f"{SHORTENED} ")
            for piece in model.stream(prompt.messages, max_tokens=self._reply_tokens, stop=stop):
                if text := guard.feed(piece):
                    yield Text(text)
                if guard.done:
                    break
        except ModelFailed:
            self._label = None
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
