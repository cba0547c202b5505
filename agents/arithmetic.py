"""A safe evaluator of sums, as written or as said: a whitelist of Python's own expression tree.

Pure. Nothing is ever run as code: names, calls and everything else that is not listed is refused.
"""

import ast
import math
import re
from decimal import Decimal, DivisionByZero, InvalidOperation, Overflow, localcontext
from typing import Final

from text_to_num import alpha2digit  # pyright: ignore[reportUnknownVariableType]

from context.errors import LapelError

_DIGITS: Final = 40
_LARGEST: Final = Decimal(10) ** 30
_LONGEST: Final = 300
_DEEPEST: Final = 20
_MOST_POWER: Final = 1000
_PARTS: Final = (
    (r"\b(\w+) and an? half\b", r"(\1 + 0.5)"),
    (r"\b(?:three|3) quarters of\b", " 0.75 * "),
    (r"\b(\w+) thirds of\b", r" (\1 /3) * "),
    (r"\b(\w+) fifths of\b", r" (\1 /5) * "),
    (r"\b(\w+) tenths of\b", r" (\1 /10) * "),
    (r"\b(?:(?:an?|one|1) )?dozens? dozens?\b", " 144 "),
    (r"\b(\w+) dozens?\b", r" (\1 * 12) "),
    (r"\b(?:tip|vat|tax|discount|interest|fee)s? (?=on|of|off)", " "),
    (r"\bthe square of (\w+)", r" (\1)**2 "),
    (r"\b(pounds|euros?|dollars) (?=\d\d\b)", "."),
    (r"\b(?:(?:an?|one|1) )?half(?: of)?\b", " 0.5 * "),
    (r"\b(?:(?:an?|one|1) )?third of\b", " (1/3) * "),
    (r"\b(?:(?:an?|one|1) )?quarter of\b", " 0.25 * "),
    (r"\b(?:(?:an?|one|1) )?fifth of\b", " 0.2 * "),
    (r"\b(?:(?:an?|one|1) )?tenth of\b", " 0.1 * "),
)
_N: Final = r"(-?\d[\d.]*)"
_TOLD: Final = (
    (r"[$\u20ac\u00a3] ?(?=\d)", ""),
    (r"(?<=\d) (?:pounds?|euros?|dollars?|bucks|quid) (?:and )?(?=\d\d\b)", "."),
    (r"\b(?:euros?|dollars?|pounds|cents|bucks|quid|people|ways|persons|friends|of (?:us|them))\b",
     " "),
    (r"(?<=\d),(?=\d{3}\b)", ""),
    (rf"\b(?:subtract|take(?: away)?|deduct) {_N}(?: away)? +from {_N}", r" \2 - \1 "),
    (rf"\badd {_N} ?(?:%|per ?cent) (?:to|onto|on top of) {_N}", r" \2 * (1 + \1/100) "),
    (rf"\bmultiply {_N} +(?:by|and|with|times) {_N}", r" \1 * \2 "),
    (rf"\b(?:divide|split|share) {_N} +(?:by|in(?:to)?|between|among(?:st)?|across|with) {_N}",
     r" \1 / \2 "),
    (rf"\b(?:divide|split|share) {_N} +{_N} *$", r" \1 / \2 "),
    (rf"{_N} +(?:(?:split|shared)(?: by)?|(?:split|shared|divided) (?:in(?:to)?|between|across"
     rf"|among(?:st)?)) +{_N}", r" \1 / \2 "),
    (rf"\bproduct of {_N} +and {_N}", r" \1 * \2 "),
    (rf"\bdifference between {_N} +and {_N}", r" abs(\1 - \2) "),
    (rf"(?<=\d) +(?:take away|subtract) +{_N}", r" - \1 "),
    (r"\b(?:the )?remainder (?:of|when)\b(?=.*\bdivided by\b)(.*)\bdivided by\b", r"\1 MOD "),
)  # fmt: skip
"""What is told to be done with numbers, in digits by then."""
_ADD: Final = re.compile(
    rf"\b(?:(?:add|tot|tally|sum|total)(?: up)?|(?:the )?(?:sum|total) of) {_N}"
    rf"(?:[ ,]+(?:(?:and|to|plus)\b)?(?: an?\b)?[ ,]*{_N})+"
)
_TWO: Final = re.compile(rf"\s*{_N} +and {_N}\s*")
_SAID: Final = (
    (r"[\u00d7\u22c5]", " * "),
    (r"\u00f7", " / "),
    (r"[\u2212\u2013]", " - "),
    (r"(?<=\d),(?=\d{3}\b)", ""),
    (r"\b(?:what(?:'s| is)|how much is|calculate|compute|work out|please|equals?|the result of)\b"
     r"|\b(?:in )?total\b|\b(?:all in all|altogether)\b|[=?]", " "),
    (r"\b(?:twice|double)\b", " 2 * "),
    (r"\b(?:triple)\b", " 3 * "),
    (r"\b(?:the )?(?:square root|sqrt)(?: (?:of|from)\b|,| )|\bsqrt\b|\u221a", " sqrt "),
    (r"\b(?:the )?(?:cube|cubic) root of\b", " cbrt "),
    (r"\b(?:raised )?to the power(?: of)?\b|\bto the(?= -?\d+(?:st|nd|rd|th)?\b)|\^|\*\*", " ** "),
    (r"(?<=\d)(?:st|nd|rd|th)(?: power)?\b", " "),
    (r"\bsquared\b|\u00b2", " ** 2 "),
    (r"\bcubed\b|\u00b3", " ** 3 "),
    (r"(?:%|\bper ?cent) off(?: of)?\b", " OFF "),
    (r"(?:%|\bper ?cent) +(?:of|on)\b", " /100 * "),
    (r"%|\bper ?cent\b", " PERCENT "),
    (r"\bplus\b|\badded to\b", " + "),
    (r"\bminus\b|\bless\b|\bnegative\b", " - "),
    (r"\btimes\b|\bmultiplied (?:by|with)\b|(?<=\d)\s*x\s*(?=\d)", " * "),
    (r"\bdivided by\b|\bover\b", " / "),
    (r"\bmodulo\b|\bmod\b", " MOD "),
    (r"\bpi\b|\u03c0", f" {math.pi} "),
    (r"\b(?:an?|the|by|and|of)\b", " "),
)  # fmt: skip
_NUMBER: Final = r"(\d[\d.]*)"
_SUM: Final = re.compile(r"(?:[\d.\s+*/()%-]|sqrt|cbrt|abs)+")


