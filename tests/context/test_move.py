"""An item moves to another compartment as the owner's explicit act, and nothing is left behind."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from context import (
    About,
    Compartment,
    HashingEmbedder,
    Item,
    ItemNotFound,
    Provenance,
    Purpose,
    Scope,
    ScopeDenied,
    Store,
    StoreUnusable,
    TextRefused,
    Trust,
    VaultLocked,
    records,
    sqlite_file,
)
from tests.context.forensic import traces

GENERAL, HOUSE, PRIVATE = "owner/general", "household/general", "owner/general/restricted"
EPISODES = "owner/episodic"
EVERYWHERE = (GENERAL, HOUSE, PRIVATE, EPISODES)
SAID = Provenance.OWNER_SPOKE
TEXT = "quarzlampenschirm stands beneath zwiebelkuchenrezept"

Make = Callable[..., Scope]
New = Callable[..., Store]


@pytest.fixture
def store(new_store: New) -> Store:
    return new_store()


def put(store: Store, scope: Make, text: str = TEXT, place: str = GENERAL, **about) -> Item:
    return store.remember(
        scope(Purpose.REMEMBER, [place]), text, said_by=SAID, about=About(**about)
    )


def move(store: Store, scope: Make, item: Item, to: str) -> Item:
    review = scope(Purpose.REVIEW, EVERYWHERE, present=True)
    return store.move(review, item.id, Compartment.parse(to))


def places(store: Store, scope: Make, item: Item) -> list[str]:
    """Where it can be read."""
    found = []
    for each in EVERYWHERE:
        try:
            store.item(scope(Purpose.REVIEW, [each]), item.id)
        except ItemNotFound:
            continue
        found.append(each)
    return found


@pytest.mark.parametrize("to", [HOUSE, PRIVATE])
def test_a_moved_item_is_the_same_elsewhere(store: Store, scope: Make, clock, to: str) -> None:
    item = put(store, scope, valid_until=clock() + timedelta(days=3), speaker="Bea", uid="u1")
    moved = move(store, scope, item, to)
    assert places(store, scope, item) == [to]
    assert moved == store.item(scope(Purpose.REVIEW, [to]), item.id)
    assert moved.label.compartments == {Compartment.parse(to)}
    same = ("id", "text", "captured_at", "provenance", "about")
    assert [getattr(moved, each) for each in same] == [getattr(item, each) for each in same]


def test_it_is_found_by_words_and_meaning_there_and_not_here(store: Store, scope: Make) -> None:
    item = put(store, scope)
    move(store, scope, item, HOUSE)
    assert store.recall(scope(Purpose.ANSWER, [GENERAL]), TEXT) == []
    (found,) = store.recall(scope(Purpose.ANSWER, [HOUSE]), TEXT)
    assert found.item.id == item.id
    assert found.score == pytest.approx(1.0, abs=0.02)  # by both, so the vector came along
    assert store.reembed() == 0


def test_no_byte_of_it_is_left_where_it_was(store: Store, scope: Make) -> None:
    item = put(store, scope)
    move(store, scope, item, HOUSE)
    store.forget(scope(Purpose.FORGET, [HOUSE]), item.id)
    assert traces(store, item, HashingEmbedder()) == []


def test_what_was_made_from_it_stays_and_hangs_on_it(store: Store, scope: Make) -> None:
    item = put(store, scope)
    child = store.remember(
        scope(Purpose.REMEMBER, [GENERAL]), "made of it", said_by=SAID, derived_from=[item]
    )
    move(store, scope, item, HOUSE)
    assert store.reap() == 0
    assert store.item(scope(Purpose.REVIEW, [GENERAL]), child.id).about.parents == (item.id,)
    store.forget(scope(Purpose.FORGET, [HOUSE]), item.id)
    assert places(store, scope, child) == []


def test_it_is_kept_as_long_as_what_lies_there(store: Store, scope: Make, clock) -> None:
    item = put(store, scope, place=EPISODES)
    assert item.about.expires_at == clock() + timedelta(days=90)
    assert move(store, scope, item, GENERAL).about.expires_at is None
    clock.move(89 * 86_400)
    assert move(store, scope, item, EPISODES).about.expires_at == item.about.expires_at
    move(store, scope, item, GENERAL)
    clock.move(2 * 86_400)
    with pytest.raises(TextRefused, match="would be erased"):
        move(store, scope, item, EPISODES)
    assert places(store, scope, item) == [GENERAL]
    store.pin(scope(Purpose.REVIEW, [GENERAL]), item.id)
    assert move(store, scope, item, EPISODES).about.expires_at is None


def test_it_keeps_the_trust_of_who_said_it(store: Store, scope: Make) -> None:
    overheard = Compartment.parse("ambient/2026-11-23")
    item = store.remember(
        scope(Purpose.REMEMBER, [str(overheard)]),
        "a stranger said so",
        said_by=Provenance.OVERHEARD,
    )
    review = scope(Purpose.REVIEW, [str(overheard), GENERAL], present=True)
    moved = store.move(review, item.id, Compartment.parse(GENERAL))
    assert moved.label.trust is Trust.OVERHEARD
    assert moved.about.expires_at is None


def test_the_permission_must_be_the_present_owners_and_open_both(store: Store, scope: Make) -> None:
    item = put(store, scope)
    to = Compartment.parse(HOUSE)
    for denied in (
        scope(Purpose.REVIEW, EVERYWHERE),
        scope(Purpose.REVIEW, [GENERAL], present=True),
        *(scope(each, EVERYWHERE, present=True) for each in Purpose if each is not Purpose.REVIEW),
    ):
        with pytest.raises(ScopeDenied):
            store.move(denied, item.id, to)
    with pytest.raises(ItemNotFound):
        store.move(scope(Purpose.REVIEW, [HOUSE], present=True), item.id, to)
    assert places(store, scope, item) == [GENERAL]


def test_an_expired_permission_moves_nothing(store: Store, scope: Make, clock) -> None:
    item = put(store, scope)
    review = scope(Purpose.REVIEW, EVERYWHERE, present=True)
    clock.move(60)
    with pytest.raises(ScopeDenied, match="expired"):
        store.move(review, item.id, Compartment.parse(HOUSE))


def test_a_place_that_is_locked_takes_nothing(store: Store, scope: Make) -> None:
    item = put(store, scope)
    store.keyring.set_pin("2580")
    store.lock()
    with pytest.raises(VaultLocked):
        move(store, scope, item, PRIVATE)
    assert places(store, scope, item) == [GENERAL]


def test_the_same_text_there_is_not_lost_or_doubled(store: Store, scope: Make) -> None:
    item, other = put(store, scope), put(store, scope, place=HOUSE)
    with pytest.raises(TextRefused, match=other.id[:8]):
        move(store, scope, item, HOUSE)
    assert places(store, scope, item) == [GENERAL]
    store.forget(scope(Purpose.FORGET, [HOUSE]), other.id, undo_s=60)
    assert move(store, scope, item, HOUSE).id == item.id
    assert store.undo(scope(Purpose.FORGET, [HOUSE])) == 0


@pytest.mark.parametrize("step", ["take_in", "take_out"])
def test_broken_off_it_is_somewhere_and_can_be_moved_again(
    new_store: New, scope: Make, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    store = new_store()
    item = put(store, scope)

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(records, step, killed)
        with pytest.raises(KeyboardInterrupt):
            move(store, scope, item, HOUSE)
    store.close()
    again = new_store()
    assert GENERAL in places(again, scope, item)
    assert move(again, scope, item, HOUSE).id == item.id
    assert places(again, scope, item) == [HOUSE]
    assert again.undo(scope(Purpose.FORGET, EVERYWHERE)) == 0


def test_where_it_is_already_nothing_happens(store: Store, scope: Make) -> None:
    item = put(store, scope)
    assert move(store, scope, item, GENERAL) == item


def test_bytes_that_another_program_holds_are_told_of(
    new_store: New, scope: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = new_store()
    item = put(store, scope)
    with monkeypatch.context() as patch:
        patch.setattr(sqlite_file, "erase", lambda _: False)
        with pytest.raises(StoreUnusable, match="bytes stay in the file of owner/general"):
            move(store, scope, item, HOUSE)
    assert places(store, scope, item) == [HOUSE]
