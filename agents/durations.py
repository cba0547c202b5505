"""Durations in English: found in what was said, and worded for speech."""

import re
from dataclasses import dataclass

LONGEST_SPAN_S = 100 * 365 * 86_400.0
"""Longer ago nobody means."""

_TEENS = (
    *("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"),
    *("eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen"),
    *("eighteen", "nineteen"),
)
_SMALL = {word: value for value, word in enumerate(_TEENS)}
_TENS = {
    **{"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70},
    **{"eighty": 80, "ninety": 90},
}
_UNITS = {
    **dict.fromkeys(("hour", "hours", "hr", "hrs", "h"), 3600),
    **dict.fromkeys(("minute", "minutes", "min", "mins", "m"), 60),
    **dict.fromkeys(("second", "seconds", "sec", "secs", "s"), 1),
}
_FRACTIONS = {"half": 0.5, "quarter": 0.25}
_TOKEN = re.compile(r"\d+(?:\.\d+)?|[^\W\d_]+(?:'[^\W\d_]+)?")
_LAST = re.compile(r"(?:(?:in|from|during|over|of) )?(?:the )?(?:last|past) (?P<span>.+)", re.I)
_FEW = re.compile(r"\b(?:a )?few\b", re.I)
_DAYS = re.compile(r"(?:(?P<many>[\w ]+) )?(?P<unit>days?|weeks?)", re.I)
_JOINED = re.compile(r"[\s,-]*")


@dataclass(frozen=True)
class Span:
    """A duration of `seconds`, said in `text[start:end]`."""

    seconds: float
    start: int
    end: int


@dataclass(frozen=True)
class _Token:
    word: str
    start: int
    end: int


class _Reader:
    """Reads one duration from a run of words; every method leaves `at` in place if it fails."""

    def __init__(self, tokens: list[_Token], at: int) -> None:
        self._tokens = tokens
        self.at = at

    def _word(self, ahead: int = 0) -> str:
        index = self.at + ahead
        return self._tokens[index].word if index < len(self._tokens) else ""

    def _accept(self, *words: str) -> bool:
        if all(self._word(n) == word for n, word in enumerate(words)):
            self.at += len(words)
            return True
        return False

    def duration(self) -> float | None:
        """Parts in falling units ("one hour, two minutes and three seconds"), in seconds."""
        total: float | None = None
        smallest = 4000
        while True:
            before = self.at
            if total is not None:
                self._accept("and")
            part = self._part()
            if part is None or part[1] >= smallest:
                self.at = before
                return total
            amount, smallest = part
            total = (total or 0.0) + amount * smallest

    def _part(self) -> tuple[float, int] | None:
        """An amount and its unit in seconds; the amount may have a fraction after the unit."""
        before = self.at
        amount = self._fraction_of()
        if amount is None:
            amount = self._amount()
        unit = _UNITS.get(self._word())
        if amount is None or unit is None:
            self.at = before
            return None
        self.at += 1
        return amount + self._and_a_fraction(), unit

    def _fraction_of(self) -> float | None:
        """ "half an", "a half", "a quarter of an", "three quarters of an"."""
        before = self.at
        times = 3.0 if self._accept("three") else 1.0
        if times == 1.0:
            _ = self._accept("a") or self._accept("one")
        fraction = _FRACTIONS.get(self._word().removesuffix("s") if times > 1 else self._word())
        if fraction is None:
            self.at = before
            return None
        self.at += 1
        self._accept("of")
        _ = self._accept("an") or self._accept("a")
        return times * fraction

    def _and_a_fraction(self) -> float:
        before = self.at
        if self._accept("and", "a") and self._word() in _FRACTIONS:
            after = self._word(1)
            if after not in _UNITS and after not in ("a", "an", "of"):
                self.at += 1
                return _FRACTIONS[self._word(-1)]
        self.at = before
        return 0.0

    def _amount(self) -> float | None:
        word = self._word()
        if word[:1].isdecimal():
            self.at += 1
            # "1 1/2" is not spoken; more than 12 digits is not a duration.
            amount = float(word) if len(word) <= 12 else None
        elif self._accept("a", "couple", "of") or self._accept("a", "couple"):
            amount = 2.0
        elif self._word() in ("a", "an") and self._word(1) != "hundred":
            self.at += 1
            amount = 1.0
        else:
            amount = self._cardinal()
        if amount is None:
            return None
        if self._accept("point"):
            tenth = _SMALL.get(self._word(), 10)
            if tenth > 9:
                return None
            self.at += 1
            amount += tenth / 10
        before = self.at
        if self._accept("and", "a") and self._word() in _FRACTIONS and self._word(1) in _UNITS:
            self.at += 1
            return amount + _FRACTIONS[self._word(-1)]
        self.at = before
        return amount

    def _cardinal(self) -> float | None:
        """A number in words below 1000."""
        hundreds = 0
        if self._word(1) == "hundred" and (self._word() == "a" or self._word() in _SMALL):
            hundreds = 100 * _SMALL.get(self._word(), 1)
            self.at += 2
            before = self.at
            self._accept("and")
            rest = self._below_hundred()
            if rest is None:
                self.at = before
            return float(hundreds + (rest or 0))
        rest = self._below_hundred()
        return None if rest is None else float(rest)

    def _below_hundred(self) -> int | None:
        word = self._word()
        if word in _TENS:
            self.at += 1
            one = _SMALL.get(self._word(), 0)
            if 0 < one < 10:
                self.at += 1
                return _TENS[word] + one
            return _TENS[word]
        if word in _SMALL:
            self.at += 1
            return _SMALL[word]
        return None


def find_duration(text: str) -> Span | None:
    """The one duration said in `text`; None if there is none or more than one."""
    found: list[Span] = []
    for tokens in _runs(text):
        at = 0
        while at < len(tokens):
            reader = _Reader(tokens, at)
            seconds = reader.duration()
            if seconds is None:
                at += 1
                continue
            found.append(Span(seconds, tokens[at].start, tokens[reader.at - 1].end))
            at = reader.at
    return found[0] if len(found) == 1 else None


def _runs(text: str) -> list[list[_Token]]:
    """Words in runs that only space, commas and hyphens separate."""
    runs: list[list[_Token]] = [[]]
    end = 0
    for match in _TOKEN.finditer(text):
        if not _JOINED.fullmatch(text, end, match.start()):
            runs.append([])
        runs[-1].append(_Token(match.group().lower(), match.start(), match.end()))
        end = match.end()
    return runs


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


def find_span(text: str) -> float | None:
    """The seconds of "the last ten minutes", "past hour", "last couple of days"; None for
    anything else. "A few" are five.
    """
    words = _LAST.fullmatch(text.strip(" .,!?"))
    if words is None:
        return None
    said = _FEW.sub("5", words["span"])
    if (days := _DAYS.fullmatch(said)) is None:
        return _sane(_whole(said))
    hours = _whole(f"{days['many']} hours") if days["many"] else 3600.0
    per_hour = 24 * 7 if days["unit"].lower().startswith("week") else 24
    return _sane(None if hours is None else hours * per_hour)


def _sane(seconds: float | None) -> float | None:
    return seconds if seconds is not None and seconds <= LONGEST_SPAN_S else None


def _whole(said: str) -> float | None:
    """The seconds of a text that is a duration and nothing else, with or without its article."""
    for article in ("", "a ", "an "):
        text = article + said
        found = find_duration(text)
        if found is not None and (found.start, found.end) == (0, len(text)) and found.seconds > 0:
            return found.seconds
    return None
