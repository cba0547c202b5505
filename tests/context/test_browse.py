"""What the owner's commands look for: within a scope, and nowhere else."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from context import (
    About,
    HashingEmbedder,
    Item,
    Provenance,
    Purpose,
    Scope,
    ScopeDenied,
    Store,
    TextRefused,
    browse,
    sqlite_file,
)
from context.keys.keyring import Tier
from context.labels import Compartment
from context.upkeep import figures as upkeep

GENERAL, HOUSE = "owner/general", "household/general"
SAID = Provenance.OWNER_SPOKE

Make = Callable[..., Scope]
New = Callable[..., Store]


@pytest.fixture
def store(new_store: New) -> Store:
    return new_store()


def put(store: Store, scope: Make, text: str, place: str = GENERAL, **about) -> Item:
    return store.remember(
        scope(Purpose.REMEMBER, [place]),
        text,
        said_by=SAID if place.startswith("owner") else Provenance.IMPORTED,
        about=About(**about),
    )


def texts(items: list[Item]) -> list[str]:
    return [each.text for each in items]


CALLS: dict[str, Callable[[Store, Scope], object]] = {
    "beginning": lambda store, scope: browse.beginning(store, scope, "a"),
    "holding": lambda store, scope: browse.holding(store, scope, "anna"),
    "made_from": lambda store, scope: browse.made_from(store, scope, ["0" * 32]),
    "figures": lambda store, scope: upkeep.figures(store, scope, None),
    "rebuild_words": lambda store, scope: upkeep.rebuild_words(store, scope, lambda *_: None),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_permission_is_needed_that_has_not_expired(
    store: Store, scope: Make, clock, name: str
) -> None:
    for purpose in set(Purpose) - {Purpose.REVIEW, Purpose.FORGET}:
        with pytest.raises(ScopeDenied, match=f"permission to {purpose} does not"):
            CALLS[name](store, scope(purpose))
    CALLS[name](store, review := scope(Purpose.REVIEW))
    clock.move(60)
    with pytest.raises(ScopeDenied, match="expired"):
        CALLS[name](store, review)


def test_the_start_of_an_id_is_enough_within_the_scope(store: Store, scope: Make) -> None:
    here, there = put(store, scope, "here"), put(store, scope, "there", HOUSE)
    review = scope(Purpose.REVIEW)
    for length in (32, 31, 8):
        assert browse.beginning(store, review, here.id[:length]) == [here]
        assert browse.beginning(store, review, there.id[:length]) == []
    both = scope(Purpose.REVIEW, [GENERAL, HOUSE])
    assert browse.beginning(store, both, there.id[:8]) == [there]
    assert browse.beginning(store, both, "zz") == []
    assert browse.beginning(store, both, here.id + "0") == []


def test_an_id_that_several_have_finds_several_but_not_all(store: Store, scope: Make) -> None:
    made = [put(store, scope, f"number {number}") for number in range(40)]
    found = browse.beginning(store, scope(Purpose.REVIEW), "", limit=3)
    assert len(found) == 3
    assert {each.id for each in found} <= {each.id for each in made}


def test_what_is_forgotten_or_over_is_not_found(store: Store, scope: Make, clock) -> None:
    gone = put(store, scope, "Anna was here")
    over = put(store, scope, "Anna is here", expires_at=clock() + timedelta(hours=1))
    store.forget(scope(Purpose.FORGET), gone.id, undo_s=60)
    clock.move(3600)
    review = scope(Purpose.REVIEW)
    for item in (gone, over):
        assert browse.beginning(store, review, item.id) == []
    assert browse.holding(store, review, "anna") == []


def test_everything_about_somebody_is_found_by_words_name_and_place(
    store: Store, scope: Make, clock
) -> None:
    wanted = [
        put(store, scope, "Anna's cats like tea"),
        put(store, scope, "The dinner is at ANNA’s"),
        put(store, scope, "She comes on Sunday", speaker="Anna Smith"),
        put(store, scope, "She is allowed to", "person:anna/general"),
    ]
    for text in ("Bananas are yellow", "Annabel likes coffee", "Somebody comes"):
        put(store, scope, text)
    put(store, scope, "Anna is not to be told", HOUSE)
    open_now = scope(Purpose.FORGET, [GENERAL, "person:anna/general"])
    assert sorted(texts(browse.holding(store, open_now, "anna"))) == sorted(texts(wanted))
    assert texts(browse.holding(store, open_now, "Anna Smith")) == ["She comes on Sunday"]
    assert texts(browse.holding(store, open_now, "a cat of Anna")) == ["Anna's cats like tea"]


def test_however_many_there_are(store: Store, scope: Make) -> None:
    for number in range(150):  # more than a recall looks at
        put(store, scope, f"Anna said {number}")
    assert len(browse.holding(store, scope(Purpose.FORGET), "anna")) == 150


@pytest.mark.parametrize("text", ["", "the of a", "…", "%*\"'"])
def test_words_that_tell_nothing_are_refused(store: Store, scope: Make, text: str) -> None:
    with pytest.raises(TextRefused, match="no word in it"):
        browse.holding(store, scope(Purpose.FORGET), text)


def test_what_was_made_from_it_at_whatever_remove(store: Store, scope: Make) -> None:
    first = put(store, scope, "first")

    def made(text: str, *parents: Item, place: str = GENERAL) -> Item:
        into = {place, *(str(c) for each in parents for c in each.label.compartments)}
        return store.remember(
            scope(Purpose.REMEMBER, into),
            text,
            compartment=Compartment.parse(place),
            said_by=SAID,
            derived_from=parents,
        )

    second = made("second", first)
    third = made("third", second, first)
    elsewhere = made("elsewhere", third, place=HOUSE)
    review = scope(Purpose.REVIEW)
    assert sorted(texts(browse.made_from(store, review, [first.id]))) == ["second", "third"]
    assert texts(browse.made_from(store, review, [third.id])) == []
    both = scope(Purpose.REVIEW, [GENERAL, HOUSE])
    assert texts(browse.made_from(store, both, [third.id])) == [elsewhere.text]


def test_the_figures_count_what_is_there(store: Store, scope: Make) -> None:
    kept = [put(store, scope, f"number {number}") for number in range(3)]
    put(store, scope, "elsewhere", HOUSE)
    store.forget(scope(Purpose.FORGET), kept[0].id, undo_s=60)
    (there,) = upkeep.figures(store, scope(Purpose.REVIEW), HashingEmbedder().name)
    assert (there.name, there.items, there.embedded, there.forgotten) == (GENERAL, 2, 2, 1)
    assert there.size_bytes > 0
    assert there.problem is None
    both = upkeep.figures(store, scope(Purpose.REVIEW, [GENERAL, HOUSE]), "another")
    assert [(each.items, each.embedded) for each in both] == [(1, 0), (2, 0)]


def test_a_damaged_place_does_not_hide_the_others(
    store: Store, new_store: New, scope: Make
) -> None:
    put(store, scope, "here")
    put(store, scope, "there", HOUSE)
    key = store.keyring.get(HOUSE, Tier.GENERAL)
    assert key is not None
    store.close()
    store.files.path(key.file_id).write_bytes(b"noise" * 4000)
    both = scope(Purpose.REVIEW, [GENERAL, HOUSE])
    found = {each.name: each for each in upkeep.figures(new_store(), both, None)}
    assert (found[GENERAL].items, found[GENERAL].problem) == (1, None)
    assert (found[HOUSE].items, found[HOUSE].size_bytes) == (0, 20_000)
    assert "damaged" in str(found[HOUSE].problem)


def test_what_is_locked_is_counted_without_a_name(store: Store, scope: Make) -> None:
    put(store, scope, "here")
    put(store, scope, "there", f"{GENERAL}/restricted")
    assert upkeep.locked_files(store) == 0
    store.keyring.set_pin("2580")
    store.lock()
    assert upkeep.locked_files(store) == 1


def test_when_it_was_last_reaped_is_in_the_audit(store: Store, scope: Make, clock) -> None:
    assert upkeep.last_reaped_at(store) is None
    store.reap()
    reaped_at = clock()
    clock.move(60)
    put(store, scope, "later")
    assert upkeep.last_reaped_at(store) == reaped_at


def test_the_words_are_found_again_once_they_are_indexed_anew(store: Store, scope: Make) -> None:
    item = put(store, scope, "die Brücke von Arnheim")
    put(store, scope, "elsewhere", HOUSE)
    gone = put(store, scope, "zwiebelkuchen ist vergessen")
    store.forget(scope(Purpose.FORGET), gone.id, undo_s=60)
    with store.files.file(item.label.compartments) as file:
        assert file is not None
        file.connection.execute("INSERT INTO word (word) VALUES ('delete-all')")
    assert browse.holding(store, scope(Purpose.REVIEW), "arnheim") == []
    steps: list[tuple[int, int]] = []
    review = scope(Purpose.REVIEW)
    assert upkeep.rebuild_words(store, review, lambda *step: steps.append(step)) == 1
    assert steps == [(0, 1), (1, 1)]
    assert browse.holding(store, scope(Purpose.REVIEW), "arnheim") == [item]
    with store.files.file(item.label.compartments) as file:
        assert file is not None
        assert sqlite_file.faults(file.connection) == []
    assert store.undo(scope(Purpose.FORGET)) == 1
    assert browse.holding(store, scope(Purpose.REVIEW), "zwiebelkuchen") == [gone]
