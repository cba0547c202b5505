import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from context import Sensitivity
from context.sensitive import Kind, kinds, luhn, mod_97, raised

RAISES = {
    "I have diabetes": Kind.HEALTH,
    "I take 50 mg of sertraline every morning": Kind.HEALTH,
    "my blood pressure was 140 over 90": Kind.HEALTH,
    "I'm pregnant": Kind.HEALTH,
    "my therapist said I should write it down": Kind.HEALTH,
    "Anna is allergic to peanuts": Kind.HEALTH,
    "I've been diagnosed with ADHD": Kind.HEALTH,
    "dad had a stroke in March": Kind.HEALTH,
    "I take two pills after breakfast": Kind.HEALTH,
    "the biopsy came back clear": Kind.HEALTH,
    "mum's chemo starts on Monday": Kind.HEALTH,
    "I've been sober since June": Kind.HEALTH,
    "he was admitted to hospital last night": Kind.HEALTH,
    "my cholesterol is too high": Kind.HEALTH,
    "she had a miscarriage last year": Kind.HEALTH,
    "I weigh 92 kilos": Kind.HEALTH,
    "appointment with the oncologist on Friday": Kind.HEALTH,
    "I get panic attacks in crowds": Kind.HEALTH,
    "my inhaler is for the asthma": Kind.HEALTH,
    "Tom has been depressed since the move": Kind.HEALTH,
    "I need knee surgery in the spring": Kind.HEALTH,
    "the doctor prescribed amoxicillin": Kind.HEALTH,
    "my salary is 52,000 a year": Kind.MONEY,
    "I earn 3,400 euros a month": Kind.MONEY,
    "I owe the bank twelve thousand": Kind.MONEY,
    "we still have 180,000 left on the mortgage": Kind.MONEY,
    "my bank account number is 12345678": Kind.MONEY,
    "I have 4,200 in savings": Kind.MONEY,
    "he is in debt again": Kind.MONEY,
    "my credit score is 640": Kind.MONEY,
    "we filed for bankruptcy in 2019": Kind.MONEY,
    "I got a raise to 61 thousand": Kind.MONEY,
    "my PIN is 4271": Kind.SECRET,
    "the pin for the card is four two seven one": Kind.SECRET,
    "the Wi-Fi password is bluebird77": Kind.SECRET,
    "the door code is 4271": Kind.SECRET,
    "the alarm code ends in nine nine": Kind.SECRET,
    "the combination of the safe is 12 34 56": Kind.SECRET,
    "my recovery words are ocean tiger lamp": Kind.SECRET,
    "the seed phrase is in the green book": Kind.SECRET,
    "the code to get in is one nine eight four": Kind.SECRET,
    "my passcode is my birthday backwards": Kind.SECRET,
    "my passport number is C01X00T47": Kind.IDENTITY,
    "my social security number is 078-05-1120": Kind.IDENTITY,
    "my card is 4111 1111 1111 1111": Kind.IDENTITY,
    "the card number is 5500-0000-0000-0004": Kind.IDENTITY,
    "send it to DE89 3704 0044 0532 0130 00 by Friday": Kind.IDENTITY,
    "IBAN gb82west12345698765432": Kind.IDENTITY,
    "my national insurance number is QQ 12 34 56 C": Kind.IDENTITY,
    "my driver's license number is D1234567": Kind.IDENTITY,
    "my card is four one one one one one one one one one one one one one one one": Kind.IDENTITY,
    "I'm gay and my parents don't know": Kind.INTIMATE,
    "Sam came out to me last week": Kind.INTIMATE,
    "she is having an affair": Kind.INTIMATE,
    "I'm a practising Muslim": Kind.INTIMATE,
    "Leila converted to Judaism": Kind.INTIMATE,
    "I voted for the Green Party": Kind.INTIMATE,
    "he was convicted of fraud in 2010": Kind.INTIMATE,
    "my brother is in prison": Kind.INTIMATE,
    "I joined the trade union at work": Kind.INTIMATE,
}

