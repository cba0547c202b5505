"""Which statements say different things of one thing."""

import pytest

from context.contradiction import contradicts

PAIRS = [
    ("my door code is 4711", "the door code is 0815"),
    ("Anna lives in Rome", "Anna lives in Oslo"),
    ("Anna moved to Rome", "Anna lives in Oslo."),
    ("the car is on level 3 now", "the car is on level 2"),
    ("my sister works at the bank", "my sister works for the city"),
]
FINE = [
    ("my door code is 4711", "my door code is 4711."),
    ("my sister likes tea", "my brother likes tea"),
    ("my sister's birthday is in May", "my brother's birthday is in June"),
    ("the front door code is 1", "the back door code is 2"),
    ("buy milk", "buy bread"),
    ("is", "was"),
    ("", "the car is red"),
    ("Anna lives in Rome", "Anna is a doctor"),
]


@pytest.mark.parametrize(("new", "old"), PAIRS)
def test_another_value_for_the_same_thing(new: str, old: str) -> None:
    assert contradicts(new, old)
    assert contradicts(old, new)
    assert not contradicts(new, new)


@pytest.mark.parametrize(("new", "old"), FINE)
def test_what_can_both_be_true(new: str, old: str) -> None:
    assert not contradicts(new, old)
    assert not contradicts(old, new)
