"""What was meant where its speaker corrected it: "five, no, ten minutes". Pure."""

import re
from collections.abc import Iterator

from agents.language import language
from agents.mapped import Mapped
from agents.numbers import in_digits
from agents.said import courtesies, plain, without_thanks

_MOST_WORDS_TAKEN_BACK = 4
_MOST_WORDS_ANEW = 2
_LEAST_WORDS_OF_A_COMMAND = 4
_NUMBER = re.compile(r"(?<![\w.:])\d+(?:[:.]\d+)?(?![\w:])")
_CLOCK = re.compile(rf"(?<![\w.:])\d{{1,2}} [0-5]\d(?![\w:])|{_NUMBER.pattern}")
"""A number, be it "6 30"."""
_NEXT_WORD = re.compile(r"[ -]([^\W\d_]+(?:\.m\.?)?)", re.IGNORECASE)
_HALF_OF_DAY = re.compile(r"[ap]\.?m\.?", re.IGNORECASE)
_STEM = 3


def corrected(text: str, name: str) -> Iterator[str]:
    """What `text` may mean if its speaker corrected it ("five, no, ten minutes"), likeliest first.

    Each is the text with some words before the correction taken back, from few to many, and at
    last only what follows it; before those, the text with another number in the place of its last.
    """
    parts = _corrects(text, name)
    if parts is None:
        return
    before, after = parts
    minutes = _minutes_anew(before, after, name)
    if minutes is not None:
        yield minutes
    anew = _number_anew(before, after, name)
    if anew is not None:
        yield anew
    left = before.split(" ")
    said_anew = after.split(" ")[0].lower().strip(",.")
    for many in range(1, min(_MOST_WORDS_TAKEN_BACK, len(left)) + 1):
        kept = left[:-many]
        if left[-many].lower() == said_anew:
            yield " ".join([*kept, after])
    day = _day_anew(before, after, name)
    if day is not None:
        yield day
    if len(after.split()) >= _LEAST_WORDS_OF_A_COMMAND:
        yield after  # if it is one by itself, nothing before it counts
    days = () if language(name).regex("day_of").search(after) else _days_in(left, name)
    for many in range(1, min(_MOST_WORDS_TAKEN_BACK, len(left) - 1) + 1):
        lost = (day for at, day in days if at >= len(left) - many)
        yield " ".join([*left[:-many], after.rstrip(" .!"), *lost])
    yield after


def in_place(text: str, name: str) -> tuple[str, str] | None:
    """What was said before and after a correction that pauses set off: "add bread, no, bagels".
    None where there is none, or where it may be what somebody says.
    """
    parts, words = _corrects(text, name), language(name)
    found = list(courtesies(name).correction.finditer(plain(text)))
    if parts is None or len(found) != 1:
        return None
    if words.regex("surely_corrects").match(found[0][0].lstrip(" ,.;!?\u2013\u2014-")):
        return parts
    set_off = not found[0][0][0].isspace() and found[0][0].rstrip()[-1] in ",.;!?"
    return parts if set_off and not words.regex("speaks").search(parts[0]) else None


def begins_with_correction(text: str, name: str) -> bool:
    """Whether the first words say that what was said before them is wrong ("I mean …")."""
    return courtesies(name).correction.match(f" {text}") is not None


def ends_with_correction(text: str, name: str) -> bool:
    """Whether the last words take back what was said before them ("five, no")."""
    found = list(courtesies(name).correction.finditer(f"{text} "))
    return bool(found) and found[-1].end() >= len(text)


def corrected_number(text: str, name: str) -> str | None:
    """The text with the number that its speaker corrected ("five, no, ten minutes"), or None."""
    parts = _corrects(text, name)
    return None if parts is None else _number_anew(*parts, name)


def word_anew(text: str, name: str) -> str | None:
    """The text with its last words replaced by as many that correct them, one or two: "call Anna,
    no, Bob" is "call Bob". None unless pauses set the correction off, or where it may be what
    somebody says.
    """
    parts = in_place(text, name)
    if parts is None:
        return None
    before, after = parts[0].split(), parts[1].rstrip(" .!").split()
    if not 0 < len(after) <= _MOST_WORDS_ANEW < len(before) + 1:
        return None
    return " ".join([*before[: -len(after)], *after])


