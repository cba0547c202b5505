"""Where in what was said the words of an argument stand: as in the owner's examples, beside the
argument's name, or alone. Pure.
"""

import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from agents.choose.asked import is_asked
from agents.choose.spans import says_little
from agents.tools.fields import NUMBER, Field, Kind, digits_of, in_words, without_determiner

_WORD: Final = re.compile(r"[^\W_]+(?:['\u2019.-][^\W_]+)*")
_BREAK: Final = re.compile(r"[,.;:!?\"\u201c\u201d()]")
_LEAST_STEM: Final = 3
_ENDINGS: Final = ("ing", "ed", "es", "s", "e", "d")
_DETERMINERS: Final = frozenset(
    "the a an my our your his her their this that these those some any each every all both".split()  # noqa: SIM905
)
_LEADS: Final = frozenset("in on at for from of to with by into onto about near".split())  # noqa: SIM905
_ASKING: Final = frozenset(
    "what what's which who whose whom where where's when why how how's many much".split()  # noqa: SIM905
)
_NEVER_IN: Final = (
    _DETERMINERS
    | _LEADS
    | _ASKING
    | frozenset(
        """
    as off up out over under down is are was were be been being am do does did can could would will
    has have had should shall must i i'm i'd i'll me you we us it it's they them he she him
    and or but so because if when while than then please thanks thank just now again too also hey ok
    okay not no don't there here there's let let's need needs
    """.split()  # noqa: SIM905 - words to read
    )
)
"""Words that no name of a thing holds; one that does is a title, or copied by an example."""
_ASKS_HOW: Final = frozenset(("is", "are", "was", "were", "isn't", "aren't"))
_COURTEOUS: Final = frozenset(
    "please could can would will you just i'd i like want need to go ahead and hey ok okay".split()  # noqa: SIM905
)
_LINKS: Final = frozenset("called named titled saying that of number reading reads".split())  # noqa: SIM905
_GENERIC: Final = frozenset(("name", "id", "value", "text", "string"))
_JOINS: Final = frozenset(("of", "and"))
_JOINS_TITLES: Final = _JOINS | {"for", "about", "to"}
_CIRCUMSTANCE: Final = frozenset(("in", "on", "at", "with", "by", "as"))
_BETWEEN: Final = frozenset(("from", "to", "for"))
_MOST_BEFORE: Final = 4
_EDGE: Final = 2
_LEAST_MANNER: Final = 5
Span = tuple[int, int]


@dataclass(frozen=True)
class Word:
    """A word of a text, in lower case, and where it stands."""

    text: str
    start: int
    end: int

    @cached_property
    def stem(self) -> str:
        """The word without its ending."""
        return stem(self.text)


@dataclass(frozen=True)
class Said:
    """What was said. tool: stems of the words of the tool's name and of what is done with it."""

    text: str
    tool: frozenset[str]

    @cached_property
    def words(self) -> list[Word]:
        """Its words."""
        return [
            Word(m.group().lower().replace("\u2019", "'"), *m.span())
            for m in _WORD.finditer(self.text)
        ]

    @cached_property
    def asked(self) -> bool:
        """Whether it is a question."""
        return is_asked(self.text)

    @cached_property
    def verb(self) -> int | None:
        """Which word tells what is to be done; None where none does."""
        n = next((n for n, w in enumerate(self.words) if w.text not in _COURTEOUS), None)
        if n is None or self.asked or self.words[n].text in _NEVER_IN:
            return None
        return None if self.parted(n + 1) else n

    def parted(self, n: int) -> bool:
        """Whether a stop stands before the word number `n`, or there is no such."""
        if not 0 < n < len(self.words):
            return True
        return _BREAK.search(self.text[self.words[n - 1].end : self.words[n].start]) is not None

    def span(self, first: int, after: int) -> Span:
        """Where the words from `first` to before `after` stand."""
        return self.words[first].start, self.words[after - 1].end

    def within(self, spans: Iterable[Span]) -> set[int]:
        """Which words lie in one of the spans."""
        spans = list(spans)
        return {
            n
            for n, word in enumerate(self.words)
            if any(word.start < end and start < word.end for start, end in spans)
        }


