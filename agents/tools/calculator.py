"""Sums and conversions, worked out by rule and never by a model."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import ClassVar, Literal

from pydantic import ConfigDict, Field

from agents.arithmetic import evaluate, say_number
from agents.tools import Proposal, Receipt, Slot, Tool, ToolArgs, ToolContext, Use
from agents.tools.follow import Follow, Piece
from agents.units import convert, is_currency, poured, unit_named, unit_words

_OVEN = 100
"""Degrees from which on whole ones are near enough."""
_NO_RATES = "I don't know exchange rates, because I never look anything up on the internet."


class CalculatorArgs(ToolArgs):
    """expression: a sum, written or as said. value, from, to: a quantity, its unit, another."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    action: Literal["calculate", "convert"]
    expression: str | None = None
    text: str | None = None
    value: float = 1.0
    source: str | None = Field(default=None, alias="from")
    to: str | None = None


class CalculatorTool(Tool[CalculatorArgs]):
    """Works out sums, and says quantities in other units."""

    name: ClassVar[str] = "calculator"
    description: ClassVar[str] = "calculate and convert units"
    acts: ClassVar[bool] = False
    uses: ClassVar[tuple[Use, ...]] = (
        Use(
            "calculate",
            "work out a sum with numbers",
            (
                "what'd 80 be with a fifth off",
                "split 96 between 4 of us",
                "how much is a 15 percent tip on 42",
                "I have 7 boxes of 24, how many is that",
                "add up 12, 30 and 7",
            ),
            ("expression",),
            acts=False,
        ),
        Use(
            "convert",
            "say an amount in another unit",
            (
                "the recipe says 350 fahrenheit, what's that for my oven",
                "I'm six foot two, what's that in centimetres",
                "how long is a marathon of 42 kilometres in miles",
                "how much is a cup in millilitres",
            ),
            ("value", "from", "to"),
            acts=False,
        ),
    )
    follows: ClassVar[Mapping[str, Follow]] = {
        "calculate": Follow({Piece.SUM: "expression"}, drops=("text",), it="({expression})"),
        "convert": Follow({Piece.NUMBER: "value"}),
    }
    args = CalculatorArgs

    def run(self, args: CalculatorArgs, context: ToolContext) -> Receipt:
        """Work it out; the facts hold no numbers of the owner's."""
        if args.action == "calculate":
            return self._calculate(args)
        return self._convert(args)

    def _calculate(self, args: CalculatorArgs) -> Receipt:
        expression = args.expression or args.text
        if not expression:
            asks = Proposal(self.name, {"action": "calculate"}, Slot.TEXT)
            return Receipt(self.name, False, {"missing": "expression"}, "What sum?", asks)
        said = say_number(evaluate(expression))
        facts = {"action": args.action, "rounded": said.startswith("about ")}
        return Receipt(self.name, True, facts, f"That's {said}.")

    def _convert(self, args: CalculatorArgs) -> Receipt:
        if not args.source or not args.to:
            said = "Tell me from which unit, and to which, as in 5 miles in kilometers."
            return Receipt(self.name, False, {"missing": "unit"}, said)
        money = [is_currency(each) for each in (args.source, args.to)]
        if any(money):
            return Receipt(self.name, False, {"error": "currency"}, _NO_RATES)
        try:
            value = Decimal(str(args.value))
            if not value.is_finite() or abs(value) > Decimal(10) ** 15:
                raise InvalidOperation
        except InvalidOperation:
            said = "That number is too large for me to convert."
            return Receipt(self.name, False, {"error": "value"}, said)
        unit, to = poured(unit_named(args.source), unit_named(args.to))
        result = convert(value, unit, to)
        places = 2
        if to in ("degC", "degF") and value == value.to_integral_value():
            places = 0 if abs(result) >= _OVEN else 1  # 98.6, but 177
        said = say_number(result, places)
        if said.startswith("about minus 0") or said == "about 0":
            said = say_number(result, 2)
        told = f"{say_number(value, 6)} {unit_words(unit, value)}"
        verb = "is" if abs(value) == 1 or unit in ("degC", "degF", "kelvin") else "are"
        spoken = f"{told} {verb} {said} {unit_words(to, result)}."
        return Receipt(self.name, True, {"action": args.action}, spoken)