def said_anew(heard: str, meant: str, name: str) -> bool:
    """Whether words were said twice, the second time with another ending: "the car is on level 4,
    no, level 5", which means "the car is on level 5"; or a number was: "two sugars, no, one".
    """
    twice, once = heard.split(), meant.split()
    parts = in_place(heard, name)
    if parts is None or len(once) < 2:
        return False
    if _number_anew(*parts, name) == meant or word_anew(heard, name) == meant:
        return True
    same = next((n for n, (a, b) in enumerate(zip(twice, once, strict=False)) if a != b), 0)
    return same > 0 and twice[same - len(once) - 1 :] == once[same - 1 :]


def _corrects(text: str, name: str) -> tuple[str, str] | None:
    """What was said before and after a correction; None where there is none."""
    said = plain(text)
    opening = courtesies(name).opening.match(said)
    said = said[opening.end() :] if opening else said  # "Jarvis, no alarms" takes nothing back
    said = without_thanks(said, name)
    matches = list(courtesies(name).correction.finditer(said))
    if not matches:
        return None
    before, after = said[: matches[-1].start()].rstrip(" ,.;"), said[matches[-1].end() :].strip()
    first = courtesies(name).correction.search(before)
    if first is not None:  # corrected twice: both corrections are of the same words
        before = before[: first.start()].rstrip(" ,.;")
    return (before, after) if before and after else None


def _minutes_anew(before: str, after: str, name: str) -> str | None:
    """`before` with its last number as the hour of the minutes that `after` begins with: "at four",
    "half past".
    """
    minutes = language(name).regex("of_an_hour").match(after)
    old = in_digits(Mapped.of(before), name).text
    numbers = list(_NUMBER.finditer(old))
    if minutes is None or not numbers:
        return None
    hour, rest = numbers[-1], after[minutes.end() :].rstrip(" .!")
    return f"{old[: hour.start()]}{minutes[0]} {hour[0]}{old[hour.end() :]}{rest}"


def _number_anew(before: str, after: str, name: str) -> str | None:
    """`before` with the number that `after` begins with in the place of its last one.

    What stands behind the number, a unit or a part of the day, is taken from `after` where both
    have it: "a 20 minute timer", "25 minutes"; "at 9 tomorrow", "9:30".
    """
    old, new = (in_digits(Mapped.of(each), name) for each in (before, after))
    numbers = list(_CLOCK.finditer(old.text))
    first = _CLOCK.match(new.text)
    if not numbers or first is None or _NUMBER.search(new.text, first.end()):
        return None
    start, end = old.span(*numbers[-1].span())
    number, rest = after[: new.ends[first.end() - 1]], after[new.ends[first.end() - 1] :]
    said, kept = before[:start], before[end:]
    if kept and rest.lower().startswith(kept.lower()):
        return f"{said}{after}"  # "two pints of milk, no, three pints of milk"
    unit, unit_before = _NEXT_WORD.match(rest), _NEXT_WORD.match(kept)
    if unit and unit_before and unit[1][:_STEM].lower() == unit_before[1][:_STEM].lower():
        if unit_before.end() == len(kept):
            return f"{said}{after}"  # "two sugars, no, one sugar in his tea"
        rest = rest[unit.end() :]
    elif unit and _HALF_OF_DAY.fullmatch(unit[1]):
        halves = unit_before is not None and _HALF_OF_DAY.match(unit_before[1]) is not None
        kept = kept[unit_before.end() :] if halves and unit_before else kept
        return f"{said}{number}{unit[0]}{kept}{rest[unit.end() :]}"
    elif unit and not rest.startswith(","):
        return None if unit_before else f"{said}{after}"
    return f"{said}{number}{kept}{rest}"


def _days_in(words: list[str], name: str) -> tuple[tuple[int, str], ...]:
    """The days of the week, "tomorrow" and the like among words, and where they stand."""
    found = ((at, language(name).regex("day_of").match(each)) for at, each in enumerate(words))
    return tuple((at, day["day"]) for at, day in found if day is not None and day["day"])


def _day_anew(before: str, after: str, name: str) -> str | None:
    """`before` with the day that `after` begins with in the place of its last one, with what
    follows it: "on Monday at five to call Ben", "Tuesday"; "on the 22nd at 11", "the 23rd".
    """
    day = language(name).regex("day_of")
    old, new = list(day.finditer(before)), day.match(after := after.removeprefix("on "))
    if not old or new is None or new.lastgroup != old[-1].lastgroup:
        return None
    rest = after[new.end() :].lstrip(",")
    return f"{before[: old[-1].start()]}{new[0]}{before[old[-1].end() :]}{rest}"
