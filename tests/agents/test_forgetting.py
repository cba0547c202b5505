"""Forgetting by voice: what is meant, what is said before and after, and taking it back."""

from collections.abc import Callable

import pytest

from agents.agent import DONT_KNOW_OWN, PRIVATE
from agents.fake_model import FakeModel
from agents.tools import Toolbox, ToolContext
from agents.tools.standard import standard_tools
from context.embed import Embedder
from context.fake_embed import HashingEmbedder
from context.items import About, Provenance
from context.labels import Compartment
from context.policy import Audience, Principal, Purpose, Request, Scope, Sink
from context.store import Store

ANNA = ("Anna likes yellow tulips", "Anna's birthday is on the 4th of May", "my sister is Anna")


@pytest.fixture
def tell(store: Store, speaker, calendar) -> Callable[..., None]:
    def tell(*facts: str) -> None:
        for fact in facts:
            calendar.go_on(1)
            store.remember(speaker.mint(Purpose.REMEMBER), fact, said_by=Provenance.OWNER_SPOKE)

    return tell


@pytest.fixture
def texts(store: Store, speaker) -> Callable[[], set[str]]:
    def texts() -> set[str]:
        speaker.press()
        found = {item.text for item in store.items(speaker.mint(Purpose.ANSWER), limit=99)}
        speaker.let_go()
        return found

    return texts


class TestLastMinutes:
    def test_what_was_told_since_is_previewed_and_forgotten(
        self, talk, tell, calendar, texts
    ) -> None:
        conversation = talk(None)
        tell("my car is on level 3")
        calendar.go_on(3600)
        tell("the spare key is under my pot")
        calendar.go_on(300)
        tell("Anna likes tulips")
        calendar.go_on(299)
        assert conversation.say("Forget the last ten minutes") == (
            "I'd forget 2 things from the last 10 minutes: that Anna likes tulips, and that the"
            " spare key is under your pot. Say yes to forget them."
        )
        assert len(texts()) == 3
        assert conversation.say("Yes") == (
            "I've forgotten those 2 things. Say undo within a minute to bring them back."
        )
        assert texts() == {"my car is on level 3"}
        assert conversation.say("Undo") == "I've brought those 2 things back."
        assert len(texts()) == 3

    def test_one_thing(self, talk, tell, texts) -> None:
        conversation = talk(None)
        tell("Anna likes tulips")
        assert conversation.say("Forget the last hour") == (
            "Should I forget that Anna likes tulips, from the last hour? Say yes to forget it."
        )
        conversation.say("no")
        assert texts() == {"Anna likes tulips"}

    def test_the_day_and_the_day_before(self, talk, tell, calendar, texts) -> None:
        conversation = talk(None)
        tell("my car is on level 3")
        calendar.go_on(86_400)
        tell("Anna likes tulips")
        assert "level 3, from yesterday" in conversation.say("Forget what I told you yesterday")
        assert "tulips, from today" in conversation.say("Forget everything from today")
        conversation.say("yes")
        assert texts() == {"my car is on level 3"}

    def test_nothing_was_kept_but_what_was_said_is_gone(self, talk) -> None:
        model = FakeModel(["Fine."])
        conversation = talk(model)
        conversation.say("Why is the sky blue?")
        said = conversation.say("Forget the last ten minutes")
        assert said == "I've kept nothing from the last 10 minutes."
        conversation.say("Why is grass green?")
        assert "sky" not in str(model.prompts)

    def test_the_conversation_alone(self, talk, tell, texts) -> None:
        model = FakeModel(["Fine."])
        conversation = talk(model)
        tell("Anna likes tulips")
        conversation.say("Why is the sky blue?")
        assert conversation.say("Forget this conversation").startswith("I've forgotten what we")
        conversation.say("Why is grass green?")
        assert "sky" not in str(model.prompts)
        assert texts() == {"Anna likes tulips"}


