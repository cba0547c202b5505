"""What answers the question for an argument of a tool that others wrote, and what does not."""

from datetime import UTC, datetime

import pytest

from agents.followup import complete
from agents.router import Router
from agents.tools import Proposal, Slot
from agents.tools.fields import Field, Kind, answer_to

NOW = datetime(2026, 3, 14, 10, tzinfo=UTC)
BED = Field("bed", Kind.WORDS, required=True, most=500)
GIFT = Field("wrapping", Kind.YES_NO, required=True)
MINUTES = Field("minutes", Kind.WHOLE, required=True, most=60)
COPIES = Field("copies", Kind.WHOLE, required=True, least=1, most=2000)
STRENGTH = Field("strength", Kind.ONE_OF, required=True, options=("light", "heavy"))
DELIVER = Field("deliver_on", Kind.DATE, required=True)
WARMTH = Field("warmth", Kind.NUMBER, required=True)
TOOL = "mcp.garden.water_bed"


@pytest.fixture(scope="module")
def grammar() -> Router:
    router = Router(now=lambda: NOW)
    router.load()
    return router


def answered(grammar: Router, text: str, field: Field = BED) -> tuple[str | None, object]:
    """The tool that the answer goes to, and the value for the argument if it is one."""
    args = {"arguments": {}, "asked": field.name}
    asks = Proposal(
        TOOL, args, Slot.TEXT, takes=field, deeds=frozenset(("water", "order", "print"))
    )
    routed = complete(asks, text, grammar.route(text), NOW)
    if routed.tool != TOOL:
        return routed.tool, None
    return TOOL, answer_to(field, str(routed.args["text"]), NOW.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("the cucumber bed", "cucumber"),
        ("it's the cucumber bed.", "cucumber"),
        ("Cucumber", "Cucumber"),
        ("bed seven", "bed seven"),
        ("the water lilies", "water lilies"),
    ],
)
def test_a_name_is_the_value(grammar: Router, text: str, value: str) -> None:
    assert answered(grammar, text) == (TOOL, value)


@pytest.mark.parametrize("text", ["yes", "yes please", "okay", "it", "whatever"])
def test_what_names_nothing_is_asked_again(grammar: Router, text: str) -> None:
    assert answered(grammar, text) == (TOOL, None)


def test_a_sentence_is_no_name(grammar: Router) -> None:
    text = "my brother came over and then we had some tea outside"
    assert answered(grammar, text) == (TOOL, None)


@pytest.mark.parametrize(
    "text",
    ["no", "nope", "don't water the tomatoes", "no, don't do that", "cancel", "never mind", "stop",
     "forget it", "no thanks", "actually don't", "I don't know",
     "I changed my mind"],
)  # fmt: skip
def test_no_in_all_its_forms_ends_it(grammar: Router, text: str) -> None:
    tool, value = answered(grammar, text)
    assert tool in ("stop", "timer")  # "cancel" may be a command of its own
    assert value is None


@pytest.mark.parametrize(
    "text",
    ["water the cucumber bed for ten minutes", "please water the tomatoes now",
     "how wet is the soil", "which beds are there?", "what time is it",
     "set a timer for five minutes", "order some seeds"],
)  # fmt: skip
def test_a_question_or_another_request_is_heard_on_its_own(grammar: Router, text: str) -> None:
    tool, _ = answered(grammar, text)
    assert tool != TOOL
    assert tool != "stop"


def test_a_number_or_a_no_is_the_value_where_one_is_asked_for(grammar: Router) -> None:
    assert answered(grammar, "no", GIFT) == (TOOL, False)
    assert answered(grammar, "yes please", GIFT) == (TOOL, True)
    assert answered(grammar, "ten", MINUTES) == (TOOL, 10)
    assert answered(grammar, "ten minutes", MINUTES) == (TOOL, 10)
    assert answered(grammar, "quite long", MINUTES) == (TOOL, None)
    assert answered(grammar, "no", MINUTES)[0] == "stop"


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        (COPIES, "1,000", 1000), (COPIES, "make it 1,200 please", 1200), (COPIES, "1,5", None),
        (COPIES, "12,000", None), (WARMTH, "minus 18", -18), (WARMTH, "negative two and a half",
         -2.5), (WARMTH, "minus eighteen degrees", -18), (WARMTH, "-4", -4),
        (COPIES, "no, five", 5), (COPIES, "not five, six", 6),
        (COPIES, "I don't know, say five", 5), (COPIES, "print five copies", 5),
        (MINUTES, "water it for ten minutes", 10),
        (STRENGTH, "not heavy but light", "light"), (STRENGTH, "heavy, not light", "heavy"),
        (DELIVER, "not tomorrow, on Monday", "2026-03-16"), (DELIVER, "order it for tomorrow",
         "2026-03-15"), (GIFT, "no, don't wrap it", False), (GIFT, "not wrapped", False),
    ],
)  # fmt: skip
def test_the_value_that_is_meant(grammar: Router, field: Field, text: str, value: object) -> None:
    assert answered(grammar, text, field) == (TOOL, value)


@pytest.mark.parametrize(
    ("field", "text"),
    [(COPIES, "no, not 5"), (COPIES, "not five"), (STRENGTH, "not heavy"),
     (STRENGTH, "no, not the light one"), (DELIVER, "not tomorrow"),
     (DELIVER, "no, not on Monday"), (COPIES, "minus 18"), (COPIES, "ten thousand")],
)  # fmt: skip
def test_a_value_that_is_denied_or_can_not_be_used_is_asked_for_again(
    grammar, field: Field, text: str
) -> None:
    assert answered(grammar, text, field) == (TOOL, None)


@pytest.mark.parametrize(
    ("field", "text"),
    [
        (COPIES, "don't print five of them"), (COPIES, "cancel that, I have 3 already"),
        (COPIES, "forget it, I'll take two"), (COPIES, "well, don't, I have 3 already"),
        (STRENGTH, "cancel it, it's too heavy"), (DELIVER, "I don't want it tomorrow"),
        (DELIVER, "I changed my mind, tomorrow"), (GIFT, "no, don't order it"),
        (GIFT, "no, forget it"), (BED, "not the tomatoes"), (BED, "let's not"),
        (BED, "I'd rather not"), (BED, "call it off"), (GIFT, "on second thoughts, no"),
        (BED, "skip it"), (COPIES, "oh skip it, I have five"), (WARMTH, "never mind, minus 18"),
    ],
)  # fmt: skip
def test_what_takes_the_request_back_gives_no_value(grammar, field: Field, text: str) -> None:
    tool, value = answered(grammar, text, field)
    assert (tool, value) == ("stop", None)


@pytest.mark.parametrize(
    ("field", "text"),
    [(COPIES, "print five birthday cards"), (MINUTES, "water the tomatoes for ten minutes"),
     (MINUTES, "set a timer for five minutes"), (DELIVER, "remind me tomorrow to call Anna"),
     (DELIVER, "order peas for tomorrow")],
)  # fmt: skip
def test_another_request_with_such_a_value_is_heard_on_its_own(grammar, field, text: str) -> None:
    tool, _ = answered(grammar, text, field)
    assert tool not in (TOOL, "stop")
