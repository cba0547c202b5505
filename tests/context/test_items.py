import pytest
from hypothesis import given
from hypothesis import strategies as st

from context import Provenance, TextRefused, Trust
from context.items import LONGEST_TEXT_BYTES, check_text, sameness


@pytest.mark.parametrize(
    "text", ["x", "a\0b", "é本🔑", "x" * LONGEST_TEXT_BYTES, "'; DROP TABLE item; --"]
)
def test_any_text_can_be_remembered(text: str) -> None:
    check_text(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "empty"),
        (" \n\t", "empty"),
        ("secret\ud800", "half of a character"),
        ("secret" * LONGEST_TEXT_BYTES, "too long"),
        ("é" * (LONGEST_TEXT_BYTES // 2 + 1), "too long"),
    ],
)
def test_what_is_no_text_is_refused_without_quoting_it(text: str, why: str) -> None:
    with pytest.raises(TextRefused, match=why) as refused:
        check_text(text)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("again", ["THE KEY  is\there", "the key is here.", " The key is here! "])
def test_case_spacing_and_a_final_stop_do_not_matter(again: str) -> None:
    assert sameness(again) == sameness("the key is here")


@pytest.mark.parametrize("other", ["the key is hare", "the key is here?", "the key. is here"])
def test_other_words_and_questions_do(other: str) -> None:
    assert sameness(other) != sameness("the key is here")


@given(st.text())
def test_sameness_survives_repetition(text: str) -> None:
    assert sameness(text) == sameness(f" {text}\n") == sameness(" ".join(text.split()))
    assert len(sameness(text)) == 16


def test_only_the_owner_is_trusted_as_the_owner() -> None:
    owner = {p for p in Provenance if p.trust is Trust.OWNER}
    assert owner == {Provenance.OWNER_SPOKE, Provenance.OWNER_TYPED}