def stem(word: str) -> str:
    """A word without the ending of a plural or of a verb's form: "copi" of "copies", "copy"."""
    word = word.lower().removesuffix("'s")
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _LEAST_STEM:
            word = word.removesuffix(ending)
            break
    return f"{word[:-1]}i" if word.endswith("y") and len(word) > _LEAST_STEM else word


def stems(text: str) -> frozenset[str]:
    """The stems of all words of a name or text that mean something."""
    return frozenset(stem(w) for w in in_words(text).split() if w not in _NEVER_IN)


def nouns(field: Field) -> frozenset[str]:
    """The stems of the words of an argument's name by which it is spoken of."""
    words = [w for w in in_words(field.name).split() if w not in _NEVER_IN]
    if field.kind is Kind.WORDS and words and words[-1] not in _GENERIC:
        words = words[-1:]
    return frozenset(stem(w) for w in words)


def shown(
    said: Said, field: Field, others: Set[str], taken: Set[int], *, across: bool
) -> Span | None:
    """The words that stand where the owner's examples mark the argument's. others, across: see
    `beside_name` and `alone`.
    """
    for before, value, after in field.shown:
        left = in_words(before).split()[-_EDGE:]
        right = in_words(after).split()[:1]
        for at in _after(said, left):
            end = _until(said, at, right, taken)
            begin = _behind_number(said, at, end, others)
            stops = (
                n for n in range(begin + 1, end) if _ends_before(said, n, field, others, across)
            )
            end = end if right and end < len(said.words) else min(stops, default=end)
            if end == begin:
                continue
            first, stop = said.span(begin, end)
            if value and without_determiner(value) == value:
                first = stop - len(without_determiner(said.text[first:stop]))
            if not says_little(said.text[first:stop]):
                return first, stop
    return None


def _after(said: Said, left: list[str]) -> Iterator[int]:
    """Which words stand right behind the words `left`: all of them, then the last alone."""
    words = [word.text for word in said.words]
    if not left:
        yield next((n for n, word in enumerate(words) if word not in _COURTEOUS), len(words))
        return
    for edge in (left, left[-1:]):
        if len(edge) == 1 and edge[0] in _DETERMINERS:
            continue
        for n in range(len(words) - len(edge)):
            if words[n : n + len(edge)] == edge:
                yield n + len(edge)


def _behind_number(said: Said, begin: int, end: int, others: Set[str]) -> int:
    """Which word is the first behind a number of what follows: "three of", "two copies of"."""
    n = begin
    while n < end and (
        _is_number(said.words[n].text) or (n > begin and said.words[n].stem in others)
    ):
        n += 1
    return n + 1 if begin < n < end and said.words[n].text == "of" else begin


def _ends_before(said: Said, n: int, field: Field, others: Set[str], across: bool) -> bool:
    """Whether a value that stands before a word is over there."""
    if field.sentence:
        return False
    word = said.words[n].text
    ends = _CIRCUMSTANCE if not across or not field.titled else frozenset[str]()
    ends = ends if field.titled else _LEADS - {"of"}
    return word in ends or _begins_another(said, n, others)


def _until(said: Said, begin: int, right: list[str], taken: Set[int]) -> int:
    """Which word is the first behind those from `begin` on."""
    end = begin
    while end < len(said.words) and end not in taken and (end == begin or not said.parted(end)):
        if right and said.words[end].text == right[0]:
            return end
        end += 1
    while end > begin and said.words[end - 1].text in ("please", "thanks"):
        end -= 1
    return end


def beside_name(said: Said, field: Field, others: Set[str], taken: Set[int]) -> Span | None:
    """The words right before or behind the argument's own name: "the tomato bed", "bed two",
    "titled rain in May". others: stems of what other arguments are called and may be.
    """
    own = nouns(field)
    for n, word in enumerate(said.words):
        if n in taken or (word.stem not in own and not (field.titled and _is_titled(said, n))):
            continue
        participle = word.text.endswith("ed") and word.text not in in_words(field.name).split()
        found = None
        if not participle and not field.long:
            found = _before_name(said, n, taken)
        if found is None:
            linked = participle or (field.kind is Kind.ONE_OF and _is_circumstance(said, n))
            found = _behind_name(said, n, field, others, taken, linked=linked)
        if found is not None and not says_little(said.text[found[0] : found[1]]):
            return found
    return None


