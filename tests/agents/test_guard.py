import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.guard import CANNOT, ONLY_WHEN_TOLD, Guard, speakable

WORDS = st.sampled_from(
    [
        "Paris", "is", "big.", "Yes!", "I've", "set", "a", "timer.", "**bold**", "\n", "- item",
        "1.", "Dr.", "Sure,", "Sure!", "I'll", "order", "e.g.", "```", "code", "well,", "so",
        "\U0001f600",
        "[a](b)", "?", "I", "can't", "remember", "that.", "x" * 250, "Done.", "3.14", ":", "the",
    ]
)  # fmt: skip


def through(pieces: list[str]) -> tuple[str, bool]:
    guard = Guard()
    said = ""
    for piece in pieces:
        said += guard.feed(piece)
        if guard.done:
            break
    return said + guard.close(), guard.claimed


@settings(deadline=None)
@given(st.lists(WORDS, max_size=40), st.data())
def test_how_the_stream_is_cut_makes_no_difference(words: list[str], data: st.DataObject) -> None:
    whole = " ".join(words)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=20)))
    parts = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert through(parts) == through([whole])


@settings(deadline=None)
@given(st.text(), st.data())
def test_any_text_is_judged_the_same_in_pieces(text: str, data: st.DataObject) -> None:
    cut = data.draw(st.integers(0, len(text)))
    assert through([text[:cut], text[cut:]]) == through([text])


@pytest.mark.parametrize(
    "reply",
    [
        "I've set a timer for ten minutes.", "I have ordered a pizza.", "Done.", "Done! Enjoy.",
        "Sure, I'll order a pizza for you.", "Sure! I will call your mom now.", "All set!",
        "Okay. I'm calling Anna.", "I am now sending the email.", "Your timer has been set.",
        "Your pizza is on its way.", "The lights have been turned on.", "Calling mom now.",
        "Ordering a large pizza for you.", "Of course! Let me turn on the lights.",
        "I just sent it.", "I can order that for you.",
        "Yes, Lapel could pick up the kids.", "Turning on the lights.",
        "I'll go ahead and book a table.", "Right away!", "Timer set for ten minutes.",
        "I will water your plants.", "I've gone ahead and unlocked the door.",
        "I'll take care of it.", "I will do that right away.", "The email has been sent.",
        "I'll proceed with unlocking the front door.", "I\u2019ve locked the door.",
        "Lapel picks up the kids at four.", "Lapel will meet you on Tuesday.",
        "Lapel sees you at seven.", "See you at seven!", "I'll be there at seven.",
        "I'm going to meet you there.", "Lapel is waiting for you.",
    ],
)  # fmt: skip
def test_a_claim_to_have_acted_is_never_said(reply: str) -> None:
    assert through(list(reply)) == (CANNOT, True)


def test_a_claim_to_remember_is_corrected() -> None:
    assert through(["Nice to meet you, I'll remember that."]) == (ONLY_WHEN_TOLD, True)


def test_a_claim_after_something_true_ends_the_reply() -> None:
    said, claimed = through(["Paris is the capital. I've booked a flight. Enjoy it."])
    assert (said, claimed) == (f"Paris is the capital. {CANNOT}", True)


@pytest.mark.parametrize(
    "reply",
    [
        "The capital of France is Paris.", "A spider has eight legs.", "I can't order a pizza.",
        "Setting a goal is the first step.", "Playing chess helps you think.",
        "I am not able to call anyone.", "The sun sets in the west.", "I don't know.",
        "The water is turned into steam.", "You can set the table.", "Yes.",
        "Lapel is a voice assistant.", "The lapel folds back over the chest.", "I see.",
        "Lapel can't hear that.", "Lapel will not hear that.", "You will see him there.",
        "I can help you with questions.", "Bees make honey, which they store.",
    ],
)  # fmt: skip
def test_what_is_no_claim_is_said(reply: str) -> None:
    assert through(list(reply)) == (reply, False)


def test_it_ends_after_three_sentences() -> None:
    guard = Guard()
    assert guard.feed("One is here. Two is here. Three is here. Four is here. ") == (
        "One is here. Two is here. Three is here."
    )
    assert guard.done