EVERYDAY = """
my sister's birthday is in May
I parked on level 3
the spare key is under the blue pot
I take my coffee black
my doctor's name is Patel
dentist on Tuesday at half past three
the doctor's appointment is at 10
my passport is in the top drawer
I have to renew my passport before August
the hospital is on Main Street
Sarah works at the hospital
buy aspirin and plasters
I charged the phone in the kitchen
the battery was charged with the wrong cable
lunch was 14 euros
the bus ticket costs 3.20
I owe Tom a coffee
I paid 40 dollars for the shoes
the bank closes at four
I left my credit card at the bar
pay the rent on the first
the tickets are 25 each
my bowling pin collection is in the attic
pin that to the notice board
put a safety pin in the bag
the postcode is 4020
the area code for Vienna is 1
I wrote some code for the website today
use the discount code at the till
the dress code is smart casual
the meeting is in room 4271
my flight is OS 87 at 6:40
the order number is 302-1187
my phone number is 0664 1234567
call Ben on +43 1 58858 0
the Wi-Fi is called Bluebird
my license plate is W 4321 A
the museum opens at 9 and closes at 17
we meet at the church on the corner
Christmas dinner is at Grandma's
the birthday party is on Saturday
she bought a party dress
we voted to go to Rome this summer
the kids voted for pizza
the union of the two pipes leaks
my favourite show is Prison Break
the jail museum is worth a visit
it was a stroke of luck
I swam two lengths of breast stroke
the tablet is charging in the study
my tablet is on the second shelf
the period before lunch is maths
the first period of the match was boring
I weighed the flour, it was 500 grams
the parcel weighs two kilos
the alarm is set for six
the alarm is off in the garage
it is safe to swim in the lake
the combination of colours is nice
the code review is at two
the straight road after the bridge
she came out of the shop at noon
the affair of the missing umbrella
the foreign affairs magazine is on the table
I have a cold drink in the fridge
the cat likes the warm spot by the boiler
water the plants every three days
Anna prefers tea to coffee
my son is 7 and starts school in September
Max's teacher is called Mrs Lindner
the car needs oil every 10,000 kilometres
remind me to call the plumber
I lent Paul the drill
the recipe needs 200 g of butter
my shoe size is 43
the train leaves from platform 12
the Jewish museum is closed on Saturdays
the green bin is emptied on Thursday
the conservative estimate is two hours
the printer prints 40 pages a minute
""".strip().splitlines()

# A correct IBAN of each way of grouping, all of them examples that banks print.
IBANS = [
    "DE89370400440532013000",
    "GB82WEST12345698765432",
    "NO9386011117947",
    "AT611904300234573201",
]

texts = st.text() | st.sampled_from([*RAISES, *EVERYDAY])
digits = st.text(string.digits, min_size=12, max_size=18)


def with_luhn_digit(payload: str) -> str:
    """The digits and the one that checks them, by doubling each second one from the right."""
    total = sum(
        int(digit) if place % 2 else sum(divmod(2 * int(digit), 10))
        for place, digit in enumerate(reversed(payload))
    )
    return payload + str(-total % 10)


def test_the_sentences_are_enough_to_say_something() -> None:
    assert len(RAISES) == 60
    assert len(set(EVERYDAY)) == 80
    assert set(RAISES.values()) == set(Kind)


@pytest.mark.parametrize(("sentence", "kind"), RAISES.items())
def test_sensitive_sentences_are_recognised(sentence: str, kind: Kind) -> None:
    assert kinds(sentence) == {kind}


@pytest.mark.parametrize("sentence", EVERYDAY)
def test_everyday_sentences_are_left_alone(sentence: str) -> None:
    assert kinds(sentence) == frozenset()


@given(st.sampled_from(Sensitivity), texts)
def test_sensitivity_is_raised_and_never_lowered(sensitivity: Sensitivity, text: str) -> None:
    order = list(Sensitivity)
    after = raised(sensitivity, text)
    assert order.index(after) >= order.index(sensitivity)
    assert after is (Sensitivity.RESTRICTED if kinds(text) else sensitivity)
    assert raised(after, text) is after