def _is_titled(said: Said, n: int) -> bool:
    """Whether a word of the tool's has a title behind it: "a task to fix the roof", "the song
    Yesterday".
    """
    if n == 0 or n + 1 == len(said.words) or said.words[n].stem not in said.tool or said.asked:
        return False
    after = said.words[n + 1].text
    named = after in _LINKS - {"of"} or after == "to"
    return said.words[n - 1].text in _DETERMINERS and (named or after not in _NEVER_IN)


def _is_circumstance(said: Said, n: int) -> bool:
    """Whether a word is part of how something is to be done: "in the colour"."""
    return _led_by(said, n) in _CIRCUMSTANCE


def _led_by(said: Said, n: int) -> str:
    """The word before another and its determiners; "" of none."""
    while n > 0 and said.words[n - 1].text in _DETERMINERS:
        n -= 1
    return said.words[n - 1].text if n > 0 else ""


def _before_name(said: Said, n: int, taken: Set[int]) -> Span | None:
    first = n
    while (
        n - first < _MOST_BEFORE
        and first > 0
        and not said.parted(first)
        and first - 1 not in taken
        and said.words[first - 1].text not in _NEVER_IN
    ):
        first -= 1
    while first < n and (said.words[first].stem in said.tool or _is_deed(said, first, n)):
        first += 1
    if first == n:
        return None
    return said.span(first, n + said.words[n - 1].text.endswith("ing"))  # "living room"


def _is_deed(said: Said, first: int, n: int) -> bool:
    """Whether a word is what is to be done, or how something is asked to be ("how wet")."""
    how = first > 0 and said.words[first - 1].text.startswith("how")
    return how or (first == said.verb and n - first > 1)


def _behind_name(
    said: Said, n: int, field: Field, others: Set[str], taken: Set[int], *, linked: bool
) -> Span | None:
    words, first = said.words, n + 1
    links = _LINKS | {"to"} if field.titled else _LINKS
    while first < len(words) and words[first].text in links and not said.parted(first):
        first, linked = first + 1, True
    if first == len(words) or first in taken:
        return None
    colon = said.text[words[first - 1].end : words[first].start].strip()[:1] in (":", '"', "\u201c")
    if said.parted(first) and not colon:
        return None
    linked = linked or colon or field.long
    if not linked:
        end = first
        while end < len(words) and _is_number(words[end].text):
            end += 1
        if end > first:
            other = end < len(words) and words[end].stem in others
            return None if other else said.span(first, end)
        one = words[first]
        named = len(one.text) == 1 or (said.text[one.start].isupper() and not said.asked)
        return said.span(first, first + 1) if named and one.text not in _NEVER_IN else None
    end = first
    while end < len(words) and end not in taken and (end == first or not said.parted(end)):
        if not field.long and words[end].text in _NEVER_IN and end > first:
            break
        last = field.titled or end + 2 == len(words)
        if last and end > first and _begins_another(said, end, others):
            break
        end += 1
    return _trimmed(said, first, end)


def _begins_another(said: Said, n: int, others: Set[str]) -> bool:
    """Whether the words from `n` on are another argument's: "with two copies", "on photo paper"."""
    if said.words[n].text not in (*_CIRCUMSTANCE, "and", "for", "to", "into"):
        return False
    for word in said.words[n + 1 : n + 1 + _MOST_BEFORE]:
        if word.stem in others:
            return True
        if word.text in _NEVER_IN - _DETERMINERS:
            return False
    return False


def _trimmed(said: Said, first: int, end: int) -> Span | None:
    """A run without determiners before it, courtesies behind it, and the tool's words around it."""
    words = said.words
    while end > first and words[end - 1].text in _NEVER_IN | said.tool:
        end -= 1
    while first < end and (words[first].text in _DETERMINERS or words[first].stem in said.tool):
        if _is_name(said, first, end):
            break
        first += 1
    return None if first == end else said.span(first, end)