class TestEverythingAbout:
    def test_all_of_it_is_found_previewed_forgotten_and_brought_back(
        self, talk, tell, texts
    ) -> None:
        conversation = talk(None)
        tell(*ANNA, "Joanna has a red bike", "Anna-Lena is tall", "my car is on level 3")
        before = texts()
        assert conversation.say("Forget everything you know about Anna") == (
            "I'd forget 3 things about Anna: that your sister is Anna, that Anna's birthday is on"
            " the 4th of May, and 1 more. Say yes to forget them."
        )
        assert conversation.say("yes") == (
            "I've forgotten those 3 things. Say undo within a minute to bring them back."
        )
        assert texts() == before - set(ANNA)
        assert conversation.say("Bring that back") == "I've brought those 3 things back."
        assert texts() == before

    def test_more_than_the_best_few(self, talk, tell, texts) -> None:
        tell(*(f"Anna has {n} marbles in box {n}" for n in range(40)), "my car is on level 3")
        conversation = talk(None)
        assert "40 things about Anna" in conversation.say("Forget everything about Anna")
        conversation.say("yes")
        assert texts() == {"my car is on level 3"}

    def test_what_somebody_said_or_is_kept_under_their_name(
        self, talk, tell, store, speaker, texts
    ) -> None:
        store.remember(
            speaker.mint(Purpose.REMEMBER),
            "the shop closes at six",
            said_by=Provenance.OWNER_SPOKE,
            about=About(speaker="Anna"),
        )
        annas = Compartment.parse("person:anna/general")
        request = Request(Principal.OWNER, 1.0, Purpose.REMEMBER, Audience.ALONE, Sink.SPEAKER)
        store.remember(
            store.mint(request, also=[annas]),
            "she plays the cello",
            compartment=annas,
            said_by=Provenance.OWNER_SPOKE,
        )
        tell("my car is on level 3")
        conversation = talk(None)
        assert "2 things about Anna" in conversation.say("Forget everything about Anna")
        conversation.say("Yes, forget them.")
        assert texts() == {"my car is on level 3"}

    def test_what_is_no_name_is_found_by_its_words(self, talk, tell, texts) -> None:
        tell("my sister likes tea", "my sisters live in Rome", "my brother likes tea")
        conversation = talk(None)
        assert "2 things about your sister" in conversation.say("Forget everything about my sister")
        conversation.say("yes")
        assert texts() == {"my brother likes tea"}

    def test_nothing_is_known(self, talk) -> None:
        said = talk(None).say("Forget everything about Anna")
        assert said == "I remember nothing about Anna."

    def test_a_verb_that_is_also_a_name(self, talk, tell, texts) -> None:
        tell("I will buy milk", "Will likes milk")
        conversation = talk(None)
        conversation.say("Forget everything about Will")
        conversation.say("yes")
        assert texts() == {"I will buy milk"}


class TestByMeaning:
    """What the words don't say is asked about apart: a brother is near to a sister."""

    @pytest.fixture
    def embedder(self) -> Embedder:
        return _SameTopic()

    def test_it_is_asked_about_after_what_is_sure(self, talk, tell, texts) -> None:
        tell("my sister likes tea", "my brother plays chess", "the car is red")
        conversation = talk(None)
        assert conversation.say("Forget everything about my sister") == (
            "Should I forget that your sister likes tea? Say yes to forget it."
        )
        assert conversation.say("yes") == (
            "I've forgotten that. Say undo within a minute to bring it back. This may be about it"
            " too: that your brother plays chess. Say yes to forget it as well."
        )
        assert texts() == {"my brother plays chess", "the car is red"}
        conversation.say("yes")
        assert texts() == {"the car is red"}
        assert conversation.say("undo") == "I've brought that back."
        assert conversation.say("undo") == "I've brought that back."
        assert len(texts()) == 3

    def test_it_is_all_there_is(self, talk, tell, texts) -> None:
        tell("my brother plays chess", "the car is red")
        conversation = talk(None)
        assert "your brother plays chess" in conversation.say("Forget everything about my sister")
        conversation.say("yes")
        assert texts() == {"the car is red"}

    def test_naming_one_thing_asks_of_no_more(self, talk, tell) -> None:
        tell("my sister likes tea", "my brother plays chess")
        conversation = talk(None)
        conversation.say("Forget that my sister likes tea")
        assert "may be" not in conversation.say("yes")


class TestUndo:
    @pytest.mark.parametrize("said", ["Undo that.", "Bring it back", "Take that back"])
    def test_within_its_time(self, talk, calendar, texts, said) -> None:
        conversation = talk(None)
        conversation.say("Remember that my car is on level 3")
        conversation.say("Forget that")
        assert conversation.say("Where is my car?") == DONT_KNOW_OWN
        calendar.go_on(59)
        assert conversation.say(said) == "I've brought that back."
        assert "level 3" in conversation.say("Where is my car?")

    def test_after_its_time(self, talk, calendar, store, texts) -> None:
        conversation = talk(None)
        conversation.say("Remember that my car is on level 3")
        conversation.say("Forget that")
        calendar.go_on(60)
        assert conversation.say("Undo") == "That's erased; I can't bring it back."
        assert store.reap() == 1
        assert conversation.say("Undo") == "That's erased; I can't bring it back."
        assert texts() == set()

    def test_there_is_nothing_to_undo(self, talk, tell) -> None:
        conversation = talk(None)
        assert conversation.say("Undo") == "There's nothing I can bring back."
        conversation.say("Remember that my car is on level 3")
        conversation.say("Forget that")
        conversation.say("Undo")
        assert conversation.say("Undo") == "There's nothing I can bring back."

    def test_of_remembering_is_forgetting(self, talk, texts) -> None:
        conversation = talk(None)
        conversation.say("Remember that my car is on level 3")
        assert conversation.say("Undo that").startswith("I've forgotten that.")
        assert texts() == set()
        assert conversation.say("Undo that") == "I've brought that back."
        assert texts() == {"my car is on level 3"}

    def test_without_a_time_it_is_erased_at_once(self, schedule, calendar, context, tell) -> None:
        toolbox = Toolbox(standard_tools(schedule, calendar.now, undo_s=0))
        tell("Anna likes tulips")
        asked = toolbox.call("forget", {}, context).asks
        assert asked is not None
        assert toolbox.call("forget", asked.args, context).spoken == "I've forgotten that."
        assert not toolbox.call("undo", {}, context).ok

    @pytest.mark.parametrize(
        "time",
        [(30, "30 seconds"), (60, "a minute"), (600, "10 minutes"), (3600, "an hour")],
    )
    def test_its_time_is_told(self, schedule, calendar, context, tell, time) -> None:
        undo_s, within = time
        toolbox = Toolbox(standard_tools(schedule, calendar.now, undo_s=undo_s))
        tell("Anna likes tulips")
        asked = toolbox.call("forget", {}, context).asks
        assert asked is not None
        assert f"undo within {within} to" in toolbox.call("forget", asked.args, context).spoken


