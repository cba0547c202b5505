"""What was said, without its courtesies and fillers, and with times and durations found in it."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache

from agents.durations import Span, find_duration
from agents.language import Language, language
from agents.mapped import Mapped
from agents.times import When, find_when

_CLOCK_FIGURES = re.compile(
    r"(?<![\d:.])(\d{1,3}):([0-5]\d)(?::([0-5]\d))?(?![\d:]|\s*[ap]\.?m)(\s*(?:h|m)\w*)?",
    re.IGNORECASE,
)
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
class Courtesies:
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
    by = courtesies(name)
    said = Mapped.of(plain(text))
    for spelt, by_this in words.replaced("respelt"):
        said = said.sub(spelt, by_this)
    said = _bare(said.sub(by.filler_follows, "").sub(by.filler, ""))
    said = _bare(said.sub(by.opening, "", count=1) if by.opening.match(said.text) else said)
    asked = "?" in said.text
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
    found = None if words.regex("amount").match(short.text) else find_when(short.text, name)
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


def without_thanks(text: str, name: str) -> str:
    """`text` without the courtesies that follow it after a pause: "…. Thank you!"."""
    while (thanked := courtesies(name).closing_after_pause.search(text)) is not None:
        text = text[: thanked.start()]
    return text


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


@cache
def courtesies(name: str) -> Courtesies:
    """What surrounds commands in the language `name`."""
    words: Language = language(name)
    opening, wake = words.text("opening"), words.text("wake")
    closing, after_pause = words.text("closing"), words.text("closing_after_pause")

    def regex(pattern: str) -> re.Pattern[str]:
        return re.compile(pattern, re.IGNORECASE)

    correction, filler = words.text("correction"), words.text("filler")
    return Courtesies(
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