def _is_name(said: Said, first: int, end: int) -> bool:
    """Whether a determiner is the begin of a name: "The Hobbit"."""
    begun = [said.text[word.start].isupper() for word in said.words[first:end][:2]]
    return first > 0 and begun == [True, True]


def _is_number(word: str) -> bool:
    return NUMBER.fullmatch(digits_of(word).text.strip()) is not None


def alone(said: Said, field: Field, masked: Set[int], *, across: bool) -> list[Span]:
    """The names of things that are said, which nothing else is: what may be the argument's. masked:
    words of other arguments. across: a title may go over "in", "on" and the like.
    """
    words, own = said.words, nouns(field) | said.tool
    masked = masked | {n for n in (said.verb,) if n is not None}
    masked |= {n + 1 for n, word in enumerate(words) if word.text in ("how", "how's")}
    runs: list[tuple[int, int]] = []
    n = 0
    while n < len(words):
        if n in masked or words[n].text in _NEVER_IN:
            n += 1
            continue
        end = n + 1
        while end < len(words) and not (
            end in masked or words[end].text in _NEVER_IN or said.parted(end)
        ):
            end += 1
        first, stop = n, end
        while stop > first and words[stop - 1].stem in own:
            stop -= 1
        while stop > first and _is_manner(words[stop - 1]):
            stop -= 1
        if stop == len(words) and stop - first > 1 and words[0].text in _ASKS_HOW:
            stop -= 1  # "is the kitchen warm"
        while first < stop and words[first].stem in own:
            first += 1
        if first < stop and first and words[first - 1].text in _DETERMINERS:
            first -= _is_name(said, first - 1, stop)
        if first < stop and (not said.asked or _is_led(said, first)):
            runs.append((first, stop))
        n = end
    joins = _JOINS
    if field.titled:
        joins = _JOINS_TITLES | (_CIRCUMSTANCE if across else frozenset[str]())
    joined: list[tuple[int, int]] = []
    for first, stop in runs:
        if joined and _joins(said, joined[-1][1], first, joins, masked):
            joined[-1] = joined[-1][0], stop
        else:
            joined.append((first, stop))
    found = [said.span(*run) for run in joined if run[1] - run[0] <= field.most_words]
    return [
        (start, end)
        for start, end in found
        if not says_little(said.text[start:end])
        and (field.most is None or end - start <= field.most)
    ]


def _is_manner(word: Word) -> bool:
    """Whether a word says how: "lightly"."""
    return word.text.endswith("ly") and len(word.text) > _LEAST_MANNER


def _is_led(said: Said, first: int) -> bool:
    before = said.words[first - 1].text if first else ""
    return before in _DETERMINERS | _LEADS or said.text[said.words[first].start].isupper()


def _joins(said: Said, end: int, first: int, joins: Set[str], masked: Set[int]) -> bool:
    """Whether the words between two runs make one of them: "of the"."""
    between = range(end, first)
    return (
        not any(n in masked or said.parted(n) for n in (*between, first))
        and bool(between)
        and said.words[end].text in joins
        and all(said.words[n].text in joins | _DETERMINERS for n in between)
    )


def circumstances(said: Said, runs: Iterable[Span]) -> list[str]:
    """Those of the runs that say how, where or with what: "in cyan", or after a comma."""
    return [said.text[start:end] for start, end in runs if is_circumstance(said, start)]


def is_circumstance(said: Said, start: int) -> bool:
    """Whether what begins there says how, where or with what something is to be done."""
    n = _word_at(said, start)
    return n > 0 and (_is_circumstance(said, n) or said.parted(n))


def is_between(said: Said, start: int) -> bool:
    """Whether what begins there says from, to or for what something is to be done."""
    return _led_by(said, _word_at(said, start)) in _BETWEEN


def _word_at(said: Said, start: int) -> int:
    return next((n for n, word in enumerate(said.words) if word.start == start), 0)


def manners(said: Said, masked: Set[int]) -> list[str]:
    """The words that say how: "lightly"."""
    return [w.text for n, w in enumerate(said.words) if n not in masked and _is_manner(w)]
