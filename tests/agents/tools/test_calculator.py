import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.tools import Receipt, Slot, ToolContext
from agents.tools.calculator import CalculatorTool
from agents.units import convert, unit_named

NOTHING = cast("ToolContext", None)


def calculate(expression: str | None) -> Receipt:
    return CalculatorTool().call({"action": "calculate", "expression": expression}, NOTHING)


def converted(value: float, unit: str, to: str) -> Receipt:
    raw = {"action": "convert", "value": value, "from": unit, "to": to}
    return CalculatorTool().call(raw, NOTHING)


@pytest.mark.parametrize(
    ("expression", "spoken"),
    [
        ("12 * 7", "That's 84."),
        ("10 divided by 3", "That's about 3.33."),
        ("1000 * 1000", "That's 1,000,000."),
        ("3 minus 5", "That's minus 2."),
    ],
)
def test_a_sum_is_said(expression, spoken) -> None:
    receipt = calculate(expression)
    assert (receipt.ok, receipt.spoken) == (True, spoken)
    assert "expression" not in receipt.facts


def test_what_is_no_sum_is_said_and_asked_for() -> None:
    assert calculate("5 divided by 0").spoken == "Nothing can be divided by zero."
    assert not calculate("my door code").ok
    asked = calculate(None)
    assert asked.asks is not None
    assert asked.asks.slot is Slot.TEXT
    answered = CalculatorTool().call({**asked.asks.args, "text": "2 plus 2"}, NOTHING)
    assert answered.spoken == "That's 4."


@pytest.mark.parametrize(
    ("quantity", "spoken"),
    [
        ((5, "mile", "kilometer"), "5 miles are about 8.05 kilometers."),
        ((5, "miles", "kilometres"), "5 miles are about 8.05 kilometers."),
        ((20, "celsius", "fahrenheit"), "20 degrees Celsius is 68 degrees Fahrenheit."),
        ((350, "degrees Fahrenheit", "celsius"),
         "350 degrees Fahrenheit is about 177 degrees Celsius."),
        ((-40, "fahrenheit", "celsius"),
         "minus 40 degrees Fahrenheit is minus 40 degrees Celsius."),
        ((1, "pound", "gram"), "1 pound is about 453.59 grams."),
        ((2, "cup", "milliliter"), "2 cups are about 473.18 milliliters."),
        ((3, "tablespoons", "ml"), "3 tablespoons are about 44.36 milliliters."),
        ((100, "km/h", "mph"), "100 kilometers per hour are about 62.14 miles per hour."),
        ((60, "miles per hour", "kilometers per hour"),
         "60 miles per hour are about 96.56 kilometers per hour."),
        ((1, "acre", "square meter"), "1 acre is about 4,046.87 square meters."),
        ((2, "hours", "seconds"), "2 hours are 7,200 seconds."),
        ((5, "gigabyte", "megabyte"), "5 gigabytes are 5,000 megabytes."),
        ((6, "feet", "cm"), "6 feet are 182.88 centimeters."),
        ((8, "ounces", "milliliters"), "8 fluid ounces are about 236.59 milliliters."),
    ],
)  # fmt: skip
def test_a_quantity_in_another_unit(quantity, spoken) -> None:
    receipt = converted(*quantity)
    assert (receipt.ok, receipt.spoken) == (True, spoken)


@pytest.mark.parametrize(
    ("quantity", "why"),
    [
        ((10, "dollars", "euros"), "exchange rates"), ((5, "pounds", "euros"), "exchange rates"),
        ((5, "mile", "kilogram"), "same kind"), ((1, "frobnic", "meter"), "don't know"),
        ((-300, "celsius", "kelvin"), "as cold"), ((float("inf"), "mile", "meter"), "too large"),
        ((1, "__class__", "meter"), "don't know"), ((1, "meter*1e9", "meter"), "don't know"),
        ((1, "", "meter"), "which unit"),
    ],
)  # fmt: skip
def test_what_can_not_be_converted_is_said(quantity, why) -> None:
    receipt = converted(*quantity)
    assert not receipt.ok
    assert why in receipt.spoken


@given(
    st.floats(0.001, 1e6),
    st.sampled_from([("mile", "km"), ("celsius", "fahrenheit"), ("cup", "liter"), ("lb", "kg")]),
)
def test_there_and_back(value: float, units: tuple[str, str]) -> None:
    one, other = map(unit_named, units)
    back = convert(convert(Decimal(str(value)), one, other), other, one)
    assert float(back) == pytest.approx(value, rel=1e-6, abs=1e-6)


def test_the_library_is_opened_only_when_needed() -> None:
    code = "import sys, agents.tools.calculator; print('pint' in sys.modules)"
    root = Path(__file__).parents[3]
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=root
    )
    assert done.stdout.strip() == "False"
