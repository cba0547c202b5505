"""What may be told to others: listed, given with the button, taken back by any voice."""

import pytest

from agents.agent import DONT_KNOW_OWN
from agents.fake_model import FakeModel
from context.audit import read
from context.policy import Audience, Lasts, Principal

NONE = "You've allowed nothing beyond the usual, as far as I may say now."
NOT_BY_VOICE = "That takes more than a voice: the button, the PIN or the paired phone."


@pytest.fixture
def told(talk):
    conversation = talk(None)
    conversation.say("Remember that my car is on level 3")
    conversation.say("Where is my car?")
    return conversation


def test_a_voice_gives_nothing(told, store) -> None:
    assert told.say("You may answer that in company always") == NOT_BY_VOICE
    assert store.grants.all() == ()


@pytest.mark.parametrize(
    ("said", "lasts"),
    [
        ("You may answer that in company", Lasts.ONCE),
        ("You may answer that in company this once", Lasts.ONCE),
        ("You may answer that in company for now", Lasts.SESSION),
        ("You may answer that in company always", Lasts.ALWAYS),
    ],
)
def test_the_button_gives(told, speaker, store, said, lasts) -> None:
    speaker.press()
    spoken = {
        Lasts.ONCE: "once",
        Lasts.SESSION: "until I'm locked or switched off",
        Lasts.ALWAYS: "always, until you tell me to stop allowing it",
    }[lasts]
    assert told.say(said) == f"Okay. I may answer about what you told me, in company, {spoken}."
    (grant,) = store.grants.all()
    assert (grant.lasts, grant.opens, grant.in_company) == (lasts, "owner/general", True)


def test_it_is_answered_then_in_company_and_explained(told, speaker) -> None:
    speaker.press()
    told.say("You may answer that in company always")
    speaker.let_go()
    speaker.audience = Audience.COMPANY
    assert "level 3" in told.say("Where is my car?")
    assert told.say("How do you know that?").endswith("because the owner has allowed it.")


def test_once_is_once(told, speaker) -> None:
    speaker.press()
    told.say("You may answer that in company once")
    speaker.let_go()
    speaker.audience = Audience.COMPANY
    assert "level 3" in told.say("Where is my car?")
    assert told.say("Where is my car?") == DONT_KNOW_OWN


def test_the_household(told, speaker) -> None:
    speaker.press()
    said = told.say("You may tell my family that always")
    assert said.startswith("Okay. I may answer about what you told me, when your household asks,")
    speaker.let_go()
    speaker.principal = Principal.MEMBER
    assert "level 3" in told.say("Where is the car?")
    speaker.audience = Audience.COMPANY
    assert "level 3" not in told.say("Where is the car?")


def test_one_person_by_name_is_more_than_it_can_tell(told, speaker, store) -> None:
    speaker.press()
    assert told.say("You may tell Anna that always").startswith("I can't tell people's voices")
    assert store.grants.all() == ()


def test_one_kind_of_what_was_told_is_more_than_it_can_allow(told, speaker, store) -> None:
    speaker.press()
    said = told.say("You may read out my calendar when others are listening")
    assert said.startswith("I can't allow that by kind.")
    assert store.grants.all() == ()
    taken = told.say("Don't read out my notes any more when others can hear")
    assert taken.startswith("Should I take back all")


def test_that_must_mean_something(talk, speaker, store) -> None:
    speaker.press()
    conversation = talk(None)
    assert conversation.say("You may answer that in company").startswith("I don't know which")
    assert store.grants.all() == ()
    assert conversation.say("You may tell others what I told you always").startswith("Okay.")
    assert len(store.grants.all()) == 1


def test_what_is_private_stays_behind_the_button_in_company_too(talk, speaker) -> None:
    conversation = talk(None)
    conversation.say("Remember that my door code is 4711")
    speaker.press()
    conversation.say("What is my door code?")
    said = conversation.say("You may answer that in company always")
    assert said.startswith("Okay. I may answer about your private things, in company, always")
    speaker.audience = Audience.COMPANY
    assert "4711" in conversation.say("What is my door code?")
    speaker.let_go()
    assert "4711" not in conversation.say("What is my door code?")


class TestListed:
    def test_nothing(self, talk) -> None:
        assert talk(None).say("What may you tell others?") == NONE

    def test_what_was_given(self, told, speaker) -> None:
        speaker.press()
        told.say("You may answer that in company always")
        told.say("You may tell my family that for now")
        speaker.let_go()
        assert told.say("What have I allowed?") == (
            "You've allowed me to answer about what you told me, in company, always, until you"
            " tell me to stop allowing it; and to answer about what you told me, when your"
            " household asks, until I'm locked or switched off."
        )

    def test_only_to_who_may_hear_of_it(self, told, speaker) -> None:
        speaker.press()
        told.say("You may tell my family that always")
        speaker.let_go()
        speaker.audience = Audience.COMPANY
        assert told.say("What may you tell others?") == NONE
        speaker.principal = Principal.UNKNOWN
        assert "family" not in told.say("What may you tell others?")


class TestRevoked:
    @pytest.mark.parametrize("said", ["Stop allowing that", "Revoke that permission"])
    def test_the_last_one_by_voice(self, told, speaker, store, said) -> None:
        speaker.press()
        told.say("You may tell my family that always")
        told.say("You may answer that in company always")
        speaker.let_go()
        assert told.say(said) == "I no longer allow that."
        (left,) = store.grants.all()
        assert left.principal is Principal.MEMBER
        speaker.audience = Audience.COMPANY
        assert told.say("Where is my car?") == DONT_KNOW_OWN

    def test_all_by_any_voice_that_learns_nothing(self, told, speaker, store) -> None:
        speaker.press()
        told.say("You may answer that in company always")
        speaker.principal = Principal.UNKNOWN
        for left in (1, 0):
            assert told.say("Revoke all permissions").startswith("Should I take back all")
            assert len(store.grants.all()) == left
            assert told.say("yes") == "I allow nothing beyond the usual any more."
            assert store.grants.all() == ()

    def test_none_in_particular_is_asked_about(self, told, speaker, store, talk) -> None:
        speaker.press()
        told.say("You may answer that in company always")
        speaker.let_go()
        told.say("Stop allowing that")
        assert told.say("Stop allowing that").startswith("Should I take back all")
        assert told.say("Yes, take it back") == "I allow nothing beyond the usual any more."


def test_it_is_in_the_audit_log(told, speaker, store) -> None:
    speaker.press()
    told.say("You may answer that in company always")
    told.say("Stop allowing that")
    key = store.keyring.subkey("audit")
    events = [record.event for record in read(store.folder / "audit.jsonl", key, limit=99)]
    assert {"grant", "revoke"} <= set(events)


def test_a_list_is_foreseen_and_a_gift_is_not(told, speaker) -> None:
    assert told.agent.preview("What may you tell others?") == NONE
    speaker.press()
    assert told.agent.preview("You may answer that in company always") is None


def test_speculating_about_a_gift_gives_nothing(talk, store, speaker) -> None:
    agent = talk(FakeModel()).agent
    speaker.press()
    agent.preview("You may tell others what I told you always")
    agent.prepare("You may tell others what I told you always")
    assert store.grants.all() == ()
