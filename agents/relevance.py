"""Which remembered items a question is about, and how they are told."""

import re
from collections.abc import Sequence
from datetime import datetime

from agents.entries import as_fact
from agents.language import language
from agents.perspective import second_person
from agents.said import hear
from context.items import Item
from context.labels import Trust
from context.sensitive import Kind, kinds

_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)?")
_SAYS_LITTLE = frozenset(
    """
    a about am an and any are as at be been but by can could did do does doing for from had has
    have he her hers him his how i if in into is it its just know let me mine my of on or our ours
    please remember say said shall she should so some tell told than that the their them there
    these they thing this those to too up us was we were what when where which who whom whose why
    will with would you your yours i'm i've i'd i'll it's that's what's where's who's when's
    """.split()  # noqa: SIM905 - words to read
)
_OWN = re.compile(
    r"""(?!.*\b(?:should|could|would|can)\ (?:i|we)\b)(?!(?:how|what)\ do\ (?:i|we)\b)(?:
    (?:where|when|who|what|which|whose|how\ (?:many|much|old|long|far|tall|big))\b
    .*\b(?:my|our|mine|i|we)\b
    |(?:is|are|was|were|do|does|did|has|have|had|am)\b.*\b(?:my|our|mine|i|we)\b
    |(?:do|did|can)\ you\ (?:remember|know)\b.*\b(?:my|our|mine|i|we)\b)""",
    re.IGNORECASE | re.VERBOSE,
)
_PARTICULAR = re.compile(
    r"""(?:[Ww]here(?:'s|\ is|\ are|\ was|\ were)\ (?:the|his|her|their|[A-Z]\w+'s)\ [a-z][a-z\ -]*
    (?<!\ of)[?.!]*$
    |.*'s\ (?:phone\ number|number|address|password|code|pin|birthday|e-?mail|account|name|age)\b
    |(?:[Ww]hat|[Ww]ho|[Ww]hen|[Ww]here|[Hh]ow|[Dd]id|[Ii]s|[Hh]as|[Ww]as)\b.*\b(?:yesterday|today
    |tonight|tomorrow|last\ (?:night|week)|this\ (?:morning|afternoon|evening|week)|right\ now)\b
    |.*\b(?:in\ the\ bank|bank\ account)\b
    |(?:[Ww]hat(?:'s|\ is|\ are)|[Ii]s|[Aa]re)\ (?!(?:people|someone|everyone|it|an?|the|cats?|dogs?
    |babies|humans)\b)[\w-]+\ allergic\ to\b
    |(?:[Ii]s|[Aa]re|[Ww]as|[Ww]ere|[Dd]id)\ (?:the|that|this|those|any|some|every)?
    \ ?[\w\ -]+?\ (?:still\ )?
    (?:on|off|open|closed|shut|locked|unlocked|running|charging|charged|plugged\ in|connected|full
    |empty|ready|finished|home|here|there|awake|asleep|in|out|away)[?.!]*$)""",
    re.VERBOSE,
)
_SECRET = re.compile(
    r"""\b(?:what|which|tell|say|give|remind|do\ you|can\ you|read|show|how)\b
    .*\b(?:the|my|our|his|her|their|this|that|\w+'s)\ (?:[\w'-]+\ ){0,3}?
    (?:passwords?|pass-?codes?|pass-?phrases?|codes?|pins?|combinations?|numbers?|keys?|phrase
    |words)\b(?=\W*$|\ (?:for|to|of|again|please)\b)""",
    re.IGNORECASE | re.VERBOSE,
)
_ASKED_FOR = re.compile(
    r"\b(?:what(?:'s| is| are| was| were)|which is|(?:do you|can you)(?: still)? (?:know|remember"
    r"|tell me|say)(?: what)?|(?:tell|give|remind|show) (?:me|us)(?: what| of)?|say) (?!an? )"
    r"(.+?)(?: is| are| was)?[\s?.!]*$",
    re.IGNORECASE,
)
_ASKS = re.compile(
    r"(?:where|when|who|whose|why|how|which|what|is|are|am|was|were|do|does|did|has|have|had|can"
    r"|could|will|would|should|may)\b",
    re.IGNORECASE,
)
_HOW_MUCH = re.compile(
    r"\bhow (?:much|many) (?:\w+ )?(?:do|does|did) (.+?)[\s?.!]*$", re.IGNORECASE
)
_TELL_ME_MY = re.compile(
    r"\b(?:tell|remind|show|read|say|give)(?: (?:me|us|what|of|out|again))* (?:my|our)\b",
    re.IGNORECASE,
)
_TO_TELL = re.compile(
    r"\b(?:tell|remind|show|give|read|say|(?:do|did|can) you (?:know|remember|see|find)|forgot"
    r"|forgotten|(?:can't|cannot|don't|not) (?:remember|know|find|sure)|wonder(?:ing)?"
    r"|(?:want|need|like) to know|looking for|look up|what|where|when|who|whose|which|how)\b",
    re.IGNORECASE,
)
_A_THING = re.compile(r"(?:my|our|the|his|her|their|\w+'s)\s", re.IGNORECASE)
_SENTENCE_END = re.compile(r"[.!?](?=\s|$)|\n")
_ABBREVIATED = re.compile(r"\b(?:mr|mrs|ms|dr|st|no|vs|prof|[a-z])\.$", re.IGNORECASE)
_ORDER = re.compile(
    r"(?:please\ +)?(?:set|start|add|cancel|stop|change|remember|forget|remind|erase|delete)\b",
    re.IGNORECASE,
)
_SPEAKER = re.compile(r"\b(?:i|me|my|we|our|us)\b", re.IGNORECASE)
_NOT = re.compile(r"\b(?:not|never|no|nobody|nothing|none|without|cannot)\b|n't\b")
_IS = re.compile(
    r"\b(?:is|are|was|were)\b(?: (?:called|named))?"
    r"(?! (?:on|in|at|under|behind|beside|by|near|with|from|to|for|of|over|above|below|after|before"
    r"|next|inside|outside|between)\b)",
    re.IGNORECASE,
)
"""Of which the two sides are the same thing, and not one's place or time."""
_NAME = re.compile(r"(?<=\S )[A-Z][\w-]+")


