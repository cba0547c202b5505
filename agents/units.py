"""Quantities in other units: pint, which is opened at the first conversion, and what people say."""

import importlib
import re
from decimal import Decimal
from functools import cache
from typing import Any, Final

from context.errors import LapelError

_CURRENCY: Final = re.compile(
    r"(?:us |u\.s\. |american |canadian |australian )?(?:dollars?|euros?|pounds? sterling|quid|yen|"
    r"francs?|rupees?|yuan|pesos?|bitcoins?|krona|kroner?|usd|eur|gbp|jpy|chf|bucks?|cents?|[$€£])",
)
_SAID: Final = {
    "celsius": "degC", "degree celsius": "degC", "centigrade": "degC", "c": "degC",
    "fahrenheit": "degF", "degree fahrenheit": "degF", "f": "degF", "kelvin": "kelvin",
    "kilo": "kilogram", "lb": "pound", "stone": "stone", "tonne": "metric_ton", "ton": "metric_ton",
    "pound": "pound", "ounce": "ounce", "fluid ounce": "fluid_ounce", "cup": "cup",
    "tablespoon": "tablespoon", "teaspoon": "teaspoon", "tbsp": "tablespoon", "tsp": "teaspoon",
    "gallon": "gallon", "uk gallon": "imperial_gallon", "imperial gallon": "imperial_gallon",
    "pint": "pint", "uk pint": "imperial_pint", "imperial pint": "imperial_pint",
    "litre": "liter", "millilitre": "milliliter", "centilitre": "centiliter",
    "decilitre": "deciliter", "metre": "meter", "kilometre": "kilometer",
    "centimetre": "centimeter", "millimetre": "millimeter", "micrometre": "micrometer",
    "foot": "foot", "inch": "inch", "mile": "mile", "yard": "yard",
    "nautical mile": "nautical_mile",
    "light year": "light_year", "mph": "mile/hour", "kph": "kilometer/hour",
    "km/h": "kilometer/hour", "kmh": "kilometer/hour", "knot": "knot", "fps": "foot/second",
    "hectare": "hectare", "acre": "acre", "byte": "byte", "kilobyte": "kilobyte",
    "megabyte": "megabyte", "gigabyte": "gigabyte", "terabyte": "terabyte", "mb": "megabyte",
    "gb": "gigabyte", "tb": "terabyte", "kb": "kilobyte", "bit": "bit", "megabit": "megabit",
    "gigabit": "gigabit", "calorie": "kilocalorie", "kilocalorie": "kilocalorie",
    "joule": "joule", "kilojoule": "kilojoule", "watt": "watt", "kilowatt": "kilowatt",
    "horsepower": "horsepower", "bar": "bar", "psi": "psi", "week": "week", "fortnight":
    "fortnight", "month": "month", "year": "year", "decade": "decade", "century": "century",
    "degree": "degree", "radian": "radian",
    "kg": "kilogram", "g": "gram", "mg": "milligram", "gram": "gram", "kilogram": "kilogram",
    "milligram": "milligram", "oz": "ounce", "km": "kilometer", "m": "meter", "cm": "centimeter",
    "mm": "millimeter", "ft": "foot", "in": "inch", "yd": "yard", "l": "liter", "ml": "milliliter",
    "cl": "centiliter", "dl": "deciliter", "second": "second", "minute": "minute", "hour": "hour",
    "day": "day", "meter": "meter", "kilometer": "kilometer", "centimeter": "centimeter",
    "millimeter": "millimeter", "liter": "liter", "milliliter": "milliliter", "quart": "quart",
    "deciliter": "deciliter", "centiliter": "centiliter", "millisecond": "millisecond",
    "mebibyte": "mebibyte", "gibibyte": "gibibyte", "furlong": "furlong",
}  # fmt: skip
_MANY: Final = {
    "feet": "foot",
    "inches": "inch",
    "centuries": "century",
    "horsepower": "horsepower",
}
_SPOKEN: Final = {
    "degC": "degrees Celsius", "degF": "degrees Fahrenheit", "kelvin": "kelvin", "mile/hour":
    "miles per hour", "kilometer/hour": "kilometers per hour", "foot/second": "feet per second",
    "foot": "feet", "inch": "inches", "century": "centuries", "stone": "stone", "metric_ton":
    "metric tons", "horsepower": "horsepower", "psi": "psi", "kilocalorie": "kilocalories",
    "meter/second": "meters per second",
}  # fmt: skip
_SPOKEN_ONE: Final = {
    "degC": "degree Celsius", "degF": "degree Fahrenheit", "mile/hour": "mile per hour",
    "kilometer/hour": "kilometer per hour", "foot/second": "foot per second", "psi": "psi",
    "meter/second": "meter per second",
}  # fmt: skip
_POURED: Final = frozenset(
    {"milliliter", "centiliter", "deciliter", "liter", "cup", "tablespoon", "teaspoon", "pint",
     "gallon", "quart", "imperial_pint", "imperial_gallon"}
)  # fmt: skip
_WITHIN: Final = re.compile(r"^(square|cubic) (.+)$")
_PER: Final = re.compile(r"^(.+?) (?:per|an?) (.+)$")


