from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agents.arithmetic import NotASum, evaluate, say_number


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("12 * 7", "84"), ("what's 12 times 7?", "84"), ("12 x 7", "84"), ("15 % of 80", "12"),
        ("fifteen percent of 80", "12"), ("half of 90", "45"), ("a third of 90", "30"),
        ("three quarters of 200", "150"), ("one and a half times 8", "12"), ("sqrt(144)", "12"),
        ("the square root of one hundred and forty-four", "12"), ("cube root of 27", "3"),
        ("2 ^ 10", "1024"), ("two to the power of ten", "1024"), ("twelve squared", "144"),
        ("2 plus 3 times 4", "14"), ("(2+3)*4", "20"), ("minus five plus three", "-2"),
        ("0.1 + 0.2", "0.3"), ("1,000 times 3", "3000"), ("20 percent off 80", "64"),
        ("80 plus 10 percent", "88"), ("two to the tenth", "1024"), ("one plus one", "2"),
        ("one million plus one", "1000001"), ("7 times -3", "-21"), ("10 mod 3", "1"),
        ("add 48 and 67", "115"), ("divide 180 by 12", "15"), ("take 25 away from 200", "175"),
        ("split 84 euros between four people", "21"), ("multiply 13 by 11", "143"),
        ("the sum of 19, 23 and 8", "50"), ("subtract 8 from twenty", "12"), ("18 and 27", "45"),
        ("difference between 5 and 9", "4"), ("100 take away 7", "93"), ("add 1,000 and 5", "1005"),
        ("split forty-eight pounds sixty between six of us", "8.1"),
        ("138 bucks split four ways", "34.5"), ("three times $14.99", "44.97"),
        ("tot up 12.50, 7.99 and 3.25", "23.74"), ("64 plus 78 plus 19, total", "161"),
        ("add up two hundred and fifty and a hundred and seventy-five", "425"),
        ("add twenty percent to sixty-five pounds", "78"), ("square root, 529", "23"),
        ("split 100 dollars 4 ways", "25"), ("remainder when 17 divided by 5", "2"),
        ("two thirds of 90", "60"), ("the square of 15", "225"), ("15% tip on 64", "9.6"),
        ("a dozen dozen", "144"),
        ("three cubed", "27"), ("2 ** -1", "0.5"), ("12 \u00d7 7", "84"), ("84 \u00f7 7", "12"),
    ],
)  # fmt: skip
def test_sums(said, value) -> None:
    assert round(evaluate(said), 20) == Decimal(value)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("1 / 0", "divided by zero"), ("5 mod 0", "divided by zero"), ("0 ** -1", "by zero"),
        ("9 ** 9 ** 9", "too large"), ("2 ** 9999", "too large"), ("10 ** 31", "too large"),
        ("-" * 50 + "1", "brackets"), ("1" * 400, "too long"), ("sqrt(-4)", "square root"),
        ("(-8) ** 0.5", "work that out"), ("", "understand"), ("12 times", "understand"),
        ("__import__('os').system('id')", "understand"), ("(lambda: 1)()", "understand"),
        ("open(1)", "understand"), ("1 if 2 else 3", "understand"), ("[1][0]", "understand"),
        ("1 < 2", "understand"), ("5 apples", "understand"), ("1 // 0", "understand"),
    ],
)  # fmt: skip
def test_what_is_refused(said, why) -> None:
    with pytest.raises(NotASum, match=why):
        evaluate(said)


@given(st.text(alphabet="0123456789+-*/%^(). sqrtbc,x", max_size=40) | st.text(max_size=30))
@example("(" * 120 + "1" + ")" * 120)
@example("9" * 30 + "**" + "9" * 3)
@example("1e999")
def test_nothing_but_a_number_or_a_sentence_comes_of_it(said: str) -> None:
    try:
        value = evaluate(said)
    except NotASum as error:
        assert str(error).endswith(".")
    else:
        assert value.is_finite()
        assert "E" not in say_number(value)


@given(st.integers(-(10**12), 10**12), st.integers(-(10**12), 10**12))
def test_whole_numbers_are_exact(a: int, b: int) -> None:
    assert evaluate(f"{a} plus {b}") == a + b
    assert evaluate(f"{a} * {b}") == a * b


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("84", "84"), ("84.00", "84"), ("1E+3", "1,000"), ("1234567", "1,234,567"),
        ("-2", "minus 2"), ("0.3", "0.3"), ("3.3333333", "about 3.33"), ("0", "0"),
        ("0.000123456", "about 0.00012"), ("1.005", "about 1"), ("-0.5", "minus 0.5"),
    ],
)  # fmt: skip
def test_numbers_as_said(value, said) -> None:
    assert say_number(Decimal(value)) == said