def content_words(text: str) -> frozenset[str]:
    """The words of `text` that say what it is about, without their endings."""
    return frozenset(_in_turn(text))


def _in_turn(text: str) -> list[str]:
    words = (word.lower().removesuffix("'s") for word in _WORD.findall(text.replace("\u2019", "'")))
    return [_stem(word) for word in words if word not in _SAYS_LITTLE]


def asks_about_own(question: str) -> bool:
    """Whether this asks for a fact of the owner's life or day, which no model can know."""
    asked = question.strip()
    return _OWN.match(asked) is not None or _PARTICULAR.match(asked) is not None


def private_kinds(asked: str) -> frozenset[Kind]:
    """Why a question or a topic sounds private: it says so itself ("my door code"), or a plain
    answer to it would ("my PIN" does not, "my PIN is 4711" does).
    """
    answers: list[str] = []
    if (what := _ASKED_FOR.search(asked)) is not None:
        answers.append(f"{what[1]} is 4711")
    elif not _ASKS.match(asked):
        answers.append(f"{asked.strip(' ?.!')} is 4711")
    if (much := _HOW_MUCH.search(asked)) is not None:
        answers.append(f"{much[1]} 50,000 a year")
    return kinds(asked).union(*map(kinds, answers))


def asks_for_private(question: str) -> bool:
    """Whether this asks for something private that somebody may have told, such as "the alarm
    code" or "tell me my salary": a model could only invent it.
    """
    found = private_kinds(question)
    if found and _TELL_ME_MY.search(question):
        return True
    return bool(found & {Kind.SECRET, Kind.IDENTITY}) and _SECRET.search(question) is not None


def wants_to_know(text: str) -> bool:
    """Whether this asks something, or asks to be told: a question, a request, or only the name of a
    thing ("my locker number"). Orders and statements are no questions, whatever they are about.
    """
    heard = hear(text, "en")
    said = heard.whole.text
    if heard.asked or _ASKS.match(said) or _TO_TELL.search(said):
        return True
    return _A_THING.match(said) is not None and not language("en").regex("states").search(said)


def is_an_order(text: str) -> bool:
    """Whether this begins as the orders do that the grammar knows: a model must not agree to it."""
    return _ORDER.match(text.strip()) is not None


