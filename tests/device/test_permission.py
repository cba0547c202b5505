"""The permissions of one turn."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from context import (
    Audience,
    Authentication,
    Grant,
    HashingEmbedder,
    Lasts,
    Principal,
    Provenance,
    Purpose,
    Request,
    ScopeDenied,
    Sink,
    Store,
)
from context.policy import ANY_DAY, SCOPE_LIFE_S
from device.permission import TurnMint, ask
from device.settings import Settings
from tests.scenarios.world import LoopClock


class Loop:
    def __init__(self) -> None:
        self.now_s = 0.0

    def time(self) -> float:
        return self.now_s


@pytest.fixture
def loop() -> Loop:
    return Loop()


@pytest.fixture
def clock(loop: Loop) -> LoopClock:
    return LoopClock(loop)  # pyright: ignore


@pytest.fixture
def store(tmp_path: Path, clock: LoopClock) -> Iterator[Store]:
    store = Store(tmp_path / "memory", HashingEmbedder(), clock.now)
    store.open()
    store.remember(
        ask(store, Purpose.REMEMBER, Authentication.VOICE),
        "my PIN is 4711",
        said_by=Provenance.OWNER_SPOKE,
    )
    yield store
    store.close()


@pytest.fixture
def turn(store: Store, clock: LoopClock):
    return lambda shown_by: TurnMint(store, shown_by, lambda: clock.now().timestamp())


def found(store: Store, scope) -> list[str]:
    return [item.text for item in store.items(scope, limit=9)]


def test_the_button_opens_what_a_voice_does_not(store: Store, turn) -> None:
    assert found(store, turn(Authentication.VOICE)(Purpose.ANSWER)) == []
    assert found(store, turn(Authentication.BUTTON)(Purpose.ANSWER)) == ["my PIN is 4711"]
    assert found(store, turn(Authentication.ACCOUNT)(Purpose.ANSWER)) == ["my PIN is 4711"]


def test_what_is_typed_is_answered_where_it_is_typed(store: Store) -> None:
    for shown_by in Authentication:
        typed = shown_by in (Authentication.ACCOUNT, Authentication.PIN)
        sink = ask(store, Purpose.ANSWER, shown_by).sink
        assert sink is (Sink.SCREEN if typed else Sink.SPEAKER)
        if shown_by.is_present:
            assert ask(store, Purpose.REVIEW, shown_by).sink is Sink.SCREEN


def test_a_turn_asks_once_for_each_purpose(turn) -> None:
    mint = turn(Authentication.BUTTON)
    assert mint(Purpose.ANSWER) is mint(Purpose.ANSWER)
    assert mint(Purpose.ANSWER).purpose is Purpose.ANSWER
    assert mint(Purpose.FORGET).purpose is Purpose.FORGET


def test_presence_lasts_no_longer_than_a_scope(store: Store, turn, loop: Loop) -> None:
    mint = turn(Authentication.BUTTON)
    loop.now_s = SCOPE_LIFE_S - 1
    assert mint(Purpose.ANSWER).present
    loop.now_s = SCOPE_LIFE_S
    assert mint(Purpose.ANSWER).present, "the scope itself is still valid"
    assert not mint(Purpose.FORGET).present
    loop.now_s = 2 * SCOPE_LIFE_S
    assert not mint(Purpose.ANSWER).present
    assert found(store, mint(Purpose.ANSWER)) == []


def test_a_clock_that_is_set_back_ends_a_scope(turn, loop: Loop) -> None:
    loop.now_s = 100.0
    mint = turn(Authentication.BUTTON)
    first = mint(Purpose.ANSWER)
    loop.now_s = 50.0
    assert mint(Purpose.ANSWER) is not first


def test_what_is_allowed_once_is_used_by_one_turn(store: Store, turn) -> None:
    day = "ambient/2026-11-23"
    ambient = Request(
        Principal.OWNER, 1.0, Purpose.REMEMBER, Audience.ALONE, Sink.SPEAKER, Authentication.BUTTON
    )
    from context import Compartment

    place = Compartment.parse(day)
    store.remember(
        store.mint(ambient, also=[place]),
        "the train is late",
        compartment=place,
        said_by=Provenance.OVERHEARD,
    )
    once = Grant(
        "0" * 32, ANY_DAY, Principal.OWNER, Purpose.ANSWER, Sink.SPEAKER, False, Lasts.ONCE
    )
    review = ask(store, Purpose.REVIEW, Authentication.BUTTON)
    store.grants.give(review, once)
    mint = turn(Authentication.VOICE)
    for _ in range(3):  # however often the reply is begun
        assert found(store, mint(Purpose.ANSWER)) == ["the train is late"]
    assert found(store, turn(Authentication.VOICE)(Purpose.ANSWER)) == []


def test_a_voice_reviews_nothing(store: Store, turn) -> None:
    with pytest.raises(ScopeDenied):
        turn(Authentication.VOICE)(Purpose.REVIEW)
    assert turn(Authentication.BUTTON)(Purpose.REVIEW).sink is Sink.SCREEN


@pytest.mark.parametrize(
    ("shown_by", "sink"),
    [
        (Authentication.VOICE, Sink.SPEAKER),
        (Authentication.BUTTON, Sink.SPEAKER),
        (Authentication.ACCOUNT, Sink.SCREEN),
    ],
)
def test_where_an_answer_goes(store: Store, shown_by, sink) -> None:
    assert ask(store, Purpose.ANSWER, shown_by).sink is sink


def test_a_whole_mind_asks_so(tmp_path: Path) -> None:
    from agents.agent import Text
    from device.assemble import assemble_mind
    from device.settings import MemorySettings, NoModelSettings

    settings = Settings().model_copy(
        update={
            "think": NoModelSettings(),
            "memory": MemorySettings(embedder="none", undo_s=30),
        }
    )

    def say(mind, text: str, **options) -> str:
        parts = mind.agent.reply(text, **options)
        return "".join(part.text for part in parts if isinstance(part, Text))

    mind = assemble_mind(settings, tmp_path)
    assert mind.load() is None
    try:
        say(mind, "Remember that my PIN is 4711")
        assert "button" in say(mind, "What is my PIN?")
        assert "4711" in say(mind, "What is my PIN?", mint=mind.turn(Authentication.BUTTON))
        assert "button" in say(mind, "What is my PIN?", mint=mind.turn(Authentication.VOICE))
        say(mind, "Remember that my car is red")
        assert "within 30 seconds" in say(mind, "Forget that")
    finally:
        mind.close()
    typed = assemble_mind(settings, tmp_path, present=lambda: Authentication.ACCOUNT)
    assert typed.load() is None
    try:
        assert "4711" in say(typed, "What is my PIN?")
    finally:
        typed.close()
    assert replace(mind, mint=None).turn(Authentication.BUTTON) is None
