from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from context import (
    About,
    Compartment,
    HashingEmbedder,
    Item,
    ItemNotFound,
    Label,
    Provenance,
    Purpose,
    Scope,
    ScopeDenied,
    Store,
    StoreUnusable,
    TextRefused,
    Trust,
)
from context.retrieve import LEXICAL_WEIGHT

KEY = "the spare key is under the blue flower pot"
BINS = "bins go out on Tuesday evening"
OWNER, HOUSE = "owner/general", "household/general"
SAID = Provenance.OWNER_SPOKE
NOBODYS = Item(
    "0" * 32,
    KEY,
    Label(frozenset({Compartment.parse(OWNER)}), Trust.OWNER),
    datetime(2026, 11, 23, tzinfo=UTC),
    SAID,
)

Make = Callable[..., Scope]
New = Callable[..., Store]


def test_what_is_remembered_is_recalled_and_forgotten(new_store: New, scope: Make) -> None:
    store = new_store()
    item = store.remember(scope(Purpose.REMEMBER), KEY, said_by=SAID)
    store.remember(scope(Purpose.REMEMBER), BINS, said_by=SAID)
    found = store.recall(scope(Purpose.ANSWER), "where is the spare key")
    assert [r.item for r in found] == [item]
    assert 0 < found[0].score <= 1
    store.forget(scope(Purpose.FORGET), item.id)
    assert store.recall(scope(Purpose.ANSWER), "where is the spare key") == []
    assert [i.text for i in store.items(scope(Purpose.ANSWER), limit=9)] == [BINS]


def test_an_item_says_where_it_came_from(new_store: New, scope: Make, clock: Callable) -> None:
    item = new_store().remember(scope(Purpose.REMEMBER), KEY, said_by=Provenance.OWNER_TYPED)
    assert len(item.id) == 32
    assert int(item.id, 16)
    label = Label(frozenset({Compartment.parse(OWNER)}), Trust.OWNER)
    about = About(recorded_at=clock())
    assert item == Item(item.id, KEY, label, clock(), Provenance.OWNER_TYPED, about)
    assert item.captured_at.tzinfo is UTC


def test_it_is_all_there_after_reopening(new_store: New, scope: Make) -> None:
    first = new_store()
    kept = [
        first.remember(scope(Purpose.REMEMBER, [place]), text, said_by=SAID)
        for place, text in [(OWNER, KEY), (HOUSE, BINS), ("owner/health/restricted", "zero neg")]
    ]
    first.close()
    everywhere = scope(Purpose.ANSWER, [OWNER, HOUSE, "owner/health/restricted"])
    again = new_store()
    assert sorted(again.items(everywhere, limit=9), key=id_of) == sorted(kept, key=id_of)
    first.open()
    assert len(first.items(everywhere, limit=9)) == 3


def test_owner_general_is_the_default_place(new_store: New, scope: Make) -> None:
    store = new_store()
    both, house = scope(Purpose.REMEMBER, [HOUSE, OWNER]), scope(Purpose.REMEMBER, [HOUSE])
    assert place_of(store.remember(both, KEY, said_by=SAID)) == OWNER
    assert place_of(store.remember(house, KEY, said_by=SAID)) == HOUSE
    chosen = Compartment.parse(HOUSE)
    assert place_of(store.remember(both, BINS, compartment=chosen, said_by=SAID)) == HOUSE


READING = {Purpose.ANSWER, Purpose.FORGET, Purpose.REVIEW, Purpose.EXPORT}
REVIEWING = {Purpose.FORGET, Purpose.REVIEW}
CALLS: dict[str, tuple[Callable[[Store, Scope], object], set[Purpose]]] = {
    "remember": (lambda st, sc: st.remember(sc, KEY, said_by=SAID), {Purpose.REMEMBER}),
    "recall": (lambda st, sc: st.recall(sc, KEY), READING),
    "items": (lambda st, sc: st.items(sc, limit=1), READING),
    "item": (lambda st, sc: st.item(sc, "0" * 32), READING),
    "contradicted": (lambda st, sc: st.contradicted(sc, NOBODYS), READING),
    "forget": (lambda st, sc: st.forget(sc, "0" * 32), {Purpose.FORGET}),
    "undo": (lambda st, sc: st.undo(sc), {Purpose.FORGET}),
    "supersede": (lambda st, sc: st.supersede(sc, "0" * 32), {Purpose.FORGET}),
    "pin": (lambda st, sc: st.pin(sc, "0" * 32), REVIEWING),
}
FOR_ONE = {"item", "forget", "supersede", "pin"}


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("name", CALLS)
def test_a_scope_serves_its_purpose_only(
    new_store: New, scope: Make, name: str, purpose: Purpose
) -> None:
    call, allowed = CALLS[name]
    store = new_store()
    if purpose not in allowed:
        with pytest.raises(ScopeDenied, match=f"permission to {purpose} does not"):
            call(store, scope(purpose))
    elif name in FOR_ONE:
        with pytest.raises(ItemNotFound):
            call(store, scope(purpose))
    else:
        call(store, scope(purpose))


@pytest.mark.parametrize("seconds", [60, 1e6, -1])
@pytest.mark.parametrize("name", CALLS)
def test_an_expired_scope_is_refused(
    new_store: New, scope: Make, clock: Callable, name: str, seconds: float
) -> None:
    call, allowed = CALLS[name]
    old = scope(min(allowed))
    clock.move(seconds)  # type: ignore[attr-defined]
    with pytest.raises(ScopeDenied, match="expired"):
        call(new_store(), old)


