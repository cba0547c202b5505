"""The arguments of a tool that others wrote, filled from what was said by what each may be.

Numbers, choices, dates and a yes or no are read from the words; the speaker's own words that an
argument of words holds are chosen by the model, among the runs of what was said and nothing else.
"""

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import numpy as np

from agents.choose.read import Times
from agents.choose.spans import bearing, spans
from agents.durations import find_duration
from agents.tools.fields import (
    NUMBER,
    Field,
    Kind,
    as_number,
    digits_of,
    in_words,
    option_said,
)

Among = Callable[[str, Sequence[str]], list[float]]
"""The share of each option as the reply to a question; empty if told to stop."""
Spans = list[tuple[int, int]]

_LONGEST: Final = 20
_MOST_RUNS: Final = 24
_NOTHING: Final = "nothing"
_FAINT: Final = 1e-3
_LEAST_STEM: Final = 3
_LED: Final = 3.0
_INSIDE: Final = 4.0
_NOT_BEFORE: Final = re.compile(
    r"\b(?:no|not|without|don't|never|skip)\W+(?:\w+\W+)?$", re.IGNORECASE
)
_WORD: Final = re.compile(r"[^\W_]+")
_SHOWN: Final = (
    ("title", "put up a sheet with the title rain in May", "rain in May"),
    ("message", "let the office know that the bus is late", "the bus is late"),
)
"""Shows the model what copying is; sentences of ours, of no tool's."""


def fill(  # noqa: PLR0917
    text: str, does: str, fields: Sequence[Field], times: Times, now: datetime, among: Among | None
) -> dict[str, object] | None:
    """The values of `fields` that `text` holds; None if told to stop. does: what the tool is for,
    whose words are seldom a value. now: the owner's wall time. among: asks the model; None where
    there is none: then words are chosen by where they stand alone.

    An argument that isn't needed is left out, unless a word of its name is said or its value can't
    be anything else's.
    """
    taken: Spans = []
    values: dict[str, object] = {}
    _times(text, fields, times, now, values, taken)
    _numbers(text, fields, values, taken)
    for field in (each for each in fields if each.kind is Kind.YES_NO):
        if (where := _named(field, text)) is not None:
            values[field.name] = _NOT_BEFORE.search(text[: where[0]]) is None
    for field in (each for each in fields if each.kind is Kind.ONE_OF):
        chosen = option_said(field, text)
        if chosen is None and field.required and among is not None:
            likely = among(_copy(field, text), [*field.options, _NOTHING])
            if not likely:
                return None
            best = int(np.argmax(likely))
            chosen = field.options[best] if best < len(field.options) else None
        if chosen is not None:
            values[field.name] = chosen
    for field in (each for each in fields if each.kind is Kind.WORDS):
        if not field.required and _named(field, text) is None:
            continue
        found = _words(text, does, field, taken, among)
        if found is None:
            return None
        if found:
            values[field.name] = found
            start = text.find(found)
            taken.append((start, start + len(found)))
    return {field.name: values[field.name] for field in fields if field.name in values}


def _times(  # noqa: PLR0917
    text: str,
    fields: Sequence[Field],
    times: Times,
    now: datetime,
    values: dict[str, object],
    taken: Spans,
) -> None:
    """The one time that is said goes to the first argument that is one."""
    field = next((each for each in fields if each.kind in (Kind.DATE, Kind.MOMENT)), None)
    when = None if field is None else times(text, now, early=False)
    if field is None or when is None:
        return
    value = when.date if field.kind is Kind.DATE else when.at
    if value is not None:
        values[field.name] = value
        taken.extend(when.spans)


