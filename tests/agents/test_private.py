"""What is private: told to the button only, and silent about itself to everybody else."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.agent import (
    DONT_KNOW_OWN,
    LOCKED,
    PRIVATE,
    PRIVATE_LOCKED,
    Acted,
    Agent,
    Text,
)
from agents.fake_model import FakeModel
from agents.tools import Toolbox
from agents.tools.standard import standard_tools
from context.items import Provenance
from context.keys.keyring import Tier
from context.policy import Audience, Principal, Purpose, Request, Sink
from context.store import Store

CODE = "Remember that my door code is 4711"


class TestRemembering:
    def test_the_receipt_says_that_it_is_private(self, talk) -> None:
        assert talk(None).say(CODE) == (
            "I'll remember that your door code is 4711. That's private, so I don't tell it to a"
            " voice alone."
        )

    def test_what_is_not_private_has_no_such_receipt(self, talk) -> None:
        said = talk(None).say("Remember that my car is on level 3")
        assert said == "I'll remember that your car is on level 3."

    def test_it_is_told_after_the_button_and_only_then(self, talk, speaker) -> None:
        model = FakeModel()
        conversation = talk(model)
        conversation.say(CODE)
        for question in ("What is my door code?", "What's the door code?", "Tell me my door code"):
            assert conversation.say(question) == PRIVATE
        assert "4711" not in conversation.say("What do you remember?")
        assert "4711" not in conversation.say("What did you keep today?")
        assert conversation.say("What do you know about my door code?") == PRIVATE
        assert model.prompts == []
        speaker.press()
        assert "4711" in conversation.say("What is my door code?")
        assert "4711" in conversation.say("What do you know about my door code?")
        assert "4711" in conversation.say("What did you keep today?")
        speaker.let_go()
        assert conversation.say("What is my door code?") == PRIVATE

    @pytest.mark.parametrize(
        ("fact", "question", "told"),
        [
            ("my PIN is 4711", "What is my PIN?", "4711"),
            ("my PIN is 4711", "Do you know my PIN?", "4711"),
            ("the wifi password is tulip 42", "What's the wifi password?", "tulip 42"),
            ("I earn 52,000 a year", "How much do I earn?", "52,000"),
            ("I am allergic to nuts", "What am I allergic to?", "nuts"),
            ("my blood type is A", "What is my blood type?", "type is A"),
            ("Anna's passport number is X 17", "What is Anna's passport number?", "X 17"),
        ],
    )
    def test_a_question_sounds_as_private_as_its_answer(self, talk, speaker, fact, question, told):
        model = FakeModel()
        conversation = talk(model)
        assert conversation.say(question) == PRIVATE, "before it was ever told"
        assert "private" in conversation.say(f"Remember that {fact}")
        assert conversation.say(question) == PRIVATE
        assert model.prompts == []
        speaker.press()
        assert told in conversation.say(question)

    def test_in_company_the_button_opens_nothing(self, talk, speaker) -> None:
        conversation = talk(None)
        conversation.say(CODE)
        speaker.press()
        speaker.audience = Audience.COMPANY
        assert "4711" not in conversation.say("What is my door code?")

    def test_a_private_question_that_something_open_answers_is_answered(self, talk) -> None:
        conversation = talk(None)
        conversation.say("Remember that my therapy bag is in the hall")
        conversation.say("Remember that my bag is in the hall")
        assert "hall" in conversation.say("Where is my bag?")

    @pytest.mark.parametrize(
        "question", ["What is a password?", "How many words are in the Bible?", "Why is it red?"]
    )
    def test_general_questions_are_for_the_model(self, talk, question) -> None:
        assert talk(FakeModel(["It is."])).say(question) == "It is."

    def test_a_stranger_hears_nothing_of_it(self, talk, speaker) -> None:
        conversation = talk(None)
        conversation.say(CODE)
        speaker.principal = Principal.UNKNOWN
        assert "4711" not in conversation.say("What is my door code?")


class TestLocked:
    @pytest.fixture
    def pin(self, store: Store) -> str:
        store.keyring.set_pin("4711 and more")
        return "4711 and more"

    def test_nothing_private_can_be_stored(self, talk, pin, speaker) -> None:
        conversation = talk(None)
        assert conversation.say("Lock my memory") == "The private part of my memory is locked."
        assert conversation.say(CODE).startswith("That sounds private, and the private part of")
        assert not conversation.receipts[-1].ok
        assert conversation.agent.preview(CODE) is None
        speaker.press()
        assert conversation.say("What is my door code?") == PRIVATE_LOCKED
        assert conversation.say("What do you know about my door code?") == PRIVATE_LOCKED
        assert conversation.say("Where is my car?") == DONT_KNOW_OWN

    def test_what_is_open_goes_on(self, talk, pin) -> None:
        conversation = talk(None)
        conversation.say("Remember that my car is on level 3")
        conversation.say("Lock")
        assert "level 3" in conversation.say("Where is my car?")

    def test_unlocked_it_is_there_again(self, talk, pin, speaker, store) -> None:
        conversation = talk(None)
        conversation.say(CODE)
        conversation.say("Lock my memory")
        store.unlock(pin)
        speaker.press()
        assert "4711" in conversation.say("What is my door code?")

    def test_anybody_may_lock(self, talk, pin, speaker, store) -> None:
        speaker.principal = Principal.UNKNOWN
        talk(None).say("Lock my memory")
        assert store.keyring.locked(Tier.RESTRICTED)

    def test_without_a_pin_it_cannot_be_locked_and_says_so(self, talk, store) -> None:
        conversation = talk(None)
        assert conversation.say("Lock my memory").startswith("I can't lock my memory")
        assert not conversation.receipts[-1].ok
        assert not store.keyring.locked(Tier.RESTRICTED)

    def test_all_of_it_locked(self, talk, tmp_path: Path, pin, store, monkeypatch) -> None:
        conversation = talk(FakeModel(["It is."]))
        conversation.say("Remember that my car is on level 3")
        monkeypatch.setattr(store.keyring, "locked", lambda _tier: True)
        monkeypatch.setattr(store, "recall", lambda *_, **__: [])
        assert conversation.say("Where is my car?") == LOCKED
        assert conversation.say("Is water wet?") == "It is."


class TestContradiction:
    def test_what_is_no_longer_true_is_asked_about(self, talk, store, speaker, calendar) -> None:
        conversation = talk(None)
        conversation.say("Remember that my car is on level 3")
        calendar.go_on(60)
        assert conversation.say("Remember that my car is on level 5") == (
            "I'll remember that your car is on level 5. You told me before that your car is on"
            " level 3. Is that no longer true?"
        )
        assert conversation.say("Yes") == "I've noted that it's no longer true."
        assert "level 5" in conversation.say("Where is my car?")
        kept = store.items(speaker.mint(Purpose.ANSWER), limit=9)
        assert {item.text for item in kept} == {"my car is on level 3", "my car is on level 5"}
        calendar.go_on(1)
        assert [r.item.text for r in store.recall(speaker.mint(Purpose.ANSWER), "my car")] == [
            "my car is on level 5"
        ]

    @pytest.mark.parametrize("said", ["No.", "It's still true", "no, that's still true", "Stop"])
    def test_what_is_still_true_stays(self, talk, store, speaker, said) -> None:
        conversation = talk(None)
        conversation.say("Remember that my bike is red")
        conversation.say("Remember that my bike is blue")
        conversation.say(said)
        assert len(store.recall(speaker.mint(Purpose.ANSWER), "my bike")) == 2

    @pytest.mark.parametrize("said", ["That's right.", "It's no longer true", "Not any more"])
    def test_ways_to_say_yes(self, talk, store, speaker, said) -> None:
        conversation = talk(None)
        conversation.say("Remember that my bike is red")
        conversation.say("Remember that my bike is blue")
        assert conversation.say(said) == "I've noted that it's no longer true."

    def test_the_new_one_can_be_forgotten_instead(self, talk) -> None:
        conversation = talk(None)
        conversation.say("Remember that my bike is red")
        conversation.say("Remember that my bike is blue")
        assert conversation.say("Forget that").startswith("I've forgotten that.")
        assert "red" in conversation.say("What color is my bike?")

    def test_a_model_that_is_told_what_was_true_does_not_say_it_again(self, talk) -> None:
        model = FakeModel(["Fine."])
        conversation = talk(model)
        conversation.say("Remember that Bob is in Rome")
        conversation.say("What should I send Bob?")
        conversation.say("Remember that Bob is in Oslo")
        conversation.say("yes")
        conversation.say("What should I send Bob?")
        assert "Rome" not in str(model.prompts[-1])

    def test_what_only_the_button_opens_is_not_spoken_of_to_a_voice(self, talk, speaker) -> None:
        conversation = talk(None)
        conversation.say("Remember that my door code is 0815")
        assert "before" not in conversation.say(CODE)
        conversation.say("Undo")
        speaker.press()
        assert "before" in conversation.say("Remember that my door code is 1234")

    def test_what_others_said_contradicts_nothing(self, toolbox, context, store, speaker) -> None:
        store.remember(
            speaker.mint(Purpose.REMEMBER), "Bob is in Rome", said_by=Provenance.OWNER_SPOKE
        )
        spoken = toolbox.call("remember", {"fact": "Bob is in Oslo"}, context).spoken
        assert "Rome" in spoken

    def test_a_yes_that_comes_too_late(self, toolbox, context) -> None:
        assert not toolbox.call("remember", {"no_longer": ("0" * 32,)}, context).ok


# Nothing that is said depends on what lies outside of what is open to who asks.

SAID = (
    "What is my door code?",
    "What's the alarm code?",
    "Where is my car?",
    "What do you remember?",
    "What did you keep today?",
    "How many things do you remember?",
    "What do you know about my door code?",
    "Forget everything about my door code",
    "Forget the last hour",
    "no",
    "Forget everything about Anna",
    "no",
    "Why do you know that?",
    "What should I buy Anna?",
    "Undo",
    "What may you tell others?",
    "Remember that my door code is 99",
    "Remember that my car is on level 5",
    "Forget everything",
    "yes",
    "Undo",
    "Why is the sky blue?",
)
SECRETS = st.lists(
    st.sampled_from(
        [
            "my door code is 4711",
            "my door code is 0815",
            "the alarm code is 12 34",
            "my car payment is a mortgage of 1000 a month",
            "Anna has diabetes",
            "I am allergic to tulips",
            "the PIN is 1234",
            "my blood type is A",
        ]
    ),
    max_size=4,
    unique=True,
)


def converse(folder: Path, router, secrets: list[str], principal: Principal) -> tuple[object, ...]:
    """All that is said and shown to the model, in a vault with some secrets."""
    now = datetime(2026, 11, 23, 16, 5, tzinfo=UTC)
    ids = iter(range(1, 1000))
    store = Store(folder, None, lambda: now, new_id=lambda: f"{next(ids):032x}")
    store.open()

    def mint(purpose: Purpose):
        return store.mint(Request(principal, 1.0, purpose, Audience.ALONE, Sink.SPEAKER))

    owner = Request(Principal.OWNER, 1.0, Purpose.REMEMBER, Audience.ALONE, Sink.SPEAKER)
    try:
        for text in ("my car is on level 3", "Anna likes tulips"):
            store.remember(store.mint(owner), text, said_by=Provenance.OWNER_SPOKE)
        for text in secrets:
            store.remember(store.mint(owner), text, said_by=Provenance.OWNER_SPOKE)
        model = FakeModel(["One.", "Two.", "Three.", "Four."])
        schedule: Callable[..., object] = None  # pyright: ignore
        agent = Agent(
            router=router,
            toolbox=Toolbox(standard_tools(schedule, lambda: now)),  # pyright: ignore
            model=model,
            store=store,
            mint=mint,
            now=lambda: now,
        )
        agent.load()
        heard: list[object] = []
        for said in SAID:
            heard.append(agent.preview(said))
            agent.prepare(said)
            reply = list(agent.reply(said))
            text = "".join(part.text for part in reply if isinstance(part, Text))
            heard += [text, *(part.receipt.ok for part in reply if isinstance(part, Acted))]
            agent.heard(said, text)
        return heard, model.prompts, model.read_ahead
    finally:
        store.close()


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(one=SECRETS, other=SECRETS, principal=st.sampled_from([Principal.OWNER, Principal.UNKNOWN]))
def test_a_voice_hears_the_same_whatever_is_private(router, one, other, principal) -> None:
    with TemporaryDirectory() as first, TemporaryDirectory() as second:
        assert converse(Path(first), router, one, principal) == converse(
            Path(second), router, other, principal
        )
