"""What fills a slot, where it stands beside words that belong to it."""

from collections.abc import Sequence

import pytest

from agents.choose.point import pointed, pointed_each, surely_each

_GOOD, _BAD = -0.01, -30.0


class Sees:
    """Learned that only these words fill a slot."""

    def __init__(self, *words: str) -> None:
        self._words = words

    def filled(self, intent: str) -> dict[str, float]:
        _ = intent
        return {}

    def points(
        self, text: str, slot: str, runs: Sequence[tuple[int, int]], *, apart: bool = False
    ) -> list[float]:
        _ = slot, apart
        return [_GOOD if text[slice(*run)] in self._words else _BAD for run in runs]


@pytest.mark.parametrize(
    ("text", "seen", "things"),
    [
        ("we need two tins of tomatoes", ["tomatoes"], ["two tins of tomatoes"]),
        ("get a big bag of flour and jam", ["flour", "jam"], ["a big bag of flour", "jam"]),
        ("we're out of 3 T-shirts", ["T-shirts"], ["3 T-shirts"]),
        ("half a dozen rolls, and cheese", ["rolls", "cheese"], ["half a dozen rolls", "cheese"]),
        ("we're out of milk", ["milk"], ["milk"]),
    ],
)
def test_how_much_of_a_thing_belongs_to_it(text, seen, things) -> None:
    assert pointed_each(text, "list.add", "items", (), Sees(*seen)) == things
    assert surely_each(text, "items", (), Sees(*seen)) == things


@pytest.mark.parametrize(
    ("text", "seen", "deed"),
    [
        ("a nudge not to touch the paint", "touch the paint", "not to touch the paint"),
        ("tell me at two that I've got to fill up", "fill", "fill up"),
        ("tell me at two to fill up the car", "fill up the car", "fill up the car"),
        ("a nudge to feed the cat", "feed the cat", "feed the cat"),
    ],
)
def test_a_deed_keeps_what_turns_it_round_or_ends_it(text: str, seen: str, deed: str) -> None:
    assert pointed(text, "reminder.set", "text", (), Sees(seen)) == deed
