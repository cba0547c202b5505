"""Arguments of a tool that others wrote, from what was said; and where such a tool is found."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.choose.examples import NONE, Example
from agents.choose.fill import fill
from agents.choose.offered import MOST, OfferedUses, Ours
from agents.choose.said_times import said_time
from agents.choose.shortlist import MOST as MOST_ALL
from agents.choose.shortlist import Found, Shortlist
from agents.tools import Use
from agents.tools.fake_mcp import FakeServers
from agents.tools.fields import Field, Kind
from agents.tools.mcp import Offered, mcp_tool
from context.embed import MiniLM

NOW = datetime(2026, 3, 14, 10)
TITLE = Field("title", Kind.WORDS, required=True)
COPIES = Field("copies", Kind.WHOLE, least=1, most=99)
PAPER = Field("paper", Kind.ONE_OF, options=("plain", "photo"))
COLOUR = Field("colour", Kind.YES_NO)


class Picks:
    """A model that picks this option where it may, else the likeliest by where it stands."""

    def __init__(self, *wanted: str) -> None:
        self.wanted = wanted
        self.asked: list[tuple[str, list[str]]] = []

    def __call__(self, question: str, options: Sequence[str]) -> list[float]:
        self.asked.append((question, list(options)))
        picked = [each in self.wanted for each in options]
        return (
            [float(each) for each in picked] if any(picked) else [1 / len(options)] * len(options)
        )


def printing(*fields: Field) -> Use:
    does = "use printer for print page"
    return Use(None, does, ("print page", "print page with printer"), fields=fields)


def filled(text: str, *fields: Field, picks: Picks | None = None) -> dict[str, object] | None:
    found = fill(text, printing(*fields), said_time, NOW, picks or Picks())
    return None if found is None else found.arguments


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("print a page titled quarterly report", {"title": "quarterly report"}),
        ("print two copies of the birthday card", {"copies": 2}),
        ("print the plan on photo paper", {"paper": "photo"}),
        ("print the plan in colour", {"colour": True}),
        ("print the plan without any colour", {"colour": False}),
        ("print a page", {}),
        ("print 500 copies of the plan", {}),
    ],
)
def test_what_was_said_fills_them(text: str, values: dict[str, object]) -> None:
    found = filled(text, TITLE, COPIES, PAPER, COLOUR)
    assert found is not None
    assert {**found, **values} == found
    assert ("copies" in found) == ("copies" in values)


@pytest.mark.parametrize("text", ["print a page", "print something", "could you print that page"])
def test_the_words_for_the_deed_itself_are_no_value(text: str) -> None:
    assert filled(text, TITLE) == {}


BED = Field("bed", Kind.WORDS, required=True, most=500)
MINUTES = Field("minutes", Kind.WHOLE, required=True, least=1, most=60)
STRENGTH = Field("strength", Kind.ONE_OF, options=("light", "heavy"))
PLANT = Field("plant_name", Kind.WORDS, required=True, most=500)
PACKETS = Field("packets", Kind.WHOLE)
DELIVER = Field("deliver_on", Kind.DATE)
ROOM = Field("room", Kind.WORDS, required=True)
QUERY = Field("query", Kind.WORDS, required=True)
LANGUAGE = Field("language", Kind.ONE_OF, required=True, options=("french", "german"))
MESSAGE = Field("message", Kind.WORDS, required=True)


def use_of(name: str, *fields: Field) -> Use:
    words = name.replace("_", " ")
    return Use(None, f"use garden for {words}", (words,), fields=fields)


@pytest.mark.parametrize(
    ("use", "text", "values"),
    [
        (use_of("soil_moisture", BED), "how wet is the soil in the tomato bed?", {"bed": "tomato"}),
        (use_of("soil_moisture", BED), "is the soil dry in bed seven", {"bed": "seven"}),
        (use_of("soil_moisture", BED), "how damp are the lettuces", {"bed": "lettuces"}),
        (use_of("soil_moisture", BED), "which bed is driest", {}),
        (use_of("soil_moisture", BED), "how wet is the soil", {}),
        (
            use_of("water_bed", BED, MINUTES, STRENGTH),
            "water the pumpkin bed for ten minutes",
            {"bed": "pumpkin", "minutes": 10},
        ),
        (
            use_of("water_bed", BED, MINUTES, STRENGTH),
            "could you please water bed four for half an hour, heavy",
            {"bed": "four", "minutes": 30, "strength": "heavy"},
        ),
        (use_of("water_bed", BED, MINUTES, STRENGTH), "water the bed", {}),
        (use_of("water_bed", BED, MINUTES, STRENGTH), "water it for 5 minutes", {"minutes": 5}),
        (
            use_of("order_seeds", PLANT, PACKETS, DELIVER),
            "order 3 packets of sweet pea seeds, deliver on the twentieth",
            {"plant_name": "sweet pea", "packets": 3, "deliver_on": "2026-03-20"},
        ),
        (use_of("order_seeds", PLANT, PACKETS, DELIVER), "order some seeds", {}),
        (use_of("order_seeds", PLANT, PACKETS), "order some seeds from the garden", {}),
        (
            use_of("print_page", TITLE),
            "print the minutes of the board",
            {"title": "minutes of the board"},
        ),
        (use_of("print_page", TITLE), "print The Hobbit", {"title": "The Hobbit"}),
        (use_of("print_page", TITLE), "run off the agenda", {"title": "agenda"}),
        (
            use_of("print_page", TITLE, COPIES, PAPER),
            "print a page titled rain in May with two copies",
            {"title": "rain in May", "copies": 2},
        ),
        (use_of("order_seeds", PLANT), "order figs and basil", {"plant_name": "figs and basil"}),
        (use_of("temperature", ROOM), "how warm is the living room", {"room": "living room"}),
        (use_of("temperature", ROOM), "is the kitchen warm", {"room": "kitchen"}),
        (use_of("search", QUERY), "search for flights to Rome", {"query": "flights to Rome"}),
        (
            use_of("add_task", TITLE, DELIVER),
            "add a task to fix the printer by friday",
            {"title": "fix the printer", "deliver_on": "2026-03-20"},
        ),
        (
            use_of("translate_text", Field("text", Kind.WORDS, required=True), LANGUAGE),
            "translate the text see you soon into french",
            {"text": "see you soon", "language": "french"},
        ),
        (
            use_of("send_message", MESSAGE),
            "tell them that the bus is late",
            {"message": "the bus is late"},
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("model", [False, True])
def test_words_are_found_by_where_they_stand(
    use: Use, text: str, values: dict[str, object], model: bool
) -> None:
    found = fill(text, use, said_time, NOW, Picks() if model else None)
    assert found is not None
    assert found.arguments == values
    assert found.left_out == ()


@pytest.mark.parametrize(
    ("text", "title", "left_out"),
    [
        ("print the plan in cyan", "plan", ("cyan",)),
        ("print the plan on glossy paper", "plan", ("glossy for the paper",)),
        ("print 500 copies of the plan", "plan", ("500 for the copies",)),
        ("print the plan on photo paper", "plan", ()),
        ("please print the plan", "plan", ()),
    ],
)
def test_what_was_said_and_fits_nothing_is_told(text: str, title: str, left_out: object) -> None:
    found = fill(text, use_of("print_page", TITLE, COPIES, PAPER), said_time, NOW, None)
    assert found is not None
    assert found.arguments["title"] == title
    assert found.left_out == left_out


AMOUNT = Field("amount", Kind.NUMBER, required=True)
TO = Field("to_account", Kind.WORDS)


@pytest.mark.parametrize(
    ("text", "values", "left_out"),
    [
        ("transfer 50 from savings to checking", {"amount": 50}, ("savings", "checking")),
        ("transfer 1,000 from my old savings", {"amount": 1000}, ("old savings",)),
        ("transfer \u221218", {"amount": -18}, ()),
        ("transfer minus 18 for the landlord", {"amount": -18}, ("landlord",)),
        ("transfer 50 to the spare account", {"amount": 50, "to_account": "spare"}, ()),
        ("could you transfer 50 for me", {"amount": 50}, ()),
    ],
)
def test_from_what_and_to_what_is_told_where_nothing_takes_it(text, values, left_out) -> None:
    found = fill(text, use_of("transfer", AMOUNT, TO), said_time, NOW, None)
    assert found is not None
    assert (found.arguments, found.left_out) == (values, left_out)


def test_a_thousand_seconds_are_no_none_and_less_than_none_is_no_time() -> None:
    seconds = Field("seconds", Kind.WHOLE, required=True)
    assert filled("run it for 1,000 seconds", seconds) == {"seconds": 1000}
    assert filled("run it for minus 10 minutes", MINUTES) == {}


def test_the_one_choice_that_there_is_needs_no_question() -> None:
    unit = Field("unit", Kind.ONE_OF, required=True, options=("metric",))
    picks = Picks("nothing")
    assert filled("print the sizes", unit, picks=picks) == {"unit": "metric"}
    assert picks.asked == []
    spare = Field("unit", Kind.ONE_OF, options=("metric",))
    assert filled("print the sizes", spare) == {}
    found = fill("print it in the imperial unit", printing(unit), said_time, NOW, None)
    assert found is not None
    assert (found.arguments, found.left_out) == ({"unit": "metric"}, ("imperial for the unit",))


def test_arguments_keep_the_order_in_which_a_tool_lists_them() -> None:
    numbers = {name: {"type": "number"} for name in ("width", "depth", "angle", "height")}
    schema = {"properties": numbers, "required": ["height", "width", "depth"]}
    use = mcp_tool(Offered("saw", "cut", "", schema), FakeServers(), lambda: NOW).uses[0]
    assert [each.name for each in use.fields or ()] == ["width", "depth", "height", "angle"]
    found = fill("cut 20 by 30 by 40", use, said_time, NOW, None)
    assert found is not None
    assert found.arguments == {"width": 20, "depth": 30, "height": 40}


@pytest.mark.parametrize(
    ("example", "text", "title"),
    [
        ("run off {title: the agenda}", "run off the letter to Anna", "the letter to Anna"),
        ("run off {title: agenda}", "run off the letter", "letter"),
        ("run off {title: the agenda}", "please run off three of the minutes", "the minutes"),
        ("make {title: the agenda} ready", "make the seating plan ready", "the seating plan"),
        ("{title: the agenda} on the press", "the menu on the press please", "the menu"),
        ("run off {title: the agenda}", "run off it", None),
    ],
)
def test_marks_in_the_owners_examples_tell_where_a_value_stands(
    example: str, text: str, title: str | None
) -> None:
    schema = {
        "properties": {"title": {"type": "string"}, "copies": {"type": "integer"}},
        "required": ["title"],
    }
    offers = Offered("office", "press", "", schema, examples=(example,))
    use = mcp_tool(offers, FakeServers(), lambda: NOW).uses[0]
    assert not any("{" in each for each in use.examples)
    found = fill(text, use, said_time, NOW, None)
    assert found is not None
    assert found.arguments.get("title") == title


def test_numbers_go_to_the_argument_whose_name_is_next_to_them() -> None:
    width, height = Field("width", Kind.NUMBER, required=True), Field("height", Kind.NUMBER)
    assert filled("a frame with height 20 and width 30", width, height) == {
        "width": 30,
        "height": 20,
    }
    assert filled("a frame of 30", width, height) == {"width": 30}


def test_the_one_time_said_is_the_moment_or_the_day() -> None:
    text = "print the plan tomorrow at 3 pm"
    assert filled(text, Field("start_at", Kind.MOMENT)) == {"start_at": "2026-03-15T15:00"}
    assert filled(text, Field("day", Kind.DATE)) == {"day": "2026-03-15"}


def test_a_choice_that_is_needed_is_asked_of_the_model_and_may_be_none() -> None:
    size = Field("size", Kind.ONE_OF, required=True, options=("small", "large"))
    assert filled("print it tiny", size, picks=Picks("small")) == {"size": "small"}
    assert filled("print it", size, picks=Picks("nothing")) == {}


def test_without_a_model_words_are_chosen_by_where_they_stand_and_no_choice_is_made() -> None:
    size = Field("size", Kind.ONE_OF, required=True, options=("small", "large"))
    text = "print a page titled quarterly report"
    found = fill(text, printing(TITLE, size), said_time, NOW, None)
    assert found is not None
    assert found.arguments == {"title": "quarterly report"}


def test_a_model_that_is_told_to_stop_fills_nothing() -> None:
    text = "print the sheet on the board"
    assert fill(text, printing(TITLE, PAPER), said_time, NOW, lambda _q, _o: []) is None


def test_the_model_is_shown_the_arguments_name_and_no_other_word_of_the_server() -> None:
    picks = Picks()
    field = Field("page_title", Kind.WORDS, required=True)
    filled("print out the garden plan, the big one", field, picks=picks)
    (question, options) = picks.asked[0]
    assert question.splitlines()[0] == "Copy the page title."
    assert question.splitlines()[-1] == "page title: print out the garden plan, the big one ->"
    assert all(
        each in ("nothing",) or each in "print out the garden plan, the big one" for each in options
    )


@given(st.text(max_size=60))
def test_words_are_always_the_speakers_own(text: str) -> None:
    found = filled(text, TITLE, COPIES, PAPER, COLOUR)
    assert found is not None
    assert str(found.get("title", "")) in text
    assert 1 <= float(str(found.get("copies", 1))) <= 99


def offered(name: str, says: str, *more: str) -> tuple[str, tuple[Use, ...]]:
    tool = mcp_tool(Offered("office", name, says, {}, examples=more), FakeServers(), lambda: NOW)
    return tool.name, tool.uses


OURS = {
    "timer": (Use("set", "start a countdown", ("ping me in a quarter of an hour",)),),
    "note": (Use("add", "write down a note", ("jot down that the meter reads 12",)),),
}


TALK = [
    Example(NONE, text, {})
    for text in (
        "why is the sky blue", "tell me a joke", "hello", "they ran late again", "it is on paper",
        "please be nice to him", "that took the whole meeting",
    )
]  # fmt: skip


@pytest.fixture(scope="module")
def minilm(model_folder: Callable[[str], Path]) -> MiniLM:
    embedder = MiniLM(model_folder("minilm-l6-v2-int8"))
    embedder.load()
    return embedder


@pytest.fixture
def find(minilm: MiniLM) -> Callable[..., Callable[[str], Found]]:
    def made(*tools: tuple[str, tuple[Use, ...]]) -> Callable[[str], Found]:
        shortlist = Shortlist({**OURS, **dict(tools)}, TALK, minilm)
        shortlist.load()
        return shortlist.find

    return made


@pytest.mark.engines
class TestFinding:
    def test_a_request_in_other_words_finds_it(self, find) -> None:
        found = find(offered("print_page", "Print a page on the office printer"))(
            "please get this page printed"
        )
        assert found.candidates[0].intent == "mcp.office.print_page"

    def test_what_the_owner_says_of_it_finds_it(self, find) -> None:
        text = "run off three of the agenda"
        without = find(offered("print_page", "Print a page"))(text)
        assert without.talk > 0.9
        taught = find(offered("print_page", "Print a page", "run off two of the minutes"))(text)
        assert taught.candidates[0].intent == "mcp.office.print_page"

    def test_the_programs_own_tools_are_found_as_without_it(self, find) -> None:
        text = "ping me in three quarters of an hour"
        alone = find()(text).candidates[0]
        beside = find(offered("print_page", "Print a page on the office printer"))(text)
        assert beside.candidates[0].intent == alone.intent == "timer.set"
        assert beside.candidates[0].score > 0.95 * alone.score

    def test_ten_thousand_do_not_push_out_ours_or_make_it_more_than_six(self, find) -> None:
        many = [offered(f"tool_{n}", f"ping me in {n} hours") for n in range(60)]
        found = find(*many)("ping me in three quarters of an hour")
        assert len(found.candidates) <= MOST_ALL
        assert sum(each.use.fields is not None for each in found.candidates) <= MOST
        assert found.talk + sum(each.score for each in found.candidates) <= 1.0001


class TestShares:
    @pytest.mark.parametrize("surest", [0.0, 0.5, 1.0])
    def test_what_ours_are_sure_of_stays_theirs(self, surest: float) -> None:
        uses = OfferedUses(dict([offered("print_page", "print")]))
        uses.load(lambda texts: np.tile(np.array([[0.6, 0.8]], np.float32), (len(texts), 1)))
        near = uses.shares("x", np.array([1.0, 0.0], np.float32), Ours(surest, 0.0, 0.0))
        assert near["mcp.office.print_page"] <= 1 - 0.9 * surest + 0.05

    @pytest.mark.parametrize("text", ["print the lot", "could you please print the lot"])
    def test_the_same_verb_counts(self, text: str) -> None:
        uses = OfferedUses(dict([offered("print_page", "print")]))
        uses.load(lambda texts: np.tile(np.array([[0.4, 0.9]], np.float32), (len(texts), 1)))
        said, nobody = np.array([1.0, 0.0], np.float32), Ours(0.0, 0.0, 0.0)
        with_it = uses.shares(text, said, nobody)["mcp.office.print_page"]
        assert with_it > 2 * uses.shares("the print is bad", said, nobody)["mcp.office.print_page"]
