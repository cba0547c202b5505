"""Saying what an answer was made from: what, when, by whom, and why it was allowed."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.fake_model import FakeModel
from agents.used import Used, explained, said_when
from context.items import About, Item, Provenance
from context.labels import Label
from context.policy import (
    ANY_DAY,
    HOUSEHOLD_GENERAL,
    OWNER_GENERAL,
    Audience,
    Grant,
    Lasts,
    Principal,
    Purpose,
    Reason,
    Request,
    Sink,
    mint,
)

NOW = datetime(2026, 11, 23, 16, 5, tzinfo=UTC)
NOTHING = "Nothing you told me went into that, as far as I may say now."
CAR = "You told me today at 4:05 PM that your car is on level 3."
ALONE = "I may use that because the owner asks, alone."


def test_an_answer_from_memory_is_explained(talk, calendar) -> None:
    conversation = talk(None)
    conversation.say("Remember that my car is on level 3")
    calendar.go_on(600)
    conversation.say("Where is my car?")
    for question in ("Why do you know that?", "How do you know that?", "Why did you say that?"):
        assert conversation.say(question) == f"{CAR} {ALONE}"


def test_so_is_what_the_model_made_of_items(talk) -> None:
    conversation = talk(FakeModel(["Tulips."]))
    conversation.say("Remember that Anna likes yellow tulips")
    conversation.say("What should I buy Anna for her birthday?")
    assert "that Anna likes yellow tulips. I may" in conversation.say("Why did you say that?")


def test_so_is_a_list(talk) -> None:
    conversation = talk(None)
    for n in range(5):
        conversation.say(f"Remember that box {n} is red")
    conversation.say("What do you remember?")
    said = conversation.say("How do you know that?")
    assert said.count("You told me") == 3
    assert said.endswith("And 2 more things.")


def test_a_command_in_between_changes_nothing(talk) -> None:
    conversation = talk(None)
    conversation.say("Remember that my car is on level 3")
    conversation.say("Where is my car?")
    conversation.say("What time is it?")
    assert "level 3" in conversation.say("How do you know that?")


@pytest.mark.parametrize("before", [None, "Why is the sky blue?", "Where is my passport?"])
def test_an_answer_from_nothing_remembered(talk, before) -> None:
    conversation = talk(FakeModel(["Light."]))
    conversation.say("Remember that my car is on level 3")
    if before:
        conversation.say("Where is my car?")
        conversation.say(before)
    assert conversation.say("How do you know that?") == NOTHING


def test_what_the_button_opened_is_explained_to_the_button_only(talk, speaker) -> None:
    conversation = talk(None)
    conversation.say("Remember that my door code is 4711")
    speaker.press()
    conversation.say("What is my door code?")
    assert conversation.say("How do you know that?").endswith(
        "I may use that because the owner asks, known by more than a voice."
    )
    speaker.let_go()
    assert conversation.say("How do you know that?") == NOTHING
    speaker.audience = Audience.COMPANY
    assert conversation.say("How do you know that?") == NOTHING


def test_what_was_forgotten_is_not_explained(talk, store, speaker) -> None:
    conversation = talk(None)
    conversation.say("Remember that my car is on level 3")
    conversation.say("Where is my car?")
    (item,) = store.items(speaker.mint(Purpose.FORGET), limit=9)
    store.forget(speaker.mint(Purpose.FORGET), item.id)  # as by another program
    assert conversation.say("How do you know that?") == NOTHING


def test_only_a_reply_that_was_heard_is_the_last_one(talk) -> None:
    agent = talk(None).agent
    list(agent.reply("Remember that my car is on level 3"))
    list(agent.reply("Where is my car?"))
    assert agent.preview("How do you know that?") == NOTHING
    agent.heard("Where is my car?", "You told me.")
    assert agent.preview("How do you know that?") == f"{CAR} {ALONE}"


def item(by: Provenance, speaker: str | None = None) -> Item:
    label = Label(frozenset({OWNER_GENERAL}), by.trust)
    return Item("0" * 32, "my car is red.", label, NOW, by, About(speaker=speaker))


@pytest.mark.parametrize(
    ("by", "speaker", "said"),
    [
        (Provenance.OWNER_TYPED, None, "You typed today at 4:05 PM that your car is red."),
        (Provenance.IMPORTED, None, "A file that you imported says today"),
        (Provenance.OTHER_SPEAKER, "Anna", "Anna told me today at"),
        (Provenance.OTHER_SPEAKER, None, "Somebody else told me today"),
        (Provenance.OVERHEARD, None, "I overheard today at 4:05 PM that your car is red."),
        (Provenance.TOOL_RESULT, None, "A tool told me today at"),
    ],
)
def test_who_told_it(by, speaker, said) -> None:
    assert explained(Used(item(by, speaker), Reason.OWNER_ALONE), NOW).startswith(said)


@pytest.mark.parametrize(
    ("ago", "said"),
    [
        (timedelta(), "today at 4:05 PM"),
        (timedelta(hours=16), "today at 12:05 AM"),
        (timedelta(hours=17), "yesterday at 11:05 PM"),
        (timedelta(days=3), "on Friday at 4:05 PM"),
        (timedelta(days=20), "on November 3 at 4:05 PM"),
        (timedelta(days=400), "on October 19, 2025"),
        (timedelta(days=-1), "today at 4:05 PM"),
    ],
)
def test_when(ago, said) -> None:
    assert said_when(NOW - ago, NOW) == said


@given(st.datetimes(timezones=st.just(UTC)), st.integers(-12, 14))
def test_any_moment_can_be_told_in_any_zone(moment: datetime, hours: int) -> None:
    now = datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=hours)))
    if moment.year not in (1, 9999):
        assert said_when(moment, now)


@given(st.sampled_from([True, False]), st.sets(st.sampled_from([OWNER_GENERAL, HOUSEHOLD_GENERAL])))
def test_the_reason_is_the_one_that_allows_the_most(company: bool, places) -> None:
    granted = Grant(
        "0" * 32, str(OWNER_GENERAL), Principal.OWNER, Purpose.ANSWER, Sink.SPEAKER, True,
        Lasts.ALWAYS,
    )  # fmt: skip
    unused = Grant(
        "1" * 32, ANY_DAY, Principal.OWNER, Purpose.ANSWER, Sink.SPEAKER, True, Lasts.ALWAYS
    )
    audience = Audience.COMPANY if company else Audience.ALONE
    request = Request(Principal.OWNER, 1.0, Purpose.ANSWER, audience, Sink.SPEAKER)
    scope = mint(request, 0.0, grants=[granted, unused])
    by = Provenance.OWNER_SPOKE
    label = Label(frozenset(places) or frozenset({OWNER_GENERAL}), by.trust)
    used = Used.of(Item("0" * 32, "x", label, NOW, by), scope)
    if not company:
        assert used.reason is Reason.OWNER_ALONE
    elif OWNER_GENERAL in label.compartments:
        assert used.reason is Reason.GRANTED
    else:
        assert used.reason is Reason.OWNER_IN_COMPANY
    assert (used.item_id, used.compartments) == ("0" * 32, label.compartments)
