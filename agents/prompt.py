"""What the model is shown: a pure function, in an order whose start stays the same."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from agents.model import Message, Role
from agents.perspective import second_person
from context.items import Item
from context.labels import BOTTOM, Label, Trust, join
from context.policy import Scope

# Short, and without a word about refusing: told to refuse what it can't do or know, the 0.5B model
# also refuses what it knows (13 to 18 of 29 right instead of 24). The router and the guard refuse.
SYSTEM = (
    "You are Lapel, a knowledgeable voice assistant. Give the correct answer in one short sentence."
)
_MESSAGE_TOKENS = 8  # of the template around a message


@dataclass(frozen=True)
class Exchange:
    """An earlier turn: what the user said, what was heard of the reply, and where it came from."""

    user: str
    heard: str
    label: Label


@dataclass(frozen=True)
class Prompt:
    """Messages, the label of what is in them, and whether the question had to be cut short."""

    messages: list[Message]
    label: Label
    shortened: bool


def build_prompt(
    system: str,
    history: Sequence[Exchange],
    recalled: Iterable[Item],
    question: str,
    *,
    scope: Scope | None,
    count: Callable[[str], int],
    budget_tokens: int,
) -> Prompt:
    """System, history, then facts and question: the longest common start for the next turn.

    Only items and exchanges whose compartments are all in `scope` are shown; without a scope,
    only those that came from nothing remembered. Items in others' words are never shown, since
    a model can't tell a fact from an order. count: tokens of a text. To stay within
    `budget_tokens` the oldest exchanges go first, then facts from the last, then the question's
    end.
    """
    items = [item for item in recalled if _allowed(item.label, scope)]
    items = [item for item in items if item.label.trust is Trust.OWNER]
    kept = [exchange for exchange in history if _allowed(exchange.label, scope)]
    left = budget_tokens - count(system) - 2 * _MESSAGE_TOKENS
    while items and count(_asked(items, question)) > left:
        items.pop()
    cut = _cut(items, question, count, left)
    left -= count(_asked(items, cut))
    costs = [count(e.user) + count(e.heard) + 2 * _MESSAGE_TOKENS for e in kept]
    while kept and sum(costs) > left:
        kept, costs = kept[1:], costs[1:]
    messages = [Message(Role.SYSTEM, system)]
    for exchange in kept:
        messages.append(Message(Role.USER, exchange.user))
        messages.append(Message(Role.ASSISTANT, exchange.heard))
    messages.append(Message(Role.USER, _asked(items, cut)))
    label = join(*(e.label for e in kept), *(item.label for item in items))
    return Prompt(messages, label, shortened=cut != question)


def _allowed(label: Label, scope: Scope | None) -> bool:
    opened = scope.compartments if scope is not None else BOTTOM.compartments
    return label.compartments <= opened


def _asked(items: Sequence[Item], question: str) -> str:
    """The last message: the facts as said to the owner, then the question."""
    if not items:
        return question
    facts = " ".join(f"{second_person(item.text).rstrip('.!? ')}." for item in items)
    return f"You know: {facts}\n{question}"


def _cut(items: Sequence[Item], question: str, count: Callable[[str], int], left: int) -> str:
    """The longest start of `question` (by halving) that fits; at least its first word or so."""
    if count(_asked(items, question)) <= left:
        return question
    low, high = 0, len(question)
    while high - low > 1:
        middle = (low + high) // 2
        if count(_asked(items, question[:middle])) <= left:
            low = middle
        else:
            high = middle
    return question[:low].rstrip()
