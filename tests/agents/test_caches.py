"""What is kept of prompts and replies goes when other things are open, or some are forgotten."""

from hashlib import sha256

import pytest

from agents.agent import Agent
from agents.fake_model import FakeModel
from agents.prompt import key_of
from context.audit import read
from context.policy import Audience, Principal, Purpose, Scope

FACT = "Remember that Anna likes yellow tulips"
QUESTION = "What should I buy Anna?"


class Flushed:
    """Counts how often others are told to let go."""

    def __init__(self, agent: Agent) -> None:
        self.times = 0
        agent.when_flushed(self._flush)

    def _flush(self) -> None:
        self.times += 1


@pytest.fixture
def model() -> FakeModel:
    return FakeModel(["One.", "Two.", "Three.", "Four.", "Five."])


@pytest.fixture
def conversation(talk, model):
    conversation = talk(model)
    conversation.say(FACT)
    conversation.say(QUESTION)
    assert "tulips" in str(model.held)
    return conversation


class TestScope:
    def test_the_model_holds_nothing_of_another_scope(self, conversation, model, speaker) -> None:
        speaker.audience = Audience.COMPANY
        conversation.say("Why is the sky blue?")
        assert "tulips" not in str(model.held)
        assert "Anna" not in str(model.held)

    def test_nor_what_was_only_read_ahead(self, conversation, model, speaker) -> None:
        conversation.agent.start_over()
        conversation.agent.prepare(QUESTION)
        assert "tulips" in str(model.held)
        speaker.audience = Audience.COMPANY
        conversation.agent.prepare("Why is the sky blue?")
        assert "tulips" not in str(model.held)

    def test_nor_in_the_hands_of_a_stranger(self, conversation, model, speaker) -> None:
        speaker.principal = Principal.UNKNOWN
        conversation.say("Why is the sky blue?")
        assert "tulips" not in str(model.held)

    def test_nor_what_one_item_answered(self, conversation, model, speaker) -> None:
        conversation.say("Remember that my car is on level 3")
        conversation.say("Where is my car?")
        assert "level 3" in str(model.held)
        speaker.principal = Principal.UNKNOWN
        conversation.say("Why is the sky blue?")
        assert "level 3" not in str(model.held)

    def test_what_the_button_opened_is_not_held_in_the_next_turn(
        self, conversation, model, speaker
    ) -> None:
        conversation.say("Remember that Anna's PIN is 4711")
        speaker.press()
        conversation.say("What should I tell Anna about her PIN?")
        assert "4711" in str(model.held)
        speaker.let_go()
        conversation.say("Why is the sky blue?")
        assert "4711" not in str(model.held)
        assert "4711" not in str(model.prompts[-1])

    def test_the_same_scope_goes_on(self, conversation, model) -> None:
        dropped = model.dropped
        conversation.say("Why is the sky blue?")
        conversation.say("Why is grass green?")
        assert model.dropped == dropped

    def test_others_are_told(self, conversation, speaker) -> None:
        flushed = Flushed(conversation.agent)
        conversation.say("Why is the sky blue?")
        conversation.say("Where is my passport?")
        assert flushed.times == 0
        speaker.audience = Audience.COMPANY
        conversation.say("Why is grass green?")
        assert flushed.times == 1
        conversation.agent.preview("What do you remember?")
        assert flushed.times == 1
        speaker.audience = Audience.ALONE
        conversation.agent.preview("What do you remember?")
        assert flushed.times == 2
        speaker.principal = Principal.UNKNOWN
        conversation.agent.prepare("Where is my passport?")
        assert flushed.times == 3

    def test_a_turns_own_permission_counts(self, conversation, speaker) -> None:
        flushed = Flushed(conversation.agent)

        def pressed(purpose: Purpose) -> Scope:
            speaker.press()
            return speaker.mint(purpose)

        conversation.say("Remember that my PIN is 4711")
        conversation.say("What is my PIN?", pressed)
        assert flushed.times == 1

    def test_a_scope_that_opens_the_same_has_the_same_key(self, speaker, calendar) -> None:
        alone = key_of(speaker.mint(Purpose.ANSWER))
        calendar.go_on(600)
        assert key_of(speaker.mint(Purpose.ANSWER)) == alone
        speaker.audience = Audience.COMPANY
        assert key_of(speaker.mint(Purpose.ANSWER)) != alone
        assert key_of(None) not in (alone, key_of(speaker.mint(Purpose.ANSWER)))


