"""Whose permission goes with an utterance, and what is noticed of what it opens."""

import pytest

from agents.mints import Opened, answering_once, both
from context.errors import ScopeDenied
from context.policy import Principal, Purpose, Scope


def test_both_must_have_the_permission(speaker) -> None:
    asked = speaker.mint(Purpose.ANSWER)

    def earlier(_: Purpose) -> Scope:
        return asked

    assert both(speaker.mint, earlier)(Purpose.ANSWER) is asked
    speaker.principal = Principal.UNKNOWN
    with pytest.raises(ScopeDenied):
        both(speaker.mint, earlier)(Purpose.FORGET)


def test_only_a_permission_to_answer_is_used_again(speaker) -> None:
    minted: list[Purpose] = []

    def mint(purpose: Purpose) -> Scope:
        minted.append(purpose)
        return speaker.mint(purpose)

    once = answering_once(mint)
    assert once(Purpose.ANSWER) is once(Purpose.ANSWER)
    assert once(Purpose.REMEMBER) is not once(Purpose.REMEMBER)
    assert minted == [Purpose.ANSWER, Purpose.REMEMBER, Purpose.REMEMBER]


def test_it_is_noticed_when_other_things_are_open_than_before(speaker) -> None:
    changed: list[bool] = []
    opened = Opened(lambda: changed.append(True))
    by_voice = opened.watched(speaker.mint)(Purpose.ANSWER)
    _ = opened.watched(speaker.mint)(Purpose.ANSWER)
    assert not changed
    assert opened.reached == by_voice.compartments
    speaker.principal = Principal.MEMBER
    narrower = opened.watched(speaker.mint)(Purpose.ANSWER)
    assert narrower.compartments < by_voice.compartments
    assert changed == [True]
    assert opened.answered is narrower
    assert opened.reached == by_voice.compartments


def test_what_is_denied_is_noticed_too(speaker) -> None:
    changed: list[bool] = []
    opened = Opened(lambda: changed.append(True))
    _ = opened.watched(speaker.mint)(Purpose.ANSWER)

    def denied(_: Purpose) -> Scope:
        raise ScopeDenied("No.")

    with pytest.raises(ScopeDenied):
        opened.watched(denied)(Purpose.ANSWER)
    assert opened.answered is None
    assert changed == [True]