class NoSuchConversion(LapelError):
    """It can't be converted; the message is the sentence for it."""


def is_currency(unit: str) -> bool:
    """Whether a unit is money, by how it is said. "Pound" alone is a weight."""
    return _CURRENCY.fullmatch(_plain(unit)) is not None


def unit_named(said: str) -> str:
    """A unit as pint writes it. said: "miles", "degrees Fahrenheit", "square feet", "km".

    Raises NoSuchConversion for one that is not known here.
    """
    plain = _plain(said)
    if (power := _WITHIN.match(plain)) is not None:
        return f"{unit_named(power[2])}**{2 if power[1] == 'square' else 3}"
    plain = plain.removeprefix("degrees ").removeprefix("us ") or plain
    for form in (plain, _MANY.get(plain, ""), plain.removesuffix("s"), plain.removesuffix("es")):
        if form in _SAID:
            return _SAID[form]
    if (per := _PER.match(plain)) is not None:
        return f"{unit_named(per[1])}/{unit_named(per[2])}"
    raise NoSuchConversion("I don't know one of those units.")


def poured(unit: str, to: str) -> tuple[str, str]:
    """Both units, an ounce being one of what is poured where the other is."""
    for one, other in ((unit, to), (to, unit)):
        if one == "ounce" and other in _POURED:
            return ("fluid_ounce", other) if one == unit else (other, "fluid_ounce")
    return unit, to


def convert(value: Decimal, unit: str, to: str) -> Decimal:
    """`value` of one unit in another, to 12 figures; units as `unit_named` gives them.

    Raises NoSuchConversion where the two measure different things.
    """
    pint = importlib.import_module("pint")
    registry = _registry()
    try:
        result = registry.Quantity(float(value), unit).to(to).magnitude
    except (pint.DimensionalityError, pint.UndefinedUnitError):
        raise NoSuchConversion("Those two don't measure the same kind of thing.") from None
    if unit in ("degC", "degF", "kelvin") and result < {
        "degC": -273.15, "degF": -459.67, "kelvin": 0.0
    }.get(to, 0.0) - 1e-6:  # fmt: skip
        raise NoSuchConversion("Nothing can be as cold as that.")
    return Decimal(f"{result:.12g}")


def unit_words(unit: str, value: Decimal) -> str:
    """A unit as it is said after a number: "miles", "degree Celsius", "square meters"."""
    base, _, power = unit.partition("**")
    before = {"": "", "2": "square ", "3": "cubic "}[power]
    if abs(value) == 1:
        return before + _SPOKEN_ONE.get(base, base).replace("_", " ")
    if base in _SPOKEN:
        return before + _SPOKEN[base]
    if "/" in base:
        over, _, under = base.partition("/")
        return f"{unit_words(over, value)} per {under}"
    return f"{before}{base}s".replace("_", " ")


def _plain(said: str) -> str:
    text = said.casefold().replace("\u00b0", "degree ").replace("\u00b2", "")
    return " ".join(text.replace("_", " ").strip(" .?!").split())


@cache
def _registry() -> Any:
    return importlib.import_module("pint").UnitRegistry(autoconvert_offset_to_baseunit=True)
