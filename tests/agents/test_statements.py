"""Facts that are stated without being asked to be kept, and corrections of what was told."""

import pytest

from agents.agent import Agent
from agents.fake_model import FakeModel
from agents.statements import corrected_fact, corrects, own_fact
from agents.tools import Toolbox
from agents.tools.speech import LastReply
from agents.tools.standard import Deps, standard_tools
from context.items import Provenance
from context.labels import Compartment
from context.policy import Audience, Purpose
from tests.agents.conftest import Conversation


@pytest.fixture
def conversation(router, schedule, calendar, store, speaker) -> Conversation:
    last = LastReply()
    agent = Agent(
        router=router,
        toolbox=Toolbox(standard_tools(schedule, calendar.now, deps=Deps(spoken=last))),
        model=FakeModel(["Okay, noted."]),
        store=store,
        mint=speaker.mint,
        now=calendar.now,
        last_reply=last,
    )
    agent.load()
    return Conversation(agent)


def kept(store, speaker) -> list[str]:
    return [item.text for item in store.items(speaker.mint(Purpose.ANSWER), limit=9)]


@pytest.mark.parametrize(
    ("said", "fact"),
    [
        ("My name is Robin.", "My name is Robin"),
        ("Ola's birthday is actually March 5th", "Ola's birthday is March 5th"),
        ("my sister is allergic to walnuts", "my sister is allergic to walnuts"),
        ("By the way, I'm vegetarian", "I'm vegetarian"),
        ("I parked on level 3", "I parked on level 3"),
        ("I left my keys on the kitchen table", "I left my keys on the kitchen table"),
        ("my bike is in the shed", "my bike is in the shed"),
        ("we live in Oslo", "we live in Oslo"),
    ],
)
def test_a_lasting_fact_is_known_as_one(said, fact) -> None:
    assert own_fact(said) == fact


@pytest.mark.parametrize(
    "said",
    [
        "I am tired", "my phone is ringing", "my back hurts", "my dad is in trouble",
        "is my name Robin?", "what is my name", "my birthday is today", "I put on a coat",
        "my favourite song is on", "I put bananas on the list and you bought plantains.",
        "my sister is coming", "So I've put my dough in a warm place, and in an hour it'll rise",
        "I left in a hurry", "that code is fine", "", "my",
    ],
)  # fmt: skip
def test_moods_and_what_is_only_so_now_are_none(said) -> None:
    assert own_fact(said) is None


@pytest.mark.parametrize(
    ("said", "last", "fact"),
    [
        ("no it's 281", "Your locker number is 218.", "my locker number is 281"),
        ("No, 281.", "Your locker number is 218.", "my locker number is 281"),
        ("it's 281, not 218", "You told me that your locker number is 218.",
         "my locker number is 281"),
        ("that's wrong, it's on level 4", "I'll remember that your car is on level 3.",
         "my car is on level 4"),
        ("actually it's March 6th", "Ola's birthday is March 5th.", "Ola's birthday is March 6th"),
        ("no, it's 218", "Your locker number is 218.", None),
        ("no", "Your locker number is 218.", None),
        ("no thanks", "Your locker number is 218.", None),
        ("no, that's right", "Your locker number is 218.", None),
        ("actually set a timer", "Your locker number is 218.", None),
        ("no, Berlin", "The capital of France is Paris.", None),
        ("no it's 281", "", None),
    ],
)  # fmt: skip
def test_a_correction_is_of_what_was_told(said, last, fact) -> None:
    assert corrected_fact(said, last) == fact


def test_a_fact_is_offered_to_be_remembered_and_only_kept_after_a_yes(
    conversation, store, speaker
) -> None:
    assert conversation.say("My name is Robin") == "Shall I remember that your name is Robin?"
    assert kept(store, speaker) == []
    assert conversation.say("yes") == "I'll remember that your name is Robin."
    assert kept(store, speaker) == ["My name is Robin"]
    conversation.say("Ola's birthday is March 5th")
    assert conversation.say("no") == "Okay."
    assert len(kept(store, speaker)) == 1


def test_a_correction_is_offered_and_takes_the_place_of_what_was_told(conversation) -> None:
    conversation.say("Remember that my desk is number 218")
    assert "218" in conversation.say("Where is my desk?")
    assert conversation.say("No, it's number 281") == (
        "Shall I remember that your desk is number 281?"
    )
    assert "Is that no longer true?" in conversation.say("yes")
    conversation.say("yes")
    assert "281" in conversation.say("Where is my desk?")


def test_a_statement_is_no_question_for_what_was_told_before(conversation) -> None:
    conversation.say("Remember that Ola's birthday is March 4th")
    said = conversation.say("Ola's birthday is actually March 5th")
    assert said == "Shall I remember that Ola's birthday is March 5th?"


def test_what_was_told_to_the_owner_alone_is_not_corrected_in_company(
    conversation, speaker
) -> None:
    conversation.say("Remember that my desk is number 218")
    conversation.say("Where is my desk?")
    speaker.audience = Audience.COMPANY
    assert "desk" not in conversation.say("No, it's number 281")


def test_a_correction_of_nothing_known_is_said_not_to_be_kept(conversation) -> None:
    assert corrects("no, it's 281")
    assert not corrects("no, it's a lovely day")
    assert conversation.say("no, it's 281").startswith("I haven't noted that")


@pytest.mark.parametrize("said", ["lock up please", "I lock up my bike", "locking the bike up"])
def test_no_order_and_no_statement_is_answered_from_memory(conversation, said) -> None:
    conversation.say("Remember that my bike lock is up on the shelf")
    conversation.say("What time is it?")
    assert "shelf" not in conversation.say(said)


@pytest.mark.parametrize(
    "said", ["my bike lock", "where is my bike lock", "tell me where my bike lock is"]
)
def test_a_question_or_the_name_of_a_thing_is(conversation, said) -> None:
    conversation.say("Remember that my bike lock is up on the shelf")
    assert "shelf" in conversation.say(said)


def test_a_correction_goes_where_what_it_corrects_is(conversation, store, speaker) -> None:
    speaker.press()
    restricted = "owner/general/restricted"
    store.remember(
        speaker.mint(Purpose.REMEMBER),
        "my desk is number 218",
        compartment=Compartment.parse(restricted),
        said_by=Provenance.OWNER_SPOKE,
    )
    assert "218" in conversation.say("Where is my desk?")
    assert conversation.say("No, it's number 281").startswith("Shall I remember")
    conversation.say("yes")
    kept = [
        item
        for item in store.items(speaker.mint(Purpose.ANSWER), limit=9)
        if item.text.endswith("281")
    ]
    assert [str(each) for item in kept for each in item.label.compartments] == [restricted]
    speaker.let_go()
    assert "281" not in conversation.say("Where is my desk?")


def test_what_is_gone_is_not_corrected(conversation, store, speaker) -> None:
    conversation.say("Remember that my desk is number 218")
    conversation.say("Where is my desk?")
    asked = conversation.say("No, it's number 281")
    item = store.items(speaker.mint(Purpose.ANSWER), limit=9)[0]
    store.forget(speaker.mint(Purpose.FORGET), item.id)
    assert asked.startswith("Shall I remember")
    assert "kept nothing" in conversation.say("yes")
    assert store.items(speaker.mint(Purpose.ANSWER), limit=9) == []
