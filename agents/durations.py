"""Durations: found in what was said, by the words of a language, and worded for speech.

The words are data (`intents/LANGUAGE/language/durations.yaml`); the wording is English so far.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import yaml

from agents.language import folder_of
from agents.mapped import Mapped
from agents.numbers import in_digits

LONGEST_SPAN_S = 100 * 365 * 86_400.0
"""Longer ago nobody means."""

_MOST_DIGITS = 12
_FEW = "5"
_GAP = r"[\s,-]*"
_ENDS = r"(?:(?<=')|(?![^\W\d_]))"


@dataclass(frozen=True)
class Span:
    """A duration of `seconds`, said in `text[start:end]`."""

    seconds: float
    start: int
    end: int


@dataclass(frozen=True)
class _Words:
    """How a language says how long; every regular expression is for text with digits.

    kept: what must not be taken for a number, and what stands for it. rest: of the number that
    counts the next smaller unit, if the language has it ("2 h 30").
    """

    units: Mapping[int, re.Pattern[str]]
    kept: Mapping[re.Pattern[str], str]
    amounts: tuple[tuple[re.Pattern[str], float], ...]
    number: re.Pattern[str]
    digits: re.Pattern[str]
    of_number: tuple[tuple[re.Pattern[str], float], ...]
    of_unit: tuple[tuple[re.Pattern[str], float], ...]
    joint: re.Pattern[str]
    rest: re.Pattern[str] | None
    spans: Mapping[int, re.Pattern[str]]
    last: tuple[re.Pattern[str], ...]
    few: re.Pattern[str]


def find_duration(text: str, language: str = "en") -> Span | None:
    """The one duration said in `text`, be it twice; None if there is none or more than one."""
    words = _read(language)
    if words is None:
        return None
    said = Mapped.of(text)
    for pattern, by in words.kept.items():
        said = said.sub(pattern, by)
    said = in_digits(said, language)
    found = list(_durations(said.text, words))
    if len({each.seconds for each in found}) != 1:
        return None
    last = found[-1]  # "it takes ten minutes, so set a timer for ten minutes"
    return Span(last.seconds, *said.span(last.start, last.end))


def _durations(text: str, words: _Words) -> Iterator[Span]:
    at, text_end = 0, len(text)
    while at < text_end:
        inside_word = at > 0 and _is_inside(text, at)
        found = None if inside_word else _parts(text, at, words)
        if found is None:
            at += 1
            continue
        yield Span(found[0], at, found[1])
        at = found[1]


def _is_inside(text: str, at: int) -> bool:
    """Whether a word or a number goes on at `at`; "1h30" are three."""
    before, here = text[at - 1], text[at]
    if here.isdecimal():
        return before.isdecimal()
    return (
        not here.isalpha() or before.isalpha() or (before == "'" and text[at - 2 : at - 1] != "d")
    )


def _parts(text: str, at: int, words: _Words) -> tuple[float, int] | None:
    """Parts in falling units ("1 hour, 2 minutes and 3 seconds") at `at`: seconds, and the end."""
    total, smallest, end = 0.0, 0, -1
    while True:
        begin = at if end < 0 else _after_joint(text, end, words)
        part = _part(text, begin, words)
        if part is None or (smallest and part[1] >= smallest):
            break
        total += part[0] * part[1]
        smallest, end = part[1], part[2]
    if end < 0:
        return None
    if words.rest is not None and smallest > 1 and (rest := words.rest.match(text, end)):
        total, end = total + int(rest[1] or rest[2]) * smallest / 60, rest.end()
    return total, end


def _after_joint(text: str, at: int, words: _Words) -> int:
    joint = words.joint.match(text, at)
    return joint.end() if joint else at


def _part(text: str, at: int, words: _Words) -> tuple[float, int, int] | None:
    """An amount, the seconds of its unit, and the end; the unit may have a fraction after it."""
    for amount, after in _amounts(text, at, words):
        for unit_s, pattern in words.units.items():
            if (unit := pattern.match(text, after)) is not None:
                more, end = _fraction(text, unit.end(), words.of_unit)
                return amount + more, unit_s, end
    return None


def _amounts(text: str, at: int, words: _Words) -> Iterator[tuple[float, int]]:
    if (number := words.number.match(text, at)) is not None:
        digits = words.digits.search(number[0])
        if digits is not None and len(digits[0]) <= _MOST_DIGITS:
            amount = float(digits[0].replace(",", "."))
            more, end = _fraction(text, number.end(), words.of_number)
            yield amount + more, end
            yield amount, number.end()
    for pattern, amount in words.amounts:
        if (said := pattern.match(text, at)) is not None:
            yield amount, said.end()


def _fraction(
    text: str, at: int, fractions: tuple[tuple[re.Pattern[str], float], ...]
) -> tuple[float, int]:
    for pattern, amount in fractions:
        if (said := pattern.match(text, at)) is not None:
            return amount, said.end()
    return 0.0, at


def say_duration(seconds: float) -> str:
    """`seconds` in words a voice reads well: "1 hour and 30 minutes"; rounded to a second."""
    rest = max(0, round(seconds))
    parts: list[str] = []
    for name, unit in (("hour", 3600), ("minute", 60), ("second", 1)):
        amount, rest = divmod(rest, unit)
        if amount:
            parts.append(f"{amount} {name}{'' if amount == 1 else 's'}")
    if not parts:
        return "0 seconds"
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def say_span(seconds: float) -> str:
    """What follows "the last": "hour", "10 minutes", "2 days"."""
    for unit_s, unit in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds == unit_s:
            return unit
    days = seconds / 86_400
    return f"{days:.0f} days" if days.is_integer() and days > 1 else say_duration(seconds)


def find_span(text: str, language: str = "en") -> float | None:
    """The seconds of "the last ten minutes", "past hour", "last couple of days"; None for
    anything else. "A few" are five.
    """
    words = _read(language)
    if words is None:
        return None
    for pattern in words.last:
        if (said := pattern.fullmatch(text.strip(" .,!?"))) is None:
            continue
        pieces = said.groupdict()
        span = pieces.get("span") or f"{pieces.get('many') or ''}{pieces.get('unit') or ''}"
        return _sane(_whole(words.few.sub(_FEW, span), words, language))
    return None


def _sane(seconds: float | None) -> float | None:
    return seconds if seconds is not None and seconds <= LONGEST_SPAN_S else None


def _whole(said: str, words: _Words, language: str) -> float | None:
    """The seconds of a text that is a duration and nothing else, with or without its number."""
    mapped = Mapped.of(said)
    for pattern, by in words.kept.items():
        mapped = mapped.sub(pattern, by)
    digits = in_digits(mapped, language).text
    for text in (digits, f"1 {digits}"):
        found = _parts(text, 0, words)
        if found is not None and found[1] == len(text) and found[0] > 0:
            return found[0]
        for amount, after in _amounts(text, 0, words):
            for unit_s, pattern in words.spans.items():
                if amount > 0 and pattern.fullmatch(text, after):
                    return amount * unit_s
    return None


@cache
def _read(language: str) -> _Words | None:
    path = folder_of(language) / "language" / "durations.yaml"
    if not path.exists():
        return None
    data: dict[str, Any] = yaml.safe_load(path.read_text("utf-8"))

    def table(name: str) -> dict[Any, Any]:
        return data.get(name) or {}

    units: Mapping[int, str] = {
        int(seconds): str(words) for seconds, words in table("units").items()
    }
    any_unit, digits = "|".join(units.values()), str(data["digits"])

    def pattern(said: str, begin: str = _GAP, end: str = _ENDS) -> re.Pattern[str]:
        said = said.replace("{unit}", f"(?:{any_unit})").replace("{digits}", digits)
        said = said.replace(" ", r"[\s,-]+")
        return re.compile(f"{begin}(?:{said}){end}", re.IGNORECASE)

    def fractions(name: str) -> tuple[tuple[re.Pattern[str], float], ...]:
        return tuple((pattern(said), float(of)) for said, of in table(name).items())

    no_word = r"(?![^\W\d_]|'[^\W\d_])"
    rest = rf"{_GAP}(\d{{1,2}})(?![\d.,:]*\d)(?!{_GAP}(?:{any_unit})(?![^\W\d_]))"
    then = rf"|(?:{data['then']})\b" if "then" in data else ""
    rest = rf"(?:{rest}|{_GAP}{data['joint']} (\d{{1,2}})(?=\s*(?:$|[,.;!?]{then})))"
    return _Words(
        units={seconds: pattern(words, end=no_word) for seconds, words in units.items()},
        kept={
            re.compile(rf"(?<![^\W_])(?:{said})(?![^\W_]|')", re.IGNORECASE): str(by)
            for said, by in table("kept").items()
        },
        amounts=tuple(
            (pattern(said, begin=""), float(amount)) for said, amount in table("amounts").items()
        ),
        number=pattern(str(data["number"]), begin="", end=""),
        digits=re.compile(digits),
        of_number=fractions("fractions_of_number"),
        of_unit=fractions("fractions_of_unit"),
        joint=pattern(rf"(?:{data['joint']}(?![^\W\d_]){_GAP})?", end=""),
        rest=re.compile(rest, re.IGNORECASE) if data.get("rest") else None,
        spans={int(seconds): pattern(str(words)) for seconds, words in table("spans").items()},
        last=tuple(re.compile(str(each), re.IGNORECASE) for each in data.get("last") or ()),
        few=re.compile(str(data.get("few", "(?!)")), re.IGNORECASE),
    )