class NotASum(LapelError):
    """What was said can't be worked out; the message is the sentence for it."""


def evaluate(expression: str) -> Decimal:
    """The value of a sum, at 40 digits. expression: "12 * 7", "fifteen percent of 80".

    Raises NotASum where it is none, divides by zero, or is too large or too deep.
    """
    if len(expression) > _LONGEST:
        raise NotASum("That's too long for me to work out.")
    written = _written(expression)
    try:
        tree = ast.parse(written, mode="eval")
    except (SyntaxError, ValueError, MemoryError, RecursionError):
        raise NotASum("I didn't understand that sum.") from None
    with localcontext() as precise:
        precise.prec = _DIGITS
        try:
            return _value(tree.body, 0)
        except DivisionByZero:
            raise NotASum("Nothing can be divided by zero.") from None
        except (Overflow, InvalidOperation):
            raise NotASum("I can't work that out.") from None


def say_number(value: Decimal, places: int = 2) -> str:
    """A number as a voice reads it well, with "about" where it is rounded.

    Whole where it is; else with so many decimal places, or as many as show two figures of it.
    """
    exact = value.normalize()
    if exact == exact.to_integral_value():
        return f"{exact.to_integral_value():,f}".replace("-", "minus ")
    small = max(0, -exact.adjusted()) if abs(exact) < 1 else 0
    places = max(places, small + 1) if small else places
    rounded = round(exact, places).normalize()
    about = "" if rounded == round(exact, 12) else "about "
    return f"{about}{rounded:,f}".replace("-", "minus ")


