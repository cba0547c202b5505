import re

from hypothesis import given
from hypothesis import strategies as st

from agents.thoughts import without_thoughts

PIECE = st.sampled_from(["<think>", "</think>", "<", "th", "ink>", "/", "hello ", "5 < 6 ", "\n"])
_THOUGHTS = re.compile(r"<think>.*?(?:</think>|\Z)|</think>", re.DOTALL)


@given(st.lists(PIECE), st.data())
def test_how_it_is_cut_makes_no_difference(pieces: list[str], data: st.DataObject) -> None:
    whole = "".join(pieces)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=10)))
    parts = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    said = "".join(without_thoughts(parts))
    assert said == "".join(without_thoughts([whole]))
    assert said == _THOUGHTS.sub("", whole)


def test_thoughts_are_taken_out() -> None:
    assert "".join(without_thoughts(["<th", "ink>hm", "</think>Hi", " there"])) == "Hi there"
    assert "".join(without_thoughts(["a < b", " <think>never ends"])) == "a < b "
    assert "".join(without_thoughts(["x</think>y"])) == "xy"  # began unseen: it is kept