def bears_on(item: Item, question: str) -> bool:
    """Whether the item may help with the question: it has all its words, or some of them where
    the question speaks of the owner or of someone by name. "Blue" alone says nothing.
    """
    names = _NAME.findall(question)
    if names and not any(name in item.text for name in names):
        return False  # what is known of Bob is no answer about Alice
    covered = covers(item, question)
    if covered >= 1 or (covered > 0 and _SPEAKER.search(question)):
        return True
    return bool(names)


def covers(item: Item, question: str) -> float:
    """The part of the question's content words that the item has, 0 to 1; 0 if it has none."""
    asked = content_words(question)
    return len(asked & content_words(item.text)) / len(asked) if asked else 0.0


def first_sentence(text: str) -> str | None:
    """The first sentence of a stream, once it is sure to be whole; None if more has to come.

    A full stop after a number, or in "Dr.", may be no end.
    """
    text = text.lstrip()
    for match in _SENTENCE_END.finditer(text):
        sentence = text[: match.end()].rstrip()
        if match.group() == "\n":
            return sentence
        sure = match.end() < len(text) or sentence[-2:-1].isalpha()
        if sure and not _ABBREVIATED.search(sentence):
            return sentence
    return None


def keeps_to(said: str, item: Item, question: str) -> bool:
    """Whether a model's words answer from the item: one sentence with something of the item that
    the question had not, nothing that neither of them had, and of the same as the item has it.
    """
    if not said.endswith(".") or len(_SENTENCE_END.findall(said)) != 1:
        return False
    words, known = content_words(said), content_words(item.text)
    asked = content_words(question)
    if Kind.HEALTH in kinds(item.text):  # a dose that is left out is a wrong answer
        amounts = {word for word in known if word[0].isdigit()}
        if not amounts <= words:
            return False
    new = words <= known | asked and bool(words & (known - asked))
    return new and _tells_the_same(said, second_person(item.text))


def _tells_the_same(said: str, fact: str) -> bool:
    """Whether the words of `fact` are said in its order, or with the two sides of an "is" turned
    round; with no "you" that does something else than there, and no "not" more or less.

    Small models have all the words and yet say another thing: "you are on level 3 of your car".
    """
    if _NOT.findall(said.lower()) != _NOT.findall(fact.lower()):
        return False
    if not _what_you_do(said) <= _what_you_do(fact):
        return False
    known = _in_turn(fact)
    told = [word for word in _in_turn(said) if word in known]
    sides = _IS.split(fact, maxsplit=1)
    turned = [*_in_turn(sides[1]), *_in_turn(sides[0])] if len(sides) == 2 else known
    return _follows(told, known) or _follows(told, turned)


def _what_you_do(text: str) -> frozenset[str]:
    """The words after "you"."""
    plainly = text.lower().replace("\u2019", "'")
    for short, long in (("'re", " are"), ("'ve", " have"), ("'ll", " will"), ("'d", " had")):
        plainly = plainly.replace(f"you{short}", f"you{long}")
    return frozenset(re.findall(r"\byou ([\w'-]+)", plainly))


def _follows(words: Sequence[str], order: Sequence[str]) -> bool:
    """Whether `words` are some of `order`, one after the other."""
    rest = iter(order)
    return all(word in rest for word in words)


def told(items: Sequence[Item], now: datetime | None = None) -> str:
    """The items as a sentence to the owner: "You told me that your car is on level 3.".

    now: aware; then what is no longer true is told as such.
    """
    if not items:
        return ""
    owners = all(item.label.trust is Trust.OWNER for item in items)
    them = listed([_as_told(item, now) for item in items])
    return f"{'You told me' if owners else 'I was told'} {them}."


def _as_told(item: Item, now: datetime | None) -> str:
    fact = f"that {as_fact(item)}"
    ends = item.about.valid_until
    over = now is not None and ends is not None and ends <= now
    return f"{fact}, which is no longer true" if over else fact


def listed(parts: Sequence[str]) -> str:
    """Parts as said: "a", "a and b", "a, b and c"."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def _stem(word: str) -> str:
    for ending in ("ing", "ed", "es", "s"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word.removesuffix(ending).removesuffix("e")
    return word.removesuffix("e") if len(word) > 3 else word