class TestAfterAReply:
    """What is done at once, while nobody waits."""

    def test_the_conversation_is_read(self, conversation, model) -> None:
        conversation.agent.read_history()
        assert [m.content for m in model.read_ahead[-1]][1:] == [QUESTION, "One.", ""]

    def test_what_the_button_opened_goes(self, conversation, model, speaker) -> None:
        conversation.say("Remember that Anna's PIN is 4711")
        speaker.press()
        conversation.say("What should I tell Anna about her PIN?")
        flushed = Flushed(conversation.agent)
        conversation.agent.read_history()
        assert (model.held, flushed.times) == ([], 1)

    def test_it_uses_up_no_permission(self, conversation, model, speaker, monkeypatch) -> None:
        monkeypatch.setattr(speaker, "mint", None)
        conversation.agent.read_history()
        assert len(model.read_ahead) == 1

    def test_an_expired_permission_reads_nothing(self, conversation, model, calendar) -> None:
        calendar.go_on(3600)
        conversation.agent.read_history()
        assert model.read_ahead == []

    def test_nothing_was_asked_yet(self, talk, model) -> None:
        agent = talk(model).agent
        agent.read_history()
        assert model.read_ahead == []


@pytest.mark.parametrize(
    "said",
    [
        ["Forget everything about Anna", "yes"],
        ["Forget the last hour", "yes"],
        ["Forget this conversation"],
        ["Remember that Anna likes roses", "Undo"],
        ["Lock my memory"],
        ["Revoke all permissions", "yes"],
    ],
)
def test_nothing_is_left_of_what_was_said_before(conversation, model, said) -> None:
    flushed = Flushed(conversation.agent)
    for each in said:
        conversation.say(each)
    assert model.held == []
    assert flushed.times > 0
    assert conversation.say("How do you know that?").startswith("Nothing you told me")
    conversation.say("Why is the sky blue?")
    assert "Anna" not in str(model.prompts)


def test_after_an_undo_the_answer_is_a_new_one(conversation, model) -> None:
    conversation.say("Forget everything about Anna")
    conversation.say("yes")
    conversation.say(QUESTION)
    assert "tulips" not in str(model.held)
    flushed = Flushed(conversation.agent)
    conversation.say("Undo")
    assert (model.held, flushed.times) == ([], 1)
    conversation.say(QUESTION)
    assert "tulips" in str(model.prompts[-1])


def test_a_reply_begun_before_it_was_forgotten_leaves_no_trace(conversation, model) -> None:
    agent = conversation.agent
    begun = agent.reply(QUESTION)
    next(begun)
    conversation.say("Forget everything about Anna")
    conversation.say("yes")
    list(begun)
    agent.heard(QUESTION, "Tulips.")
    assert agent._exchanges.history == []
    assert agent.preview("How do you know that?").startswith("Nothing you told me")


def test_prompts_are_in_the_audit_log_without_a_word(conversation, store, model) -> None:
    log = store.folder / "audit.jsonl"
    records = read(log, store.keyring.subkey("audit"), limit=99)
    prompts = [record for record in records if record.event == "prompt"]
    assert len(prompts) == 1
    assert len(prompts[0].facts["ids"]) == 1
    digest = prompts[0].facts["digest"]
    said = "\0".join(message.content for message in model.prompts[0]).encode()
    assert len(digest) == 64
    assert digest != sha256(said).hexdigest(), "which would let short texts be guessed"
    assert "tulips" not in log.read_text("utf-8")