def test_the_same_text_is_one_item_with_the_new_time(
    new_store: New, scope: Make, clock: Callable
) -> None:
    store = new_store()
    first = store.remember(scope(Purpose.REMEMBER), KEY, said_by=SAID)
    clock.move(3600)  # type: ignore[attr-defined]
    again = store.remember(
        scope(Purpose.REMEMBER), f" {KEY.upper()}. ", said_by=Provenance.OWNER_TYPED
    )
    assert (again.id, again.text) == (first.id, KEY)
    assert again.captured_at == first.captured_at + timedelta(hours=1)
    assert store.items(scope(Purpose.ANSWER), limit=9) == [again]
    elsewhere = store.remember(scope(Purpose.REMEMBER, [HOUSE]), KEY, said_by=SAID)
    assert elsewhere.id != first.id


def test_less_trusted_words_change_nothing_of_more_trusted_ones(
    new_store: New, scope: Make, clock: Callable
) -> None:
    store = new_store()
    first = store.remember(scope(Purpose.REMEMBER, [HOUSE]), KEY, said_by=Provenance.OTHER_SPEAKER)
    clock.move(9)  # type: ignore[attr-defined]
    write = scope(Purpose.REMEMBER, [HOUSE])
    assert store.remember(write, KEY, said_by=Provenance.TOOL_RESULT) == first
    owner = store.remember(write, KEY, said_by=SAID)
    assert (owner.label.trust, owner.id) == (Trust.OWNER, first.id)


def test_items_are_paged_newest_first(new_store: New, scope: Make, clock: Callable) -> None:
    store = new_store()
    kept = []
    for number in range(12):
        place = (OWNER, HOUSE)[number % 2]
        kept.append(
            store.remember(scope(Purpose.REMEMBER, [place]), f"fact {number}", said_by=SAID)
        )
        if number % 4 == 0:  # several have the same time
            clock.move(1)  # type: ignore[attr-defined]
    read = scope(Purpose.ANSWER, [OWNER, HOUSE])
    paged: list[Item] = []
    while page := store.items(read, limit=5, before=paged[-1] if paged else None):
        paged += page
    assert sorted(paged, key=id_of) == sorted(kept, key=id_of)
    assert paged == sorted(paged, key=lambda i: i.captured_at, reverse=True)


@pytest.mark.parametrize(
    "text", ["a\0b nul", "👍🏽 é 本", "x" * 1_000_000, "?", "''\"; --", "\ufeffz"]
)
def test_any_text_goes_round(new_store: New, scope: Make, text: str) -> None:
    store = new_store()
    item = store.remember(scope(Purpose.REMEMBER), text, said_by=SAID)
    assert store.items(scope(Purpose.ANSWER), limit=9) == [item]
    store.recall(scope(Purpose.ANSWER), text)
    store.forget(scope(Purpose.FORGET), item.id)
    assert store.items(scope(Purpose.ANSWER), limit=9) == []


@pytest.mark.parametrize("text", ["", "\ud800", "x" * 1_000_001])
def test_a_refused_text_leaves_no_trace(
    new_store: New, scope: Make, text: str, tmp_path: Path
) -> None:
    with pytest.raises(TextRefused):
        new_store().remember(scope(Purpose.REMEMBER), text, said_by=SAID)
    assert list((tmp_path / "memories").glob("*.db*")) == []


@pytest.mark.parametrize("query", ["", "\ud800 key", '"key" AND (', "key " * 100_000, "the"])
def test_any_query_is_answered(new_store: New, scope: Make, query: str) -> None:
    store = new_store(None)
    store.remember(scope(Purpose.REMEMBER), KEY, said_by=SAID)
    assert len(store.recall(scope(Purpose.ANSWER), query)) == ("key" in query)


def test_limits_are_kept(new_store: New, scope: Make) -> None:
    store = new_store()
    for place in (OWNER, HOUSE):
        for number in range(5):
            write = scope(Purpose.REMEMBER, [place])
            store.remember(write, f"key number {number}", said_by=SAID)
    read = scope(Purpose.ANSWER, [OWNER, HOUSE])
    assert [len(store.recall(read, "key", limit=n)) for n in (1, 7, 99)] == [1, 7, 10]
    for limit in (0, -1):
        with pytest.raises(ValueError, match="at least 1"):
            store.recall(read, "key", limit=limit)
        with pytest.raises(ValueError, match="at least 1"):
            store.items(read, limit=limit)


@pytest.mark.parametrize("other", [None, HashingEmbedder(64)])
def test_another_embedder_still_finds_by_words(
    new_store: New, scope: Make, other: HashingEmbedder | None
) -> None:
    first = new_store()
    item = first.remember(scope(Purpose.REMEMBER), KEY, said_by=SAID)
    first.close()
    second = new_store(other)
    found = second.recall(scope(Purpose.ANSWER), "spare key")
    assert [(r.item, r.score) for r in found] == [(item, pytest.approx(LEXICAL_WEIGHT))]
    second.remember(scope(Purpose.REMEMBER), KEY, said_by=SAID)
    again = second.recall(scope(Purpose.ANSWER), "spare key")
    assert again[0].score == pytest.approx(LEXICAL_WEIGHT if other is None else 1.0)


def test_a_closed_store_says_so(new_store: New, scope: Make, tmp_path: Path) -> None:
    store = new_store()
    store.close()
    store.close()
    with pytest.raises(StoreUnusable, match="not open"):
        store.recall(scope(Purpose.ANSWER), KEY)
    Store(tmp_path / "never", None, lambda: pytest.fail("the clock was read"))
    assert not (tmp_path / "never").exists()


def id_of(item: Item) -> str:
    return item.id


def place_of(item: Item) -> str:
    (place,) = item.label.compartments
    return str(place)
