import pytest
from hypothesis import given
from hypothesis import strategies as st

from context.importers.html_text import html_text
from context.importers.plain import cut, ended, flat, pieces, uid_of


@given(st.text(), st.integers(1, 60))
def test_flat_text_is_one_plain_line(text: str, most: int) -> None:
    line = flat(text)
    assert flat(line) == line == " ".join(line.split())
    assert all(c.isprintable() or c in "\u200c\u200d" for c in line)
    assert len(flat(text, most)) <= most
    assert len(cut(line, most)) <= most
    assert ended(line)[-1] in ".!?…"


@given(st.text("ab.!? ", max_size=300), st.integers(1, 40))
def test_pieces_lose_nothing(text: str, most: int) -> None:
    line = flat(text)
    found = pieces(line, most)
    assert all(0 < len(piece) <= most for piece in found)
    assert "".join(found).replace(" ", "") == line.replace(" ", "")


def test_hidden_characters_are_dropped_and_joiners_kept() -> None:
    assert flat("a\u202eb\u2066c\u200bd\ufeffe\U000e0041f\x00g\ud800h") == "abcdefgh"
    assert flat(" 👨\u200d👩\u200d👧\n\tx\u2029y\x0bz ") == "👨\u200d👩\u200d👧 x y z"
    assert flat("می\u200cخواهم") == "می\u200cخواهم"
    assert flat("\u200d\u200c") == ""


@given(st.lists(st.text(), max_size=4), st.lists(st.text(), max_size=4))
def test_uids_differ_when_parts_do(one: list[str], other: list[str]) -> None:
    assert (uid_of("x", *one) == uid_of("x", *other)) == (one == other)


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>a<p>b", "a b"),
        ("a<br/>b<table><tr><td>c<td>d</table>", "a b c d"),
        ("1 < 2 &amp; 3 &gt; 2 &eacute;", "1 < 2 & 3 > 2 é"),
        ("a<style>b</style><script>if (a < b) c</script><title>d</title>e", "ae"),
        ("a<!-- b -->c<?php d ?>e", "ace"),
        ("a<blockquote>b<blockquote>c</blockquote>d</blockquote>e", "a e"),
        ("</blockquote></style>a", "a"),
        ("a <b c='", "a"),
        ("<![CDATA[x", ""),
    ],
)
def test_the_text_of_html(html: str, text: str) -> None:
    assert flat(html_text(html, quotes=False)) == text


@given(st.text("<>/!-?&;='\" abp", max_size=200))
def test_any_html_gives_some_text(html: str) -> None:
    assert isinstance(html_text(html), str)
