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
TOOL = "mcp.garden.water_bed"


@pytest.fixture(scope="module")
def grammar() -> Router:
    router = Router(now=lambda: NOW)
    router.load()
    return router


def answered(grammar: Router, text: str, field: Field = BED) -> tuple[str | None, object]:
    """The tool that the answer goes to, and the value for the argument if it is one."""
    args = {"arguments": {}, "asked": field.name}
    asks = Proposal(TOOL, args, Slot.TEXT, takes=field, deeds=frozenset(("water", "order")))
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