def _numbers(text: str, fields: Sequence[Field], values: dict[str, object], taken: Spans) -> None:
    """Each number that is said goes to the argument whose name is next to it, else in order."""
    wanting = [each for each in fields if each.kind in (Kind.NUMBER, Kind.WHOLE)]
    if not wanting:
        return
    digits = digits_of(text)
    said = [(digits.span(*each.span()), each.group()) for each in NUMBER.finditer(digits.text)]
    said = [each for each in said if not _overlaps(each[0], taken)]
    alone = len(wanting) == 1
    near = [
        (abs(where[0] - span[0]), n, m)
        for n, field in enumerate(wanting)
        if (where := _named(field, text)) is not None
        for m, (span, _) in enumerate(said)
    ]
    pairs = [(n, m) for _, n, m in sorted(near)]
    pairs += [
        (n, m)
        for n, field in enumerate(wanting)
        if field.required or alone
        for m in range(len(said))
    ]
    used: set[int] = set()
    for n, m in pairs:
        field = wanting[n]
        if field.name in values or m in used:
            continue
        if (value := as_number(field, said[m][1])) is not None:
            values[field.name] = value
            used.add(m)
            taken.append(_with_unit(text, said[m][0]))


def _with_unit(text: str, span: tuple[int, int]) -> tuple[int, int]:
    """A number's place, with its unit where it is a duration's."""
    duration = find_duration(text)
    if duration is not None and duration.start <= span[0] < duration.end:
        return duration.start, duration.end
    return span


def _words(text: str, does: str, field: Field, taken: Spans, among: Among | None) -> str | None:
    """The speaker's words for an argument; "" if there are none, None if told to stop."""
    runs = [
        run
        for run in spans(text, taken, longest=_LONGEST)
        if field.most is None or len(run) <= field.most
    ]
    bear = {
        run: bearing(text, run, taken, whole=False) + _beside(text, run, does, field)
        for run in runs
    }
    runs = sorted(runs, key=lambda run: -bear[run])[:_MOST_RUNS]
    if not runs:
        return ""
    runs += [] if _NOTHING in runs else [_NOTHING]
    likely = [1.0] * len(runs) if among is None else among(_copy(field, text), runs)
    if not likely:
        return None
    borne = [bear.get(run, 0.0) for run in runs]
    found = runs[int(np.argmax(np.log(np.array(likely) + _FAINT) + np.array(borne)))]
    return "" if found == _NOTHING else found


def _beside(text: str, run: str, does: str, field: Field) -> float:
    """How much better or worse a run is, as the words of the tool and of the argument are beside
    the value and not in it: a logarithm.
    """
    before = text[: text.find(run)]
    named = next(reversed(_WORD.findall(before)), "").lower()
    words = [word.lower() for word in _WORD.findall(run)]
    of_tool = [each for each in in_words(does).split() if len(each) >= _LEAST_STEM]
    of_field = in_words(field.name).split()
    score = _LED * any(_alike(named, each) for each in of_field)
    score -= _INSIDE * (not before.strip())  # a request begins with what is to be done
    score -= _INSIDE * any(_alike(word, each) for word in words for each in of_tool)
    return score - _INSIDE * any(_alike(word, each) for word in words for each in of_field)


def _copy(field: Field, text: str) -> str:
    """What the model is asked. Of the tool's words only the argument's name is in it, as words."""
    shown = [f"{name}: {said} -> {value}" for name, said, value in _SHOWN]
    last = f"{field.said}: {text.rstrip('.')} ->"
    return "\n".join([f"Copy the {field.said}.", *shown, last])


def _named(field: Field, text: str) -> tuple[int, int] | None:
    """Where a word of an argument's name is said, but for its ending."""
    names = in_words(field.name).split()
    for match in _WORD.finditer(text):
        if any(_alike(match.group().lower(), name) for name in names):
            return match.span()
    return None


def _alike(said: str, name: str) -> bool:
    """ "copies" and "copy"; short words have to be the same."""
    begin = max(_LEAST_STEM, min(len(said), len(name)) - 1)
    return said == name or (
        min(len(said), len(name)) >= _LEAST_STEM and said[:begin] == name[:begin]
    )


def _overlaps(span: tuple[int, int], taken: Spans) -> bool:
    return any(span[0] < end and start < span[1] for start, end in taken)