def test_a_clause_is_let_go_before_the_sentence_ends() -> None:
    guard = Guard()
    assert guard.feed("When the sun is low in the sky, it") == "When the sun is low in the sky,"
    assert guard.feed(" looks red. ") == " it looks red."


@pytest.mark.parametrize(
    ("reply", "first"),
    [
        ("The sky is blue because of Rayleigh scattering.", "The sky is blue"),
        ("Bees make honey from nectar that they collect.", "Bees make honey from nectar"),
        ("The moon is some 384,000 kilometers away from us.",
         "The moon is some 384,000 kilometers away"),
        ("When it rains for days in a row the ground floods.", None),
        ("A refrigerator works by removing heat from inside.",
         "A refrigerator works by removing heat"),
        ("Cats purr to communicate with their owners and calm down.", "Cats purr to communicate"),
        ("Leaves change color in autumn because of less light.", "Leaves change color in autumn"),
        ("The capital of France is Paris.", None),
        # What could still become a claim is held back.
        ("The pizza you wanted from the shop is on its way to you.", None),
        ("The lights in the kitchen have been turned on for you.", None),
        ("I was made by people who like to talk.", None),
        ("Ordering a large pizza with cheese for you.", None),
        ("Yes the order is now placed and on its way.", None),
        ("Great so I have sent that to Anna.", None),
        ("See [the map of Paris and France](http://x.y) for it.", None),
    ],
)  # fmt: skip
def test_the_first_words_go_early_where_they_claim_nothing(reply: str, first: str | None) -> None:
    guard = Guard()
    pieces = [piece for each in reply if (piece := guard.feed(each))]
    pieces += [rest] if (rest := guard.close()) else []
    assert (pieces[0] if len(pieces) > 1 else None) == first
    assert "".join(pieces) == through([reply])[0]


_PHRASES = st.lists(
    st.sampled_from(
        ["the sky", "is blue", "because", "of light", "and", "I've", "sent", "it", "to", "you",
         "the pizza", "has been", "ordered", "with cheese", "a dog", "barks", "at night", "which",
         "turning on", "the lights", "your timer", "set for", "we'll", "let me", "call", "in Paris"]
    ),
    min_size=1,
    max_size=12,
)  # fmt: skip


@settings(deadline=None)
@given(_PHRASES, st.data())
def test_no_cut_changes_what_is_said(phrases: list[str], data: st.DataObject) -> None:
    whole = " ".join(phrases).capitalize() + "."
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=9)))
    parts = [whole[a:b] for a, b in zip([0, *cuts], [*cuts, len(whole)], strict=True)]
    assert through(parts) == through([whole])
    assert through(list(whole)) == through([whole])


@settings(deadline=None)
@given(_PHRASES)
def test_nothing_of_a_claim_is_said_before_it_is_known_to_be_one(phrases: list[str]) -> None:
    said, claimed = through([" ".join(phrases).capitalize() + "."])
    if claimed:
        assert said.endswith((CANNOT, ONLY_WHEN_TOLD))
        early = said.removesuffix(CANNOT).removesuffix(ONLY_WHEN_TOLD).lower()
        assert not {"i've", "we'll", "let", "your"} & set(early.split())


def test_code_is_not_read_aloud() -> None:
    assert through(["Use print. ```python\nprint(1)\n``` Done."]) == ("Use print.", False)


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("**Paris** is _the_ `capital`", "Paris is the capital"),
        ("# Title", "Title"), ("- one", "one"), ("2) two", "two"), ("> quoted", "quoted"),
        ("see [the map](http://x.y/z)", "see the map"), ("hi \U0001f600\ufe0f!", "hi !"),
        ("20 \u00b0C <b>warm</b>", "20 \u00b0C warm"), ("a<|im_end|>b", "a b"), ("\0\u202e", ""),
        ("3 < 4", "3 < 4"), ("caf\u00e9 \u6771\u4eac", "caf\u00e9 \u6771\u4eac"),
    ],
)  # fmt: skip
def test_markup_is_not_spoken(text: str, spoken: str) -> None:
    assert speakable(text) == spoken
