"""Sums and amounts of units, as a language says them: whether that is what was said."""

import re

from agents.language import Language
from agents.mapped import Mapped
from agents.numbers import in_digits

_BELOW = {"half": 2, "quarter": 4} | {f"{n}{'rd' if n == 3 else 'th'}": n for n in range(3, 17)}
_PART = re.compile(rf"(\d+|an?) ({'|'.join(_BELOW)})s? (?:of )?(?:an? )?")
"""A part of a unit: "three quarters of a mile", "five eighths of an inch"."""
_IN_TWO = tuple(
    (re.compile(rf"\b(\d+) (?:{many})(?:,? and)? (\d+(?:\.\d+)?)(?: (?:{few}))?\b"), each, unit)
    for many, few, each, unit in (
        ("foot|feet|ft", "inch|inches|in", 12, "inches"),
        ("stone|stones", "pounds?|lbs?", 14, "pounds"),
        ("pounds?|lbs?", "ounces?|oz", 16, "ounces"),
        ("hours?|hrs?", "minutes?|mins?", 60, "minutes"),
    )
)
"""What is said in two units, the second mostly left out: "six foot two", "eleven stone four"."""
_CLOSED = ' ,.;:!?"'


def sum_of(said: str, words: Language) -> str | None:
    """A sum in the words and signs that the calculator reads; None if `said` is none."""
    expression = _in_signs(said, words)
    return expression if _is_sum(expression, words) else None


def conversion_of(said: str, to: str, words: Language) -> dict[str, object] | None:
    """value, from and to of "5 miles" in "kilometres"; None if these are no amount and no unit."""
    unit = re.compile(rf"(?:{words.text('units')})", re.IGNORECASE)
    to = words.regex("article").sub("", to)
    amount = _amount_and_unit(said, unit, words)
    if amount is None or not unit.fullmatch(to):
        return None
    names = [_replaced(each, "unit_names", words) for each in (amount[1], to.lower())]
    return {"value": amount[0], "from": names[0], "to": names[1]}


def in_two_units(text: str) -> tuple[float | int, str, str] | None:
    """What is said in two units ("six foot two"), in the smaller one: its amount, that unit, and
    the words. text: with its numbers in digits.
    """
    for in_two, each, few in _IN_TWO:
        if (said := in_two.search(text)) is not None:
            in_all = int(said[1]) * each + float(said[2])
            return (int(in_all) if in_all.is_integer() else in_all), few, said[0]
    return None


def _in_signs(said: str, words: Language) -> str:
    """A sum in the words and signs that the calculator reads, where it isn't said in those."""
    if not words.replaced("sum_signs"):
        return said
    text = _replaced(in_digits(Mapped.of(said.lower()), words.name).text, "sum_signs", words)
    return " ".join(text.split())


def _replaced(said: str, name: str, words: Language) -> str:
    for pattern, by in words.replaced(name):
        said = pattern.sub(by, said)
    return said


def _is_sum(said: str, words: Language) -> bool:
    text = in_digits(Mapped.of(said.lower()), words.name).text
    tokens = re.findall(r"\d+(?:[.,]\d+)*(?:st|nd|rd|th)?|[^\W\d_]+|[^\w\s,.?]", text)
    known, operators = words.words("sum_words"), words.words("sum_operators")
    numbers = sum(token[0].isdigit() for token in tokens)
    return (
        numbers > 0
        and all(token[0].isdigit() or token in known for token in tokens)
        and any(token in operators or token[-2:] in ("rd", "th") for token in tokens)
    )


def _amount_and_unit(
    said: str, unit: re.Pattern[str], words: Language
) -> tuple[float | int, str] | None:
    """The amount (1 where there is none: "a mile") and the unit."""
    text = _in_signs(said.lower(), words)
    text = in_digits(Mapped.of(text), words.name).text
    if (whole := in_two_units(text)) is not None and whole[2] == text.strip(_CLOSED):
        return whole[:2]
    part = _PART.match(text)
    number = re.match(r"(-|minus )?(?:about )?(\d[\d,]*(?:\.\d+)?)(?: (and a half))?\s*", text)
    half = re.match(r"(?:a )?half (?:an? |of an? )?", text)
    if part is not None:
        above = float(part[1]) if part[1].isdigit() else 1.0
        value, rest = above / _BELOW[part[2]], text[part.end() :]
    elif number is not None:
        value = float(number[2].replace(",", "")) + (0.5 if number[3] else 0.0)
        value, rest = (-value if number[1] else value), text[number.end() :]
    elif half is not None:
        value, rest = 0.5, text[half.end() :]
    else:
        value, rest = 1.0, words.regex("article").sub("", text)
    rest = rest.removeprefix("of ").strip(_CLOSED)
    whole = int(value) if value.is_integer() else value
    return (whole, rest) if unit.fullmatch(rest) else None
