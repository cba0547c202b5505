"""What is said in one turn is not heard of in another that may not know it.

Through the whole agent, with a model that repeats all that it was ever shown: whoever asks, by
whatever means, and whatever was asked before.
"""

import itertools
import random
import re
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.agent import Acted, Agent, Mint, Text
from agents.fake_model import FakeModel
from agents.model import Message
from agents.router import Router
from agents.tools import Toolbox
from agents.tools.standard import standard_tools
from context import (
    Audience,
    Authentication,
    Compartment,
    HashingEmbedder,
    Principal,
    Purpose,
    Request,
    Scope,
    Sink,
    Store,
    decide,
)
from tests.tiers import cases

POOL = [Compartment.parse(text) for text in ("owner/general", "household/general")]
SHOWN_BY = [Authentication.VOICE, Authentication.BUTTON]
ASKERS = list(itertools.product(Principal, [1.0, 0.6], Audience, SHOWN_BY))
askers = st.sampled_from([ASKERS[0]] * 12 + [ASKERS[1]] * 4 + ASKERS)  # mostly the owner, alone


class Echo(FakeModel):
    """Says everything that it was shown, as a model may."""

    def __init__(self) -> None:
        super().__init__([], context_tokens=100_000)
        self.shown = ""

    def stream(self, messages: list[Message], **how: Any) -> Iterator[str]:
        self.shown += " ".join(message.content for message in messages)
        list(super().stream(messages, **how))
        yield from (f"{message.content} " for message in messages)


class Nothing:
    """A schedule in which there is never a timer."""

    def add(self, duration_s: float, name: str | None) -> Any:
        raise AssertionError((duration_s, name))

    def cancel(self, timer_id: str) -> bool:
        raise AssertionError(timer_id)

    def running(self) -> list[Any]:
        return []


SAYINGS = [
    "remember that the spare key is under the {}",
    "remember that my password is {}",
    "remember that my {} is in the garden",
    "where is my spare key",
    "what is my password",
    "where is my {}",
    "what do you remember",
    "what did I tell you about the key",
    "tell me a story about a {}",
    "what is a {}",
    "what did you use",
    "forget that",
    "forget everything about the key",
    "yes",
    "no",
    "undo that",
    "why do you say that",
]


@pytest.fixture(scope="module")
def router() -> Router:
    router = Router()
    router.load()
    return router


@settings(max_examples=cases(60, 5000), deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(askers, st.sampled_from(SAYINGS)), min_size=2, max_size=14))
def test_a_turn_hears_nothing_of_what_was_only_open_to_another(
    fast_folder: Path, router: Router, turns: list[tuple[tuple[Any, ...], str]]
) -> None:
    """Whoever asks, whatever the model repeats: each secret word is heard where it may be."""
    moment = datetime(2026, 11, 23, 9, tzinfo=UTC)
    store = Store(fast_folder / uuid4().hex, HashingEmbedder(32), lambda: moment)
    store.open()
    model = Echo()

    def mint(asking: tuple[Any, ...], purpose: Purpose) -> Scope:
        principal, sure, audience, authentication = asking
        sink = Sink.SCREEN if purpose is Purpose.REVIEW else Sink.SPEAKER
        return store.mint(Request(principal, sure, purpose, audience, sink, authentication))

    agent = Agent(
        router=router,
        toolbox=Toolbox(standard_tools(Nothing(), lambda: moment)),
        model=model,
        store=store,
        mint=partial(mint, ASKERS[0]),
        now=lambda: moment,
    )
    agent.load()
    taint: dict[str, frozenset[Compartment]] = {}
    chance = random.Random(0)
    try:
        for asking, saying in turns:
            word = "".join(chance.choices("bcdfghjkmnqvwz", k=12))
            said = saying.format(word)
            model.shown = ""
            reply = hear(agent, said, partial(mint, asking))
            shown = model.shown
            agent.read_history()  # for the next question, by what was open to the last one
            opened = opened_to(asking, store)
            known = stored_in(store)
            taint |= known
            for each, places in taint.items():
                if each != word and not places <= opened:
                    assert each not in reply, (saying, reply)
                    assert each not in shown, (saying, shown)
            if word in said and word not in taint:
                taint[word] = opened_to(asking, store)  # said in a turn to which so much was open
    finally:
        store.close()
        shutil.rmtree(store.folder)


def hear(agent: Agent, said: str, mint: Mint) -> str:
    """The whole reply, heard to its end; before it, what a partial transcript leads to."""
    agent.prepare(said, mint=mint)
    reply = ""
    for part in agent.reply(said, mint=mint):
        match part:
            case Text(piece):
                reply += piece
            case Acted(receipt):
                assert all("password is" not in str(fact) for fact in receipt.facts.values())
    agent.heard(said, reply)
    return reply


def opened_to(asker: tuple[Any, ...], store: Store) -> frozenset[Compartment]:
    """All that may be told to one who asks, by the policy's table."""
    principal, sure, audience, authentication = asker
    known = frozenset(POOL).union(*store.files.places())
    found: set[Compartment] = set()
    for purpose, sink in ((Purpose.ANSWER, Sink.SPEAKER), (Purpose.FORGET, Sink.SPEAKER)):
        request = Request(principal, sure, purpose, audience, sink, authentication)
        found |= decide(request, known).compartments
    return frozenset(found)


def stored_in(store: Store) -> dict[str, frozenset[Compartment]]:
    """The compartments of the secret words that are in the vault."""
    shown = Request(
        Principal.OWNER,
        1.0,
        Purpose.REVIEW,
        Audience.ALONE,
        Sink.SCREEN,
        Authentication.ACCOUNT,
    )
    return {
        word: item.label.compartments
        for item in store.items(store.mint(shown), limit=1000)
        for word in re.findall(r"\b[bcdfghjkmnqvwz]{12}\b", item.text)
    }
