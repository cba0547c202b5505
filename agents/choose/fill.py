"""The arguments of a tool that others wrote, filled from what was said by what each may be.

Numbers, choices, dates and a yes or no are read from the words. The speaker's own words that an
argument of words holds are found by where they stand (`agents/choose/argument.py`); among several
such runs, and nothing else, the model chooses.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import numpy as np

from agents.choose.argument import (
    Said,
    Span,
    alone,
    beside_name,
    circumstances,
    is_between,
    is_circumstance,
    manners,
    nouns,
    shown,
    stem,
    stems,
)
from agents.choose.read import SaidTime, Times
from agents.choose.spans import bearing, spans
from agents.durations import find_duration
from agents.tools import Use
from agents.tools.fields import (
    NUMBER,
    Field,
    Kind,
    as_number,
    digits_of,
    in_words,
    option_said,
    without_determiner,
)

Among = Callable[[str, Sequence[str]], list[float]]
"""The share of each option as the reply to a question; empty if told to stop."""

_MOST_RUNS: Final = 24
_MOST_LEFT_OUT: Final = 3
_NOTHING: Final = "nothing"
_FAINT: Final = 1e-3
_EARLIER: Final = 0.5
_LED: Final = 4.0
_A_WORD: Final = 0.6
_LINK_ASKED: Final = re.compile(r"(?:\b(?:for|about|up)|:)\s*$", re.IGNORECASE)
_LINK: Final = re.compile(r"(?:\b(?:that|saying)|:)\s*$", re.IGNORECASE)
_NOT_BEFORE: Final = re.compile(
    r"\b(?:no|not|without|don't|never|skip)\W+(?:\w+\W+)?$", re.IGNORECASE
)
_SECONDS: Final = {"second": 1, "minute": 60, "hour": 3600}
_SHOWN: Final = (
    ("title", "put up a sheet with the title rain in May", "rain in May"),
    ("message", "let the office know that the bus is late", "the bus is late"),
)
"""Shows the model what copying is; sentences of ours, of no tool's."""


@dataclass(frozen=True)
class Filled:
    """arguments: by name. left_out: what was said, it seems, for an argument, but can't be one."""

    arguments: dict[str, object]
    left_out: tuple[str, ...] = ()


def fill(text: str, use: Use, times: Times, now: datetime, among: Among | None) -> Filled | None:
    """The arguments of `use` that `text` holds; None if told to stop. now: the owner's wall time.
    among: asks the model; None where there is none: then words are chosen by where they stand
    alone.

    An argument that isn't needed is left out, unless a word of its name is said or its value can't
    be anything else's.
    """
    return _Filling(text, use, times, now).filled(among)


