"""What the model is shown: a pure function, in an order whose start stays the same."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from agents.model import Message, Role
from agents.perspective import second_person
from agents.relevance import first_sentence
from agents.used import Used, explained
from context.errors import ScopeDenied
from context.items import Item
from context.labels import BOTTOM, Compartment, Label, Trust, join, place_name
from context.policy import Purpose, Scope

# Short, and without a word about refusing: told to refuse what it can't do or know, the 0.5B model
# also refuses what it knows (13 to 18 of 29 right instead of 24). The router and the guard refuse.
SYSTEM = (
    "You are Lapel, a knowledgeable voice assistant. Give the correct answer in one short sentence."
)
_MESSAGE_TOKENS = 8  # of the template around a message
VERBATIM = 3
"""The newest exchanges are shown as they were; of older ones what was answered, in a line."""
_EARLIER_TOKENS = 80
_EARLIER_WORDS = 25  # of one exchange
_SAYS_LITTLE_WORDS = 4
_EARLIER = "Earlier: "
_HEARD = "Okay."


@dataclass(frozen=True)
class Exchange:
    """An earlier turn: what the user said, what was heard of the reply, and where it came from.

    within: what was open in that turn, whether or not anything of it was used: who said those
    words, and in whose hearing. None: somebody to whom nothing was open.
    """

    user: str
    heard: str
    label: Label
    within: frozenset[Compartment] | None = frozenset()


@dataclass(frozen=True)
class Prompt:
    """Messages, the label of what is in them, and whether the question had to be cut short.

    used: the items in it. key: stands for the scope; what is kept of a prompt may be used again
    for another one of the same key only.
    """

    messages: list[Message]
    label: Label
    shortened: bool
    used: tuple[Used, ...] = ()
    key: str = ""


def build_prompt(
    system: str,
    history: Sequence[Exchange],
    recalled: Iterable[Item],
    question: str,
    *,
    scope: Scope | None,
    now_s: float,
    count: Callable[[str], int],
    budget_tokens: int,
) -> Prompt:
    """System, history, then facts and question: the longest common start for the next turn.

    The history is what was answered earlier, in a line, and the newest exchanges word for word. The
    line is made of the answers' own sentences: asked about the exchange before the newest three,
    Qwen2.5-Coder-0.5B was right 3 of 20 times without it, 15 with it, 15 with a summary of its own
    and 14 with the exchange word for word; on other questions 17, 17, 16 and 17
    (`scripts/bench_history`).

    Whoever found the items, each is judged here again: only items and exchanges whose compartments
    are all in `scope`, a valid one for answering, are shown, and items only while they are kept and
    true; without a scope, only exchanges to which nothing was open either. Nothing in others' words
    is ever shown, since a model can't tell a fact from an order. now_s: seconds since 1970, by the
    clock of the scope. count: tokens of a text. To stay within `budget_tokens` what was earlier and
    the oldest exchanges go first, then facts from the last, then the question's end. Raises
    ScopeDenied if the scope has expired or is for another purpose.
    """
    if scope is not None:
        scope.check(now_s)
        if scope.purpose is not Purpose.ANSWER:
            raise ScopeDenied(f"A permission to {scope.purpose} does not allow an answer.")
    items = [item for item in recalled if _may_be_shown(item, scope, now_s)]
    kept = [exchange for exchange in history if _may_be_heard(exchange, scope)]
    left = budget_tokens - count(system) - 2 * _MESSAGE_TOKENS
    while items and count(_asked(items, question)) > left:
        items.pop()
    cut = _cut(items, question, count, left)
    left -= count(_asked(items, cut))
    costs = [count(e.user) + count(e.heard) + 2 * _MESSAGE_TOKENS for e in kept]
    older, kept, costs = kept[:-VERBATIM], kept[-VERBATIM:], costs[-VERBATIM:]
    left -= sum(costs)
    while kept and left < 0:
        left, older = left + costs[0], []
        kept, costs = kept[1:], costs[1:]
    told, earlier = _earlier(older, count, min(left - 3 * _MESSAGE_TOKENS, _EARLIER_TOKENS))
    messages = [Message(Role.SYSTEM, system)]
    if earlier:
        messages += [Message(Role.USER, earlier), Message(Role.ASSISTANT, _HEARD)]
    for exchange in kept:
        messages.append(Message(Role.USER, exchange.user))
        messages.append(Message(Role.ASSISTANT, exchange.heard))
    messages.append(Message(Role.USER, _asked(items, cut)))
    label = join(*(e.label for e in (*told, *kept)), *(item.label for item in items))
    used = () if scope is None else tuple(Used.of(item, scope) for item in items)
    return Prompt(messages, label, cut != question, used, key_of(scope))


def _earlier(
    older: Sequence[Exchange], count: Callable[[str], int], budget_tokens: int
) -> tuple[list[Exchange], str]:
    """What was answered in older exchanges, as many of the newest as fit, and which those are."""
    told: list[Exchange] = []
    said = ""
    for exchange in reversed(older):
        longer = f"{_EARLIER}{_in_short(exchange)} {said.removeprefix(_EARLIER)}".rstrip()
        if count(longer) > budget_tokens:
            break
        told, said = [exchange, *told], longer
    return told, said


def _in_short(exchange: Exchange) -> str:
    """The first sentence that was heard; with the question where it says little by itself."""
    answer = first_sentence(f"{exchange.heard} ") or exchange.heard
    words = answer.split()
    if len(words) < _SAYS_LITTLE_WORDS:
        words = [*exchange.user.split(), *words]
    return " ".join(words[:_EARLIER_WORDS])


def key_of(scope: Scope | None) -> str:
    """What a cache of things made within `scope` goes by: another key opens other things."""
    return "" if scope is None else f"{scope.sink}: {place_name(scope.compartments)}"


def why(prompt: Prompt, now: datetime) -> list[str]:
    """Which items are in a prompt, who told them when, and why they were allowed: a sentence or
    two for each. now: aware, in the owner's zone.
    """
    return [explained(used, now) for used in prompt.used]


def _allowed(label: Label, scope: Scope | None) -> bool:
    opened = scope.compartments if scope is not None else BOTTOM.compartments
    return label.compartments <= opened


def _may_be_shown(item: Item, scope: Scope | None, now_s: float) -> bool:
    ends = (item.about.expires_at, item.about.valid_until)
    return (
        bool(item.label.compartments)  # what has no label can't be judged
        and _allowed(item.label, scope)
        and item.label.trust is Trust.OWNER
        and item.provenance.trust is Trust.OWNER
        and all(end is None or end.timestamp() > now_s for end in ends)
    )


def _may_be_heard(exchange: Exchange, scope: Scope | None) -> bool:
    if exchange.within is None:
        known = scope is None
    else:
        known = exchange.within <= (BOTTOM.compartments if scope is None else scope.compartments)
    return known and _allowed(exchange.label, scope) and exchange.label.trust is Trust.OWNER


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
