"""Answers in the model's words: of one item if it keeps to it, else of what it knows, guarded."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from agents.answer import FromItem, FromModel, note_prompt
from agents.guard import Guard
from agents.model import ChatModel, never
from agents.perspective import second_person
from agents.prompt import Exchange, Prompt, build_prompt
from agents.relevance import first_sentence, keeps_to, told
from agents.tools.help import CAN
from context.errors import LapelError, ScopeDenied
from context.labels import Label, join
from context.store import Store

DONT_KNOW = "I don't know."
SHORTENED = "That was long, so I only took in the start of it."
_RECALL_TOKENS = 48
_RECALL_MORE_TOKENS = 12  # than the item has


def read_ahead(model: ChatModel, prompt: Prompt, stop: Callable[[], bool] = never) -> None:
    """Have the model read a prompt, so that a reply to it begins sooner. Raises ModelFailed."""
    for _ in model.stream(
        prompt.messages, max_tokens=0, label=prompt.label, stop=stop, key=prompt.key
    ):
        pass


@dataclass(frozen=True)
class Writer:
    """Makes prompts, and replies from them. now: the clock by which scopes expire, aware."""

    system: str
    reply_tokens: int
    store: Store
    now: Callable[[], datetime]

    def prompt(self, question: str, answer: FromModel, history: Sequence[Exchange]) -> Prompt:
        """What the model is shown of the conversation: of what is remembered, only what it takes.

        Raises ScopeDenied, ModelFailed.
        """
        takes = answer.model.takes
        return build_prompt(
            self.system,
            [exchange for exchange in history if takes(exchange.label)],
            [item for item in answer.items if takes(item.label)],
            question,
            scope=answer.scope,
            now_s=self.now().timestamp(),
            count=answer.model.count_tokens,
            budget_tokens=answer.model.context_tokens - self.reply_tokens,
        )

    def recall_prompt(self, question: str, answer: FromItem, model: ChatModel) -> Prompt:
        """The question and the one item that answers it. Raises ScopeDenied, ModelFailed."""
        return build_prompt(
            self.system,
            [],
            [answer.item],
            question,
            scope=answer.scope,
            now_s=self.now().timestamp(),
            count=model.count_tokens,
            budget_tokens=model.context_tokens - _RECALL_TOKENS,
        )

    def recalled(
        self, question: str, answer: FromItem, stop: Callable[[], bool], asker: Label
    ) -> str:
        """An answer from one item: in the model's words if it takes the item and kept to it, else
        in the owner's own. asker: the label of the question.
        """
        item, model = answer.item, answer.model
        if model is None or not model.takes(join(item.label, asker)):
            return told([item])
        try:
            prompt = self.recall_prompt(question, answer, model)
            note_prompt(self.store, prompt, answer.scope)
            most = min(_RECALL_TOKENS, model.count_tokens(item.text) + _RECALL_MORE_TOKENS)
            said, label = "", join(prompt.label, asker)
            for piece in model.stream(
                prompt.messages, max_tokens=most, label=label, stop=stop, key=prompt.key
            ):
                said += piece
                if (sentence := first_sentence(said)) is not None:
                    said = sentence
                    break
            said = second_person(said.strip())
            said = said[:1].upper() + said[1:]
        except ScopeDenied as error:
            return str(error)
        except LapelError:
            return told([item])
        return said if keeps_to(said, item, question) else told([item])

    def generated(
        self, prompt: Prompt, answer: FromModel, stop: Callable[[], bool], asker: Label
    ) -> Iterator[str]:
        """The model's reply, guarded; ends silently if told to stop. asker: the label of the
        question. Raises ModelFailed.
        """
        guard = Guard()
        note_prompt(self.store, prompt, answer.scope)
        pieces = answer.model.stream(
            prompt.messages,
            max_tokens=self.reply_tokens,
            label=join(prompt.label, asker),
            stop=stop,
            key=prompt.key,
        )
        for piece in pieces:
            if text := guard.feed(piece):
                yield text
            if guard.done:
                break
        if stop():
            return
        if text := guard.close():
            yield text
        if guard.claimed and not guard.said:
            yield f" {CAN}"
        elif not guard.said:
            yield DONT_KNOW
