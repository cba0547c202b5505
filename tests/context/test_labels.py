from functools import reduce

import pytest
from hypothesis import given
from hypothesis import strategies as st

from context import Compartment, Label, Sensitivity, Trust, join
from context.labels import BOTTOM

words = st.text("abcz09-_é本", min_size=1, max_size=8)
compartments = st.one_of(
    st.builds(
        Compartment,
        st.sampled_from(["owner", "household"]) | words.map("person:{}".format),
        words,
        st.sampled_from(Sensitivity),
    ),
    st.dates().map(lambda day: Compartment("ambient", day.isoformat())),
)
labels = st.builds(Label, st.frozensets(compartments, max_size=4), st.sampled_from(Trust))


@pytest.mark.parametrize(
    "text",
    [
        "owner/general",
        "owner/health/restricted",
        "household/general",
        "person:anna/general",
        "person:zoë/work/restricted",
        "ambient/2026-11-23",
    ],
)
def test_text_form_round_trips(text: str) -> None:
    assert str(Compartment.parse(text)) == text


@given(compartments)
def test_every_compartment_has_one_text_form(compartment: Compartment) -> None:
    assert Compartment.parse(str(compartment)) == compartment


@given(st.text(max_size=30) | st.from_regex(r"(owner|person:.*|ambient)/.*", fullmatch=True))
def test_whatever_parses_is_written_the_same(text: str) -> None:
    try:
        compartment = Compartment.parse(text)
    except ValueError:
        return
    assert str(compartment) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "owner",
        "owner/",
        "/general",
        "owner/general/normal",
        "owner/general/secret",
        "owner/general/restricted/more",
        "Owner/general",
        "owner/General",
        "owner/a b",
        "owner/..",
        "owner/a\0b",
        "owner/a\n",
        "owner/ﬁ",
        "person:/general",
        "person:a/b/c",
        "anna/general",
        "ambient/general",
        "ambient/20261123",
        "ambient/2026-W48-1",
        "ambient/2026-02-30",
        "owner/" + "a" * 65,
        "all",
        "*/*",
    ],
)
def test_other_texts_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\.$"):
        Compartment.parse(text)


@given(labels, labels, labels)
def test_join_is_a_least_upper_bound(a: Label, b: Label, c: Label) -> None:
    assert join(a, b) == join(b, a)
    assert join(join(a, b), c) == join(a, join(b, c)) == join(a, b, c)
    assert join(a, a) == a == join(a, BOTTOM) == join(a)
    assert join() == BOTTOM


@given(st.lists(labels, min_size=1))
def test_join_never_lowers(parts: list[Label]) -> None:
    whole = join(*parts)
    for part in parts:
        assert whole.compartments >= part.compartments
        assert whole.trust <= part.trust
    assert whole == reduce(join, parts)


def test_the_owner_is_trusted_most() -> None:
    assert max(Trust) is Trust.OWNER