class _Filling:
    """One text on its way into arguments, from what is surest to what is not."""

    def __init__(self, text: str, use: Use, times: Times, now: datetime) -> None:
        deeds = [each.split(" ")[0] for each in use.examples]
        self._text = text
        self._said = Said(text, stems(use.does) | frozenset(map(stem, deeds)))
        self._fields = use.fields or ()
        self._when = times(text, now, early=False)
        self._values: dict[str, object] = {}
        self._taken: list[Span] = []
        self._left_out: list[str] = []

    def filled(self, among: Among | None) -> Filled | None:
        for field in self._of(Kind.WORDS):
            taken, across = self._said.within(self._taken), not self._open()
            others = self._others(field)
            self._take(field, shown(self._said, field, others, taken, across=across))
        for field in self._of(Kind.WORDS):
            timed = field.titled and bool(self._of(Kind.DATE, Kind.MOMENT))
            taken = self._masked() if timed else self._said.within(self._taken)
            self._take(field, beside_name(self._said, field, self._others(field), taken))
        self._times()
        self._durations()
        self._numbers()
        self._yes_or_no()
        if not self._choices(among):
            return None
        for field in self._of(Kind.WORDS):
            if field.required and not self._words(field, among):
                return None
        arguments = {f.name: self._values[f.name] for f in self._fields if f.name in self._values}
        return Filled(arguments, self._unused())

    def _of(self, *kinds: Kind) -> list[Field]:
        """The arguments of some kinds that have no value yet."""
        return [f for f in self._fields if f.kind in kinds and f.name not in self._values]

    def _take(self, field: Field, span: Span | None) -> None:
        if span is None:
            return
        value = self._text[slice(*span)]
        if field.most is None or len(value) <= field.most:
            self._values[field.name] = value
            self._taken.append(span)

    def _others(self, field: Field) -> frozenset[str]:
        """The stems of what the other arguments are called, and of their choices."""
        others = [each for each in self._fields if each is not field]
        called = frozenset[str]().union(*(nouns(each) for each in others))
        return called.union(*(stems(option) for each in others for option in each.options))

    def _free(self, span: Span) -> bool:
        return not any(span[0] < end and start < span[1] for start, end in self._taken)

    def _times(self) -> None:
        """The one time that is said goes to the first argument that is one."""
        field = next(iter(self._of(Kind.DATE, Kind.MOMENT)), None)
        when: SaidTime | None = self._when
        if field is None or when is None or not all(map(self._free, when.spans)):
            return
        value = when.date if field.kind is Kind.DATE else when.at
        if value is not None:
            self._values[field.name] = value
            self._taken.extend(when.spans)

    def _durations(self) -> None:
        """How long goes to the one argument whose name is a unit of time, in that unit."""
        span = self._duration()
        timed = [
            (field, seconds)
            for field in self._of(Kind.NUMBER, Kind.WHOLE)
            for unit, seconds in _SECONDS.items()
            if unit in (word.removesuffix("s") for word in in_words(field.name).split())
        ]
        if span is None or len(timed) != 1 or not self._free(span[0]):
            return
        field, seconds = timed[0]
        if (value := as_number(field, str(span[1] / seconds))) is not None:
            self._values[field.name] = value
            self._taken.append(span[0])

    def _numbers(self) -> None:
        """Each number that is said goes to the argument whose name is next to it, else in order."""
        wanting = self._of(Kind.NUMBER, Kind.WHOLE)
        digits = digits_of(self._text)
        said = [(digits.span(*m.span()), m.group()) for m in NUMBER.finditer(digits.text)]
        said = [each for each in said if self._free(each[0])]
        near = sorted(
            (abs(where[0] - span[0]), n, m)
            for n, field in enumerate(wanting)
            if (where := self._named(field)) is not None
            for m, (span, _) in enumerate(said)
        )
        pairs = [(n, m) for _, n, m in near]
        alone_ = len(wanting) == 1
        pairs += [
            (n, m)
            for n, field in enumerate(wanting)
            if field.required or alone_
            for m in range(len(said))
        ]
        used: set[int] = set()
        for n, m in pairs:
            field = wanting[n]
            if field.name in self._values or m in used:
                continue
            if (value := as_number(field, said[m][1])) is not None:
                self._values[field.name] = value
                used.add(m)
                self._taken.append(self._with_unit(said[m][0]))
        for _, n, m in near:  # named, and yet no value of it
            if wanting[n].name not in self._values and m not in used:
                used.add(m)
                self._left_out.append(f"{said[m][1]} for the {wanting[n].said}")
                self._taken.append(said[m][0])

    def _with_unit(self, span: Span) -> Span:
        """A number's place, with its unit where it is a duration's."""
        duration = self._duration()
        if duration is not None and duration[0][0] <= span[0] < duration[0][1]:
            return duration[0]
        return span

    def _duration(self) -> tuple[Span, float] | None:
        """Where it is said how long, and how many seconds that is; none below zero."""
        digits = digits_of(self._text)
        found = find_duration(digits.text)
        if found is None or digits.text[: found.start].endswith("-"):
            return None
        return digits.span(found.start, found.end), found.seconds

    def _yes_or_no(self) -> None:
        for field in self._of(Kind.YES_NO):
            if (where := self._named(field)) is not None and self._free(where):
                self._values[field.name] = _NOT_BEFORE.search(self._text[: where[0]]) is None
                self._taken.append(where)

    def _choices(self, among: Among | None) -> bool:
        """Those that are one of a few; False if told to stop."""
        for field in self._of(Kind.ONE_OF):
            free = "".join(
                " " if any(s <= n < e for s, e in self._taken) else c
                for n, c in enumerate(self._text)
            )
            chosen = option_said(field, free)
            only = field.options[0] if field.required and len(field.options) == 1 else None
            if chosen is None and only is None and field.required and among is not None:
                likely = among(_copy(field, self._text), [*field.options, _NOTHING])
                if not likely:
                    return False
                best = int(np.argmax(likely))
                chosen = field.options[best] if best < len(field.options) else None
            if chosen is not None:
                self._values[field.name] = chosen
                words = in_words(chosen).split()
                self._taken += [(w.start, w.end) for w in self._said.words if w.text in words]
            elif (span := beside_name(self._said, field, frozenset(), self._masked())) is not None:
                self._left_out.append(f"{self._text[slice(*span)]} for the {field.said}")
                self._taken.append(span)
            if only is not None:
                self._values[field.name] = only
        return True

    def _masked(self) -> set[int]:
        """Which words are other arguments', or a time."""
        when = () if self._when is None else self._when.spans
        return self._said.within([*self._taken, *when])

    def _called(self, field: Field | None = None) -> set[int]:
        """Which words are the names of arguments, but that of `field`."""
        others = [f for f in self._fields if f is not field and f.kind is not Kind.YES_NO]
        called = frozenset[str]().union(*(nouns(each) for each in others))
        return {n for n, word in enumerate(self._said.words) if word.stem in called}

    def _words(self, field: Field, among: Among | None) -> bool:
        """The speaker's words for an argument that is not named; False if told to stop."""
        masked = self._masked()
        if field.sentence:
            verb = self._said.verb
            taken = list(self._taken)
            if verb is not None:
                taken.append(self._said.span(verb, verb + 1))
            runs = spans(self._text, taken, longest=field.most_words // 2)
            runs = [run for run in runs if field.most is None or len(run) <= field.most]
            places = [(at, at + len(run)) for run in runs if (at := self._text.find(run)) >= 0]
        else:
            masked |= self._called(field)
            places = alone(self._said, field, masked, across=not self._open())
        borne = {place: self._borne(field, n, place) for n, place in enumerate(places)}
        places = sorted(places, key=lambda place: -borne[place])[:_MOST_RUNS]
        if not places:
            return True
        if len(places) == 1 or among is None:
            self._take(field, self._trimmed(places[0], field))
            return True
        options = [*dict.fromkeys(self._text[slice(*place)] for place in places), _NOTHING]
        likely = among(_copy(field, self._text), options)
        if not likely:
            return False
        best = [borne[place] for place in places]
        by_text = {
            self._text[slice(*p)]: (p, b) for p, b in reversed([*zip(places, best, strict=True)])
        }
        scores = [
            float(np.log(share + _FAINT)) + (by_text[option][1] if option in by_text else 0.0)
            for option, share in zip(options, likely, strict=True)
        ]
        found = options[int(np.argmax(scores))]
        if found in by_text:
            self._take(field, self._trimmed(by_text[found][0], field))
        return True

    def _borne(self, field: Field, n: int, place: Span) -> float:
        """How well the run number `n` bears being the value: a logarithm."""
        run, before = self._text[slice(*place)], self._text[: place[0]]
        score = bearing(self._text, run, self._taken, whole=field.sentence)
        if field.sentence:
            link = _LINK if field.told else _LINK_ASKED
            return score + _A_WORD * len(run.split()) + _LED * (link.search(before) is not None)
        score -= _EARLIER * n
        return score - _LED * (self._open() and is_circumstance(self._said, place[0]))

    def _trimmed(self, place: Span, field: Field) -> Span:
        if field.sentence:
            return place
        return place[1] - len(without_determiner(self._text[slice(*place)])), place[1]

    def _open(self) -> bool:
        """Whether an argument that is one of a few is still without a value."""
        return bool(self._of(Kind.ONE_OF))

    def _unused(self) -> tuple[str, ...]:
        """What was said of how it is to be done, or from, to or for what, and is no value."""
        any_words = Field("words", Kind.WORDS)
        runs = alone(self._said, any_words, self._masked() | self._called(), across=False)
        how = self._of(Kind.ONE_OF, Kind.NUMBER, Kind.WHOLE, Kind.WORDS) and not self._said.asked
        told = circumstances(self._said, runs) if how else []
        self._left_out += [
            run
            for start, end in runs
            if (run := self._text[start:end]) in told or is_between(self._said, start)
        ]
        if self._open():
            self._left_out += manners(self._said, self._masked())
        return tuple(self._left_out[:_MOST_LEFT_OUT])

    def _named(self, field: Field) -> Span | None:
        """Where a word of an argument's name is said, but for its ending."""
        own = nouns(field)
        return next(((w.start, w.end) for w in self._said.words if w.stem in own), None)


def _copy(field: Field, text: str) -> str:
    """What the model is asked. Of the tool's words only the argument's name is in it, as words."""
    shown_ = [f"{name}: {said} -> {value}" for name, said, value in _SHOWN]
    last = f"{field.said}: {text.rstrip('.')} ->"
    return "\n".join([f"Copy the {field.said}.", *shown_, last])
