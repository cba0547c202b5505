"""Text as it is spoken: what an English voice would read out wrong, put into words. Pure.

Only what espeak-ng gets wrong is touched: it reads "1,000", "-5", "3.5", "22nd", "20%" and "a & b"
right by itself, and those stay. What it gets wrong is, for example, "9:05" (nine zero five), "$5"
(dollar five), "5 km/h" (kay em slash aitch) and "Dr. Smith" (two sentences).
"""

import re
from collections.abc import Callable
from functools import cache
from typing import Any

_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August", "September"),
    *("October", "November", "December"),
)
_MONTH = r"(January|February|March|April|May|June|July|August|September|October|November|December)"
_SHORT_MONTHS = {each[:3]: each for each in _MONTHS} | {"Sept": "September"}
_NUMBER = r"\d[\d,]*(?:\.\d+)?"

_CURRENCIES = {
    "$": ("dollar", "dollars", "cent", "cents"),
    "€": ("euro", "euros", "cent", "cents"),
    "£": ("pound", "pounds", "penny", "pence"),
    "¥": ("yen", "yen", "sen", "sen"),
    "₹": ("rupee", "rupees", "paisa", "paise"),
}
_SCALES = {"k": "thousand", "m": "million", "bn": "billion", "b": "billion"}
_UNITS = {
    "km/h": ("kilometer per hour", "kilometers per hour"),
    "kph": ("kilometer per hour", "kilometers per hour"),
    "mph": ("mile per hour", "miles per hour"),
    "m/s": ("meter per second", "meters per second"),
    "km": ("kilometer", "kilometers"),
    "cm": ("centimeter", "centimeters"),
    "mm": ("millimeter", "millimeters"),
    "m": ("meter", "meters"),
    "mi": ("mile", "miles"),
    "ft": ("foot", "feet"),
    "kg": ("kilogram", "kilograms"),
    "mg": ("milligram", "milligrams"),
    "g": ("gram", "grams"),
    "lb": ("pound", "pounds"),
    "lbs": ("pound", "pounds"),
    "oz": ("ounce", "ounces"),
    "ml": ("milliliter", "milliliters"),
    "mL": ("milliliter", "milliliters"),
    "l": ("liter", "liters"),
    "L": ("liter", "liters"),
    "tsp": ("teaspoon", "teaspoons"),
    "tbsp": ("tablespoon", "tablespoons"),
    "kB": ("kilobyte", "kilobytes"),
    "KB": ("kilobyte", "kilobytes"),
    "MB": ("megabyte", "megabytes"),
    "GB": ("gigabyte", "gigabytes"),
    "TB": ("terabyte", "terabytes"),
    "Mbps": ("megabit per second", "megabits per second"),
    "Hz": ("hertz", "hertz"),
    "kHz": ("kilohertz", "kilohertz"),
    "MHz": ("megahertz", "megahertz"),
    "GHz": ("gigahertz", "gigahertz"),
    "W": ("watt", "watts"),
    "kW": ("kilowatt", "kilowatts"),
    "kWh": ("kilowatt hour", "kilowatt hours"),
    "mAh": ("milliamp hour", "milliamp hours"),
    "ms": ("millisecond", "milliseconds"),
    "s": ("second", "seconds"),
    "sec": ("second", "seconds"),
    "min": ("minute", "minutes"),
    "mins": ("minute", "minutes"),
    "h": ("hour", "hours"),
    "hr": ("hour", "hours"),
    "hrs": ("hour", "hours"),
    "°C": ("degree Celsius", "degrees Celsius"),
    "°F": ("degree Fahrenheit", "degrees Fahrenheit"),
}
_UNIT = "|".join(sorted(map(re.escape, _UNITS), key=len, reverse=True))
_TITLES = {
    **{"Dr": "Doctor", "Mr": "Mister", "Mrs": "Missus", "Ms": "Miz", "Prof": "Professor"},
    **{"St": "Saint", "Mt": "Mount"},
}
_SHORT = {
    "e.g": "for example",
    "i.e": "that is",
    "etc": "et cetera",
    "vs": "versus",
    "approx": "approximately",
}
_PARTS = {2: "half", 3: "third", 4: "quarter", 5: "fifth", 6: "sixth", 8: "eighth", 10: "tenth"}
_ROMAN = {
    **{"II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7, "VIII": 8, "IX": 9, "X": 10},
    **{"XI": 11, "XII": 12, "XIII": 13, "XIV": 14, "XV": 15, "XVI": 16},
}
_RULERS = (
    "Henry|Louis|Charles|George|Edward|James|William|Elizabeth|John Paul|Benedict|Richard|Philip"
    "|Napoleon|Pius|Frederick|Nicholas|Alexander|Catherine|Francis|Leo|Gregory|Rameses|Mary"
)
_NUMBERED = "World War|Chapter|Part|Volume|Act|Phase|Type|Stage|Book|Super Bowl"
_MOST_PASSES = 6
_BEFORE_YEARS = (
    "in|In|since|Since|until|till|by|By|from|From|year|of|around|before|after|during|circa"
)


def speech_text(text: str) -> str:
    """Return `text` in words that a voice reads out right; plain text comes back unchanged.

    Runs of white space become one space. What comes out goes through unchanged.
    """
    for _ in range(_MOST_PASSES):  # what one rule writes may be another's to say
        before = text
        for pattern, spoken in _RULES:
            text = pattern.sub(spoken, text)
        text = " ".join(text.split())
        if text == before:
            break
    return text


# words for numbers


@cache
def _engine() -> Any:
    from unicode_rbnf import RbnfEngine

    return RbnfEngine.for_language("en")


def _cardinal(number: int) -> str:
    return str(_engine().format_number(number).text)


def _ordinal(number: int) -> str:
    from unicode_rbnf import FormatPurpose

    return str(_engine().format_number(number, purpose=FormatPurpose.ORDINAL).text)


def _year(number: int) -> str:
    century, rest = divmod(number, 100)
    if century % 10 == 0 and rest < 10:
        return _cardinal(number)
    if rest == 0:
        return f"{_cardinal(century)} hundred"
    return f"{_cardinal(century)} {'oh ' if rest < 10 else ''}{_cardinal(rest)}"


def _digits(text: str) -> str:
    return " ".join("oh" if each == "0" else _cardinal(int(each)) for each in text)


# one function a kind of thing


def _say_address(found: re.Match[str]) -> str:
    name, host = found["name"].replace(".", " dot "), found["host"].replace(".", " dot ")
    return f"{name.replace('_', ' underscore ').replace('+', ' plus ')} at {host}"


def _say_url(found: re.Match[str]) -> str:
    return found["host"].replace(".", " dot ")


def _say_money(found: re.Match[str]) -> str:
    one, many, cent, cents = _CURRENCIES[found["sign"]]
    whole, _, part = found["amount"].partition(".")
    scale = found["scale"]
    if scale:
        return f"{found['amount']} {_SCALES.get(scale.lower(), scale)} {many}"
    name = one if whole == "1" else many
    if len(part) != 2 or not part.strip("0"):
        return f"{whole}.{part} {many}" if part.strip("0") else f"{whole} {name}"
    small = f"{int(part)} {cent if int(part) == 1 else cents}"
    return small if whole == "0" else f"{whole} {name} and {small}"


def _say_time(found: re.Match[str]) -> str:
    hour, minute = int(found["hour"]), int(found["minute"])
    half = (found["half"] or "").replace(".", "").upper()
    if minute:
        words = f"{_cardinal(hour)} {'oh ' if minute < 10 else ''}{_cardinal(minute)}"
    elif half:
        words = _cardinal(hour)
    else:
        words = f"{_cardinal(hour)} o'clock" if 0 < hour < 13 else f"{_cardinal(hour)} hundred"
    return f"{words} {half}".strip() + _end(found, half)


def _end(found: re.Match[str], shortened: str) -> str:
    """The full stop that an abbreviation shares with its sentence."""
    rest = found.string[found.end() :]
    over = not rest.strip() or re.match(r"\s+[A-Z]", rest)
    return "." if shortened and found[0].endswith(".") and over else ""


def _say_half(found: re.Match[str]) -> str:
    half = found["half"].replace(".", "").upper()
    return f"{found['hour']} {half}{_end(found, half)}"


def _say_date(year: str, month: int, day: int, otherwise: str) -> str:
    if not (1 <= month <= 12 and 1 <= day <= 31):
        return otherwise
    return f"{_MONTHS[month - 1]} {_ordinal(day)}, {_year(int(year))}"


def _say_iso_date(found: re.Match[str]) -> str:
    return _say_date(found[1], int(found[2]), int(found[3]), found[0])


def _say_slash_date(found: re.Match[str]) -> str:
    first, second = int(found[1]), int(found[2])
    month, day = (second, first) if first > 12 else (first, second)
    return _say_date(found[3], month, day, found[0])


def _say_day(found: re.Match[str]) -> str:
    year = f", {_year(int(found['year']))}" if found["year"] else ""
    return f"{found[1]} {_ordinal(int(found['day']))}{year}"


def _say_unit(found: re.Match[str]) -> str:
    one, many = _UNITS[found["unit"]]
    return f"{found['number']} {one if found['number'] == '1' else many}"


def _say_fraction(found: re.Match[str]) -> str:
    top, bottom = int(found["top"]), int(found["bottom"])
    part = _PARTS[bottom]
    if top > 1:
        part = "halves" if part == "half" else f"{part}s"
    whole = f"{found['whole']} and " if found["whole"] else ""
    return f"{whole}{_cardinal(top)} {part}"


def _say_range(found: re.Match[str]) -> str:
    first, last = found[1], found[2]
    if len(first) == len(last) == 4 and first[0] == last[0] and first < last:
        return f"{_year(int(first))} to {_year(int(last))}"
    return f"{first} to {last}"


def _say_hyphened(found: re.Match[str]) -> str:
    return _say_range(found) if int(found[1]) < int(found[2]) else found[0]


def _say_phone(found: re.Match[str]) -> str:
    plus = "plus " if found[0].startswith("+") else ""
    return plus + ", ".join(_digits(group) for group in re.findall(r"\d+", found[0]))


def _say_decade(found: re.Match[str]) -> str:
    if found[0] == "2000s":
        return "two thousands"
    tens = _cardinal(int(found[2]) * 10) if found[2] != "0" else "hundred"
    plural = f"{tens[:-1]}ies" if tens.endswith("y") else f"{tens}s"
    return f"{_cardinal(int(found[1]))} {plural}"


def _say_short(found: re.Match[str]) -> str:
    spoken = _SHORT[found[1].lower()]
    spoken = spoken[0].upper() + spoken[1:] if found[1][0].isupper() else spoken
    return spoken + (_end(found, "etc") if found[1].lower() == "etc" else "")


_Spoken = str | Callable[[re.Match[str]], str]


def _rule(pattern: str, spoken: _Spoken, flags: re.RegexFlag = re.NOFLAG) -> tuple[
    re.Pattern[str], _Spoken
]:  # fmt: skip
    return re.compile(pattern, flags), spoken


_RULES = (
    # markdown
    _rule(r"```\w*", " "),
    _rule(r"!?\[([^\]\[]*)\]\([^)\s]*\)", r"\1"),
    _rule(r"^\s*(?:#{1,6}\s+|>\s+|[-*+•]\s+)", "", re.MULTILINE),
    _rule(r"(?<=\d)\s?\*\s?(?=\d)", " times "),
    _rule(r"(?<![^\W_])_+(?=\S)|(?<=\S)_+(?![^\W_])|\|+|(?<=\w)[*`]+(?=\w)", " "),
    _rule(r"[*`]+|~~", ""),
    # addresses
    _rule(
        r"\b(?P<name>[\w.+-]+)@(?P<host>[a-zA-Z\d-]+(?:\.[a-zA-Z\d-]+)*\.[a-zA-Z]{2,})\b",
        _say_address,
    ),
    _rule(
        r"\b(?:https?://(?:www\.)?|www\.)(?P<host>[a-zA-Z\d-]+(?:\.[a-zA-Z\d-]+)*)(?::\d+)?"
        r"(?:[/?#][^\s)>\]]*[^\s)>\].,;:!?])?/?",
        _say_url,
    ),
    # money
    _rule(
        rf"(?P<sign>[$€£¥₹])\s?(?P<amount>{_NUMBER})"
        r"(?:\s?(?P<scale>thousand|million|billion|trillion|bn|[kKmMbB])\b)?",
        _say_money,
    ),
    _rule(rf"(?P<amount>\b{_NUMBER})\s?(?P<sign>[€£])(?P<scale>)", _say_money),
    # times and dates
    _rule(
        r"(?<![\d:.,/-])(?P<hour>[01]?\d|2[0-3]):(?P<minute>[0-5]\d)(?![\d:/]|[.,]\d)"
        r"(?:\s?(?P<half>[aApP]\.?[mM]\b\.?))?",
        _say_time,
    ),
    _rule(r"\b(?P<hour>\d{1,2})\s?(?P<half>[aApP]\.[mM]\.|[aApP][mM]\b)", _say_half),
    _rule(r"(?<![\d/-])([12]\d{3})-(\d\d)-(\d\d)(?![\d/-])", _say_iso_date),
    _rule(r"(?<![\d/-])(\d{1,2})/(\d{1,2})/([12]\d{3})(?![\d/-])", _say_slash_date),
    _rule(
        r"\b(Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?(?=\s\d)",
        lambda found: _SHORT_MONTHS[found[1]],
    ),
    _rule(
        rf"\b{_MONTH} (?P<day>[12]\d|3[01]|0?[1-9])(?![\d:.,]\d|\d)(?:st|nd|rd|th)?\b"
        r"(?:,? (?P<year>1[1-9]\d\d|20\d\d)\b(?![,.]\d))?",
        _say_day,
    ),
    _rule(r"\b(1[1-9]|20)(\d)0s\b", _say_decade),
    _rule(
        rf"(?<=\b)({_BEFORE_YEARS}) (10[1-9]\d|1[1-9]\d\d|20[1-9]\d)\b"
        rf"(?![,.:]\d|[%°]|\s?(?:{_UNIT}|people|times|meters|miles|steps|words|dollars)\b)",
        lambda found: f"{found[1]} {_year(int(found[2]))}",
    ),
    # telephone numbers
    _rule(
        r"(?<![\w.+-])(?:\+\d{1,3}[ -]?)?(?:\(\d{3}\) ?|\d{3}[ .-])\d{3}[ .-]\d{4}(?![\w-])",
        _say_phone,
    ),
    _rule(r"(?<![\w.+-])\d{3}-\d{4}(?![\w-])", _say_phone),
    # other numbers
    _rule(r"(?<![\d/.,])(?:24/7)(?![\d/])", "twenty-four seven"),
    _rule(r"(?<![\d/.,])(?:50/50)(?![\d/])", "fifty-fifty"),
    _rule(
        r"(?<![\d/.,])(?:(?P<whole>\d+) )?(?P<top>[1-9])/(?P<bottom>10|[234568])(?![\d/]|[.,]\d)",
        _say_fraction,
    ),
    _rule(r"(?<=\d)\s?½", " and a half"),
    _rule(r"(?<=\d)\s?¼", " and a quarter"),
    _rule(r"(?<=\d)\s?¾", " and three quarters"),
    _rule(rf"(?<![\w.,–])({_NUMBER})\s?–\s?({_NUMBER})(?![\w–])", _say_range),
    _rule(r"(?<![\w.,$-])(\d{1,4})-(\d{1,4})(?![\w-]|[.,]\d)", _say_hyphened),
    _rule(r"(?<![\w:.,])(\d{1,2}):(\d)(?![\w:]|[.,]\d)", r"\1 to \2"),
    _rule(
        rf"(?<![\w.,])(?P<number>[-−]?{_NUMBER})\s?(?P<unit>{_UNIT})(?![\w°/'’-]|\.\w)", _say_unit
    ),
    _rule(r"(?<=\d)k\b(?!-)", " thousand"),
    _rule(r"(?<!\w)[~≈]\s?(?=\d)", "about "),
    _rule(r"(?<=\d)\s?×\s?(?=\d)", " times "),
    # abbreviations: a voice takes their full stop for the end of the sentence
    _rule(r"\b(Dr|Mrs?|Ms|Prof|St|Mt)\. ?(?=[A-Z])", lambda found: f"{_TITLES[found[1]]} "),
    _rule(r"\b([Nn])o\. ?(?=\d)", lambda found: "Number " if found[1] == "N" else "number "),
    # in ASCII alone: to IGNORECASE a long "s" is one elsewhere too, and is none in lower case
    _rule(r"\b((?ai:e\.g|i\.e|etc|vs|approx))\.(?!\w),?", _say_short),
    # Roman numerals, where they cannot be anything else
    _rule(
        rf"\b({_RULERS}) (II|III|IV|VI{{0,3}}|IX|XI{{0,3}}|XIV|XVI?)\b",
        lambda found: f"{found[1]} the {_ordinal(_ROMAN[found[2]])}",
    ),
    _rule(
        rf"\b({_NUMBERED}) (II|III|IV|VI{{0,3}}|IX|XI{{0,3}}|XIV|XVI?)\b",
        lambda found: f"{found[1]} {_cardinal(_ROMAN[found[2]])}",
    ),
    # signs
    _rule(r"\b([CF])#(?!\w)", r"\1 sharp"),
    _rule(r"(?<!\w)#(?=\d)", "number "),
    _rule(r"(?<!\w)#(?=[a-zA-Z])", "hashtag "),
    _rule(r"\s?(?:→|->|=>)\s?", " to "),
    _rule(r"\band/or\b", "and or"),
    _rule(r"(?<=[a-z])/(?=[a-z])", " or "),
    _rule(r"(?<=[A-Za-z])/(?=[A-Za-z])", " "),
)