class TestPrivate:
    def test_a_voice_forgets_nothing_private(self, talk, tell, texts) -> None:
        tell("my door code is 4711", "my bike is red")
        conversation = talk(None)
        assert conversation.say("Forget everything about my door code") == PRIVATE
        conversation.say("Forget everything")
        conversation.say("yes")
        assert texts() == {"my door code is 4711"}

    def test_nor_what_it_has_just_told(self, talk, texts, speaker, calendar) -> None:
        conversation = talk(None)
        conversation.say("Remember that my bike is red")
        calendar.go_on(1)
        conversation.say("Remember that my door code is 4711")
        said = conversation.say("Forget that")
        assert said == "That's private: press the button, and then say forget that."
        assert len(texts()) == 2
        speaker.press()
        assert "4711" in conversation.say("Forget that")
        conversation.say("yes")
        assert texts() == {"my bike is red"}

    def test_a_yes_goes_with_the_question_that_was_asked_by_the_button(
        self, talk, tell, texts, speaker
    ) -> None:
        tell("my door code is 4711")
        conversation = talk(None)
        pressed = _pressed(speaker)
        assert "4711" in conversation.say("Forget everything about my door code", pressed)
        assert conversation.say("yes") == (
            "I've forgotten that. Press the button and say undo within a minute to bring it back."
        )
        assert texts() == set()
        assert conversation.say("undo") == "There's nothing I can bring back."
        speaker.press()
        assert conversation.say("undo") == "I've brought that back."

    def test_nor_does_a_stranger_say_yes_to_what_the_button_asked(
        self, talk, tell, texts, speaker
    ) -> None:
        tell("my door code is 4711", "Anna likes tulips")
        conversation = talk(None)
        pressed = _pressed(speaker)
        for topic in ("my door code", "Anna"):
            owners = _owners(pressed, speaker)
            conversation.say(f"Forget everything about {topic}", owners)
            speaker.principal = Principal.UNKNOWN
            assert "forgotten" not in conversation.say("yes")
            speaker.principal = Principal.OWNER
        assert len(texts()) == 2

    def test_a_stranger_does_not_say_yes(self, talk, tell, texts, speaker) -> None:
        tell("Anna likes tulips")
        conversation = talk(None)
        conversation.say("Forget everything about Anna")
        speaker.principal = Principal.UNKNOWN
        assert "forgotten" not in conversation.say("yes")
        speaker.principal = Principal.OWNER
        assert texts() == {"Anna likes tulips"}


def _pressed(speaker):
    """The permissions of one turn that was begun by the button."""

    def mint(purpose: Purpose) -> Scope:
        speaker.press()
        try:
            return speaker.mint(purpose)
        finally:
            speaker.let_go()

    return mint


def _owners(mint, speaker):
    """The same permissions, whoever speaks by then."""

    def minted(purpose: Purpose) -> Scope:
        principal, speaker.principal = speaker.principal, Principal.OWNER
        try:
            return mint(purpose)
        finally:
            speaker.principal = principal

    return minted


class _SameTopic(HashingEmbedder):
    """Takes all that is said of sisters and brothers to mean the same."""

    def embed(self, texts):
        return super().embed(
            [
                "kin" if any(word in text for word in ("sister", "brother")) else text
                for text in texts
            ]
        )


def test_a_receipt_names_no_one(toolbox: Toolbox, context: ToolContext, tell) -> None:
    tell(*ANNA)
    receipt = toolbox.call("forget", {"topic": "Anna", "every": True}, context)
    assert "Anna" not in str(receipt.facts)
    assert receipt.asks is not None
    assert "Anna" not in str(receipt.asks.args)