def _written(expression: str) -> str:
    """A sum with signs for words, as Python writes it."""
    text = expression.lower().replace("\u2019", "'")
    for pattern, sign in _PARTS:
        text = re.sub(pattern, sign, text)
    text = str(alpha2digit(text, "en", threshold=0))  # pyright: ignore[reportUnknownArgumentType]
    for pattern, sign in _TOLD:
        text = re.sub(pattern, sign, text)
    text = _ADD.sub(lambda told: " + ".join(re.findall(_N, told[0])), text)
    for pattern, sign in _SAID[:-1]:
        text = re.sub(pattern, sign, text)
    text = _TWO.sub(r"\1 + \2", text) if _TWO.fullmatch(text) else text
    text = re.sub(*_SAID[-1], text)
    text = re.sub(r"\bMOD\b", "%", text)
    text = re.sub(rf"{_NUMBER} +OFF +{_NUMBER}", r"(\2 - \2*\1/100)", text)
    # "80 plus 10 percent" adds a tenth of 80, as a pocket calculator does.
    text = re.sub(rf"^\s*{_NUMBER} *([+-]) *{_NUMBER} +PERCENT\s*$", r"\1 * (1 \2 \3/100)", text)
    text = re.sub(r"\bPERCENT\b", "/100", text)
    text = re.sub(rf"(sqrt|cbrt)\s*{_NUMBER}", r"\1(\2)", text).strip(" .!,")
    if not re.search(r"\d", text) or not _SUM.fullmatch(text):
        raise NotASum("I didn't understand that sum.")
    return " ".join(text.split())


def _value(node: ast.expr, depth: int) -> Decimal:
    if depth > _DEEPEST:
        raise NotASum("That has too many brackets for me.")
    match node:
        case ast.Constant(value=int() | float() as value):
            result = Decimal(str(value))
        case ast.UnaryOp(op=ast.USub(), operand=inner):
            result = -_value(inner, depth + 1)
        case ast.UnaryOp(op=ast.UAdd(), operand=inner):
            result = _value(inner, depth + 1)
        case ast.BinOp(left=left, op=sign, right=right):
            result = _combined(_value(left, depth + 1), sign, _value(right, depth + 1))
        case ast.Call(func=ast.Name(id="sqrt"), args=[inner], keywords=[]):
            result = _root(_value(inner, depth + 1), 2)
        case ast.Call(func=ast.Name(id="abs"), args=[inner], keywords=[]):
            result = abs(_value(inner, depth + 1))
        case ast.Call(func=ast.Name(id="cbrt"), args=[inner], keywords=[]):
            result = _root(_value(inner, depth + 1), 3)
        case _:
            raise NotASum("I didn't understand that sum.")
    if abs(result) > _LARGEST:
        raise NotASum("That number is too large for me to say.")
    return result


def _combined(left: Decimal, sign: ast.operator, right: Decimal) -> Decimal:
    match sign:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.Div() | ast.Mod() if right == 0:
            raise NotASum("Nothing can be divided by zero.")
        case ast.Div():
            return left / right
        case ast.Mod():
            return left % right
        case ast.Pow():
            return _power(left, right)
        case _:
            raise NotASum("I didn't understand that sum.")


def _power(base: Decimal, exponent: Decimal) -> Decimal:
    if abs(exponent) > _MOST_POWER:
        raise NotASum("That number is too large for me to say.")
    if base == 0 and exponent < 0:
        raise NotASum("Nothing can be divided by zero.")
    if base == 0 and exponent == 0:
        return Decimal(1)
    return base**exponent


def _root(value: Decimal, degree: int) -> Decimal:
    if value < 0 and degree == 2:
        raise NotASum("A negative number has no square root.")
    if degree == 2:
        return value.sqrt()
    whole = round(abs(value) ** (Decimal(1) / 3), 0)
    root = whole if whole**3 == abs(value) else abs(value) ** (Decimal(1) / 3)
    return root.copy_sign(value)
