"""What is found among everyday facts, with the real embedder; the floor is set on these."""

from collections.abc import Callable
from pathlib import Path

import pytest

from context import MiniLM, Provenance, Purpose, Scope, Store

FACTS = """\
the spare key is under the blue flower pot
my dentist appointment is on the third of March at ten
Anna is allergic to peanuts
the wifi password is correct horse battery staple
I parked the car on level three of the station garage
my blood type is zero negative
mum's birthday is the twelfth of June
the plumber's number is 555 0199
bins go out on Tuesday evening
I lent Tom the electric drill
the cat gets half a tablet every morning"""

ANSWERED = {
    "where is the spare key": "spare key",
    "when do I see the dentist": "dentist",
    "what can't Anna eat": "peanuts",
    "where did I leave my car": "level three",
    "what is my blood group": "blood type",
    "when was my mother born": "birthday",
    "who fixes the pipes": "plumber",
    "when is rubbish collection": "bins",
    "who has my drill": "Tom",
    "what medicine does the pet need": "tablet",
}

UNRELATED = [
    "what is the capital of France",
    "how tall is mount Everest",
    "set a timer for five minutes",
    "tell me a joke",
    "who wrote Hamlet",
    "what is the weather tomorrow",
    "turn on the lights",
    "what time is it",
]


@pytest.fixture
def recall(
    new_store: Callable[..., Store],
    scope: Callable[..., Scope],
    model_folder: Callable[[str], Path],
) -> Callable[[str], list[str]]:
    engine = MiniLM(model_folder("minilm-l6-v2-int8"))
    engine.load()
    store = new_store(engine)
    both = ["owner/general", "owner/general/restricted"]  # a third of these facts sound private
    for fact in FACTS.splitlines():
        store.remember(scope(Purpose.REMEMBER, both), fact, said_by=Provenance.OWNER_SPOKE)
    return lambda query: [r.item.text for r in store.recall(scope(Purpose.ANSWER, both), query)]


@pytest.mark.engines
def test_questions_find_their_answer_first(recall: Callable[[str], list[str]]) -> None:
    for query, answer in ANSWERED.items():
        found = recall(query)
        assert found, query
        assert answer in found[0], query
        assert len(found) <= 2, query


@pytest.mark.engines
def test_questions_about_something_else_find_nothing(recall: Callable[[str], list[str]]) -> None:
    assert {query: recall(query) for query in UNRELATED} == {query: [] for query in UNRELATED}