@given(texts, st.sampled_from([*RAISES]), texts, st.sampled_from([".\n", "! ", "?\t\r\n"]))
def test_what_is_sensitive_stays_so_among_other_sentences(
    before: str, sentence: str, after: str, end: str
) -> None:
    assert kinds(f"{before}{end}{sentence}{end}{after}") >= {RAISES[sentence]}


@pytest.mark.parametrize("sentence", RAISES)
def test_spelling_does_not_hide_it(sentence: str) -> None:
    expected = {RAISES[sentence]}
    assert kinds(sentence.upper()) == expected
    assert kinds(sentence.replace("'", "’").replace(" ", " \n\u00a0")) == expected
    assert kinds(sentence[0] + "\u00ad" + sentence[1:-1] + "\u200b" + sentence[-1]) == expected
    fullwidth = {ord(c): ord(c) + 0xFEE0 for c in string.ascii_letters + string.digits}
    assert kinds(sentence.translate(fullwidth)) == expected


@given(st.text())
def test_any_text_can_be_judged(text: str) -> None:
    assert kinds(text) <= set(Kind)
    assert kinds(text) == kinds(text)


@pytest.mark.parametrize(
    "piece",
    ["a", "1", "1 ", "one ", "de12 ", "is an ", "pin a ", "i'm ", "-", "aspirin? take a b "],
)
def test_a_long_text_is_judged_in_time_that_grows_with_it(piece: str) -> None:
    assert kinds(piece * (300_000 // len(piece))) <= set(Kind)


@given(digits)
def test_luhn_accepts_one_check_digit_of_ten(payload: str) -> None:
    good = with_luhn_digit(payload)
    assert [d for d in string.digits if luhn(payload + d)] == [good[-1]]


@given(digits, st.data())
def test_a_card_number_is_recognised_and_a_mistyped_one_is_not(
    payload: str, data: st.DataObject
) -> None:
    number = with_luhn_digit("4" + payload[1:])
    assert kinds(f"use {number}, please") == {Kind.IDENTITY}
    assert kinds(f"use {'-'.join(number)}") == {Kind.IDENTITY}
    place = data.draw(st.integers(1, len(number) - 1))
    other = data.draw(st.sampled_from(string.digits.replace(number[place], "")))
    mistyped = number[:place] + other + number[place + 1 :]
    assert kinds(f"use {mistyped}, please") == frozenset()
    assert kinds(f"use {'9' * 20}{number}") == frozenset()  # a part of a longer number


@pytest.mark.parametrize(
    "written",
    [
        "4111 1111 1111 1111 12/27 123",
        "4111-1111-1111-1111.",
        "3782 822463 10005",
        "four triple one" + 12 * " one",
        "four, one, one, one" + 6 * ", double one",
    ],
)
def test_cards_are_recognised_as_they_are_written_and_said(written: str) -> None:
    assert Kind.IDENTITY in kinds(f"it is {written}")


@given(st.sampled_from(IBANS), st.data())
def test_an_iban_is_recognised_and_a_mistyped_one_is_not(iban: str, data: st.DataObject) -> None:
    assert mod_97(iban)
    grouped = " ".join(iban[i : i + 4] for i in range(0, len(iban), 4))
    for written in (iban, grouped, grouped.lower(), grouped.replace(" ", "-")):
        assert kinds(f"send it to {written} at the bank") == {Kind.IDENTITY}
    place = data.draw(st.integers(4, len(iban) - 1))
    other = data.draw(st.sampled_from(string.digits.replace(iban[place], "")))
    mistyped = iban[:place] + other + iban[place + 1 :]
    assert not mod_97(mistyped)
    assert kinds(f"send it to {mistyped}") == frozenset()


@pytest.mark.parametrize("number", ["000-12-3456", "666-12-3456", "912-12-3456", "078-00-1120"])
def test_numbers_that_are_no_social_security_numbers_are_left_alone(number: str) -> None:
    assert kinds(f"part {number}") == frozenset()
