"""What was said, without its courtesies and fillers, and with times and durations found in it."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from agents.durations import Span, find_duration
from agents.language import Language, language
from agents.mapped import Mapped
from agents.numbers import in_digits
from agents.times import When, find_when

_MOST_WORDS_TAKEN_BACK = 4
_MOST_WORDS_ANEW = 2
_NUMBER = re.compile(r"(?<![\w.:])\d+(?:[:.]\d+)?(?![\w:])")
_NEXT_WORD = re.compile(r"[ -]([^\W\d_]+(?:\.m\.?)?)", re.IGNORECASE)
_HALF_OF_DAY = re.compile(r"[ap]\.?m\.?", re.IGNORECASE)
_CLOCK_FIGURES = re.compile(
    r"(?<![\d:.])(\d{1,3}):([0-5]\d)(?::([0-5]\d))?(?![\d:]|\s*[ap]\.?m)(\s*(?:h|m)\w*)?",
    re.IGNORECASE,
)
_STEM = 3
_CAN_ONLY_BE_SAID = re.compile("this(?:long|time|more)", re.IGNORECASE)


@dataclass(frozen=True)
class Heard:
    """An utterance without its courtesies.

    whole: only without an opening, and a closing after a pause: for those whose own words are kept.
    short: without any courtesy, a duration as "thislong" and times as "thistime".
    polite: "could you …", a question in form only. asked: a question in form.
    """

    whole: Mapped
    short: Mapped
    duration: Span | None
    when: When | None
    polite: bool
    asked: bool

    @property
    def question(self) -> bool:
        """Whether something is asked, and nothing is asked for."""
        return self.asked and not self.polite


@dataclass(frozen=True)
class _Courtesies:
    """The regular expressions of one language, put together."""

    opening: re.Pattern[str]
    polite: re.Pattern[str]
    closing: re.Pattern[str]
    closing_after_pause: re.Pattern[str]
    filler: re.Pattern[str]
    filler_follows: re.Pattern[str]
    correction: re.Pattern[str]


def plain(text: str) -> str:
    """`text` in composed Unicode on one line, without control and format characters."""
    text = unicodedata.normalize("NFC", text).replace("\u2019", "'")
    kept = "".join(" " if unicodedata.category(c)[0] in "CZ" else c for c in text)
    return " ".join(kept.split())


def hear(text: str, name: str) -> Heard:
    """Clean `text`, said in the language `name`. Pure, and safe with any text."""
    words = language(name)
    by = _courtesies(name)
    said = Mapped.of(plain(text))
    for spelt, by_this in words.replaced("respelt"):
        said = said.sub(spelt, by_this)
    said = _bare(said.sub(by.filler_follows, "").sub(by.filler, ""))
    said = _bare(said.sub(by.opening, "", count=1) if by.opening.match(said.text) else said)
    asked = said.text.rstrip(" .!").endswith("?") or _ends_asked(said.text, by)
    polite = by.polite.match(said.text) is not None
    if polite:
        said = said.sub(by.polite, "", count=1)
        if by.opening.match(said.text):
            said = said.sub(by.opening, "", count=1)
    while by.closing_after_pause.search(said.text):
        said = said.sub(by.closing_after_pause, "")
    said = said.strip(" ,;:-")
    short = said
    while by.closing.search(short.text):
        short = short.sub(by.closing, "")
    short = _without_made_up_words(short.sub(words.regex("for_me"), "")).strip(" ,;:.!?-")
    if words.regex("counts_down").search(short.text):
        short = short.sub(_CLOCK_FIGURES, _counted_down)
    found = find_when(short.text, name)
    for start, end in reversed(found.spans if found else ()):
        short = short.replaced(start, end, "thistime")
    more = words.regex("more").search(short.text)
    extra = find_duration(f"{more['many']} {more['unit']}", name) if more else None
    duration = find_duration(short.text, name)
    if more is not None and extra is not None and extra.end == len(more["many"] + more["unit"]) + 1:
        start = more.start() + extra.start
        short, duration = short.replaced(start, more.end(), "thismore"), extra
    elif duration is not None:
        short = _with_duration(short, duration)
    when = found.when if found else None
    return Heard(said.strip(" .!?"), short, duration, when, polite, asked)


def corrected(text: str, name: str) -> Iterator[str]:
    """What `text` may mean if its speaker corrected it ("five, no, ten minutes"), likeliest first.

    Each is the text with some words before the correction taken back, from few to many, and at
    last only what follows it; before those, the text with another number in the place of its last.
    """
    parts = _corrects(text, name)
    if parts is None:
        return
    before, after = parts
    anew = _number_anew(before, after, name)
    if anew is not None:
        yield anew
    left = before.split(" ")
    said_anew = after.split(" ")[0].lower().strip(",.")
    for many in range(1, min(_MOST_WORDS_TAKEN_BACK, len(left) - 1) + 1):
        kept = left[:-many]
        if left[-many].lower() == said_anew:
            yield " ".join([*kept, after])
    for many in range(1, min(_MOST_WORDS_TAKEN_BACK, len(left) - 1) + 1):
        yield " ".join([*left[:-many], after])
    yield after


def begins_with_correction(text: str, name: str) -> bool:
    """Whether the first words say that what was said before them is wrong ("I mean …")."""
    return _courtesies(name).correction.match(f" {text}") is not None


def corrected_number(text: str, name: str) -> str | None:
    """The text with the number that its speaker corrected ("five, no, ten minutes"), or None."""
    parts = _corrects(text, name)
    return None if parts is None else _number_anew(*parts, name)


def word_anew(text: str, name: str) -> str | None:
    """The text with its last words replaced by as many that correct them, one or two: "call Anna,
    no, Bob" is "call Bob". None unless pauses set the correction off, or where it may be what
    somebody says.
    """
    found = list(_courtesies(name).correction.finditer(plain(text)))
    parts = _corrects(text, name)
    if parts is None or len(found) != 1:
        return None
    before, after = parts[0].split(), parts[1].rstrip(" .!").split()
    set_off = not found[0][0][0].isspace() and found[0][0].rstrip()[-1] in ",.;!?"
    told = language(name).regex("speaks").search(parts[0]) is not None
    if not set_off or told or not 0 < len(after) <= _MOST_WORDS_ANEW < len(before) + 1:
        return None
    return " ".join([*before[: -len(after)], *after])


def _corrects(text: str, name: str) -> tuple[str, str] | None:
    """What was said before and after a correction; None where there is none."""
    said = plain(text)
    opening = _courtesies(name).opening.match(said)
    said = said[opening.end() :] if opening else said  # "Jarvis, no alarms" takes nothing back
    matches = list(_courtesies(name).correction.finditer(said))
    if not matches:
        return None
    before, after = said[: matches[-1].start()].rstrip(" ,.;"), said[matches[-1].end() :].strip()
    first = _courtesies(name).correction.search(before)
    if first is not None:  # corrected twice: both corrections are of the same words
        before = before[: first.start()].rstrip(" ,.;")
    return (before, after) if before and after else None


def _number_anew(before: str, after: str, name: str) -> str | None:
    """`before` with the number that `after` begins with in the place of its last one.

    What stands behind the number, a unit or a part of the day, is taken from `after` where both
    have it: "a 20 minute timer", "25 minutes"; "at 9 tomorrow", "9:30".
    """
    old, new = (in_digits(Mapped.of(each), name).text for each in (before, after))
    numbers = list(_NUMBER.finditer(old))
    first = _NUMBER.match(new)
    if not numbers or first is None or len(_NUMBER.findall(new)) > 1:
        return None
    last = numbers[-1]
    rest, kept = new[first.end() :], old[last.end() :]
    unit, unit_before = _NEXT_WORD.match(rest), _NEXT_WORD.match(kept)
    if unit and unit_before and unit[1][:_STEM].lower() == unit_before[1][:_STEM].lower():
        rest = rest[unit.end() :]
    elif unit and _HALF_OF_DAY.fullmatch(unit[1]):
        halves = unit_before is not None and _HALF_OF_DAY.match(unit_before[1]) is not None
        kept = kept[unit_before.end() :] if halves and unit_before else kept
        return f"{old[: last.start()]}{first[0]}{unit[0]}{kept}{rest[unit.end() :]}"
    elif unit and not rest.startswith(","):
        return None if unit_before else f"{old[: last.start()]}{new}"
    return f"{old[: last.start()]}{first[0]}{kept}{rest}"


def command_in(text: str, name: str) -> Iterator[str]:
    """What may be a command in `text`, without what was said before it, or as its reason.

    "I'm off to bed, lock the door", "wake me at seven, I have a train to catch".
    """
    said, words = plain(text), language(name)
    opening = _courtesies(name).opening.match(said)
    said = said[opening.end() :] if opening else said
    if before := words.regex("preamble").match(said):
        yield said[before.end() :]
    for after in words.regex("afterthought").finditer(said):
        yield said[: after.start()]


def _counted_down(figures: re.Match[str]) -> str:
    """ "1:30" as "1 min 30 s", "1:30:00" as "1 h 30 min"."""
    *digits, unit = figures.groups()
    parts = [part for part in digits if part is not None]
    of_hours = len(parts) == 3 or (unit or "").strip().lower().startswith("h")
    units = ("h", "min", "s") if of_hours else ("min", "s")  # in any language
    return " ".join(f"{part} {unit}" for part, unit in zip(parts, units, strict=False) if int(part))


def _bare(said: Mapped) -> Mapped:
    return said.sub(re.compile(r"\s+(?=[,.;:!?])|(?<=\s)\s+"), "").strip(" ,;:")


def _without_made_up_words(said: Mapped) -> Mapped:
    return said.sub(_CAN_ONLY_BE_SAID, "")


def _with_duration(short: Mapped, duration: Span) -> Mapped:
    short = short.replaced(duration.start, duration.end, "thislong")
    short = short.sub(re.compile("thislong-"), "thislong ")
    return short.sub(re.compile("-thislong"), " thislong")


def _ends_asked(text: str, by: _Courtesies) -> bool:
    """Whether a question mark stands before closing courtesies ("… pot? Thanks.")."""
    return by.closing_after_pause.sub("", text).rstrip().endswith("?") or "?" in text[-12:]


@cache
def _courtesies(name: str) -> _Courtesies:
    words: Language = language(name)
    opening, wake = words.text("opening"), words.text("wake")
    closing, after_pause = words.text("closing"), words.text("closing_after_pause")

    def regex(pattern: str) -> re.Pattern[str]:
        return re.compile(pattern, re.IGNORECASE)

    correction, filler = words.text("correction"), words.text("filler")
    return _Courtesies(
        opening=regex(rf"(?:(?:{opening}|{wake})\b[\s,.!:;-]*)+(?=\w)"),
        polite=regex(rf"(?:{words.text('polite')})(?: please| kindly| just)*[\s,]+"),
        closing=regex(rf"[\s,.!?;:-]*\b(?:{closing}|{wake})[\s,.!?]*$"),
        closing_after_pause=regex(rf"[.,!?;]\s*(?:{after_pause}|{wake})[\s,.!?]*$"),
        filler=regex(rf"(?:^|(?<=\s))(?:{filler})\b[,.]?(?:\s+|(?=[,.?!])|$)"),
        filler_follows=regex(rf",(?=\s+(?:{filler})\b)"),
        correction=regex(
            rf"(?:[,.;!?\u2013\u2014-]\s*|\s)(?:{correction})\b[\s,.]*(?:(?:{correction})\b[\s,.]*)*"
        ),
    )
