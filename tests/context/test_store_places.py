"""Where things are put, who may put them there, and who reaches them."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from context import (
    About,
    Audience,
    Authentication,
    Compartment,
    Consent,
    Item,
    ItemNotFound,
    Principal,
    Provenance,
    Purpose,
    Request,
    Scope,
    ScopeDenied,
    Sink,
    Store,
    TextRefused,
    Trust,
    VaultLocked,
)
from context.audit import AuditEvent, read
from context.policy import USUAL
from tests.context.vaults import PIN, TINY

KEY = "the spare key is under the blue flower pot"
BINS = "bins go out on Tuesday evening"
PASSWORD = "the password of the router is swordfish"
OWNER, HOUSE, ANNA = "owner/general", "household/general", "person:anna/general"
PRIVATE, HEALTH = "owner/general/restricted", "owner/health/restricted"
SAID = Provenance.OWNER_SPOKE
ALL = [OWNER, HOUSE, ANNA, PRIVATE, HEALTH]

Make = Callable[..., Scope]
New = Callable[..., Store]


def places_of(item: Item) -> list[str]:
    return sorted(map(str, item.label.compartments))


def put(store: Store, scope: Make, text: str, place: str = OWNER, **how: object) -> Item:
    """Remembered in `place` with a scope for all of them."""
    how.setdefault("said_by", SAID)
    write = scope(Purpose.REMEMBER, ALL)
    return store.remember(write, text, compartment=Compartment.parse(place), **how)


def seen(store: Store, scope: Make, places: Sequence[str]) -> list[str]:
    return sorted(item.text for item in store.items(scope(Purpose.ANSWER, places), limit=99))


# Reaching


def test_nothing_outside_the_scope_is_reached(new_store: New, scope: Make) -> None:
    store = new_store()
    item = store.remember(scope(Purpose.REMEMBER), KEY, said_by=SAID)
    with pytest.raises(ScopeDenied, match="does not open owner/general"):
        store.remember(
            scope(Purpose.REMEMBER, [HOUSE]),
            BINS,
            compartment=Compartment.parse(OWNER),
            said_by=SAID,
        )
    assert store.recall(scope(Purpose.ANSWER, [HOUSE]), KEY) == []
    assert store.items(scope(Purpose.ANSWER, [HOUSE]), limit=9) == []
    assert store.contradicted(scope(Purpose.ANSWER, [HOUSE]), item) == []
    for call in (store.forget, store.item, store.supersede, store.pin):
        with pytest.raises(ItemNotFound) as elsewhere:
            call(scope(Purpose.FORGET, [HOUSE]), item.id)
        with pytest.raises(ItemNotFound) as nowhere:
            call(scope(Purpose.FORGET, [HOUSE]), "0" * 32)
        told = str(elsewhere.value).replace(item.id[:8], "0" * 8)
        assert told == str(nowhere.value)
    assert store.item(scope(Purpose.ANSWER), item.id) == item


def test_what_hangs_on_an_item_outside_the_scope_is_not_reached_either(
    new_store: New, scope: Make
) -> None:
    store = new_store()
    source = put(store, scope, KEY)
    derived = put(store, scope, BINS, derived_from=[source])
    with pytest.raises(ItemNotFound):
        store.forget(scope(Purpose.FORGET, [HOUSE]), source.id)
    store.reap()
    assert seen(store, scope, [OWNER]) == sorted([KEY, BINS])
    assert store.item(scope(Purpose.ANSWER), derived.id) == derived


def test_what_hangs_on_an_item_outside_stays_when_another_is_forgotten(
    new_store: New, scope: Make
) -> None:
    store = new_store()
    house, source = put(store, scope, KEY, HOUSE), put(store, scope, BINS)
    derived = put(store, scope, "derived", derived_from=[source])
    assert store.forget(scope(Purpose.FORGET, [HOUSE]), house.id, source.id) == 1
    assert store.item(scope(Purpose.ANSWER), derived.id) == derived


def test_what_is_locked_is_not_erased_by_its_id(new_store: New, scope: Make) -> None:
    store = locked_store(new_store)
    store.unlock(PIN)
    private = put(store, scope, PASSWORD)
    store.lock()
    with pytest.raises(ItemNotFound):
        store.forget(scope(Purpose.FORGET, [HOUSE]), private.id)
    store.unlock(PIN)
    assert store.item(scope(Purpose.ANSWER, ALL), private.id) == private


def test_an_id_that_is_none_is_not_found(new_store: New, scope: Make) -> None:
    store = locked_store(new_store)
    for made_up in ("", "not an id", "x" * 1000, "Ä"):
        with pytest.raises(ItemNotFound):
            store.forget(scope(Purpose.FORGET), made_up)


# What sounds private


@pytest.mark.parametrize("place", [OWNER, HOUSE, ANNA])
def test_what_sounds_private_goes_to_the_restricted_twin(
    new_store: New, scope: Make, place: str
) -> None:
    store = new_store()
    write = scope(Purpose.REMEMBER, [place, f"{place}/restricted"])
    item = store.remember(write, PASSWORD, compartment=Compartment.parse(place), said_by=SAID)
    assert places_of(item) == [f"{place}/restricted"]
    assert seen(store, scope, [place]) == []
    other = store.remember(write, KEY, compartment=Compartment.parse(place), said_by=SAID)
    assert places_of(other) == [place]


def test_what_is_put_in_a_restricted_place_stays_there(new_store: New, scope: Make) -> None:
    store = new_store()
    assert places_of(put(store, scope, KEY, HEALTH)) == [HEALTH]
    assert places_of(put(store, scope, PASSWORD, HEALTH)) == [HEALTH]


def test_without_the_restricted_twin_it_is_not_stored_at_all(new_store: New, scope: Make) -> None:
    store = new_store()
    with pytest.raises(ScopeDenied, match=f"sounds private.* does not open {PRIVATE}") as denied:
        store.remember(scope(Purpose.REMEMBER), PASSWORD, said_by=SAID)
    assert "swordfish" not in str(denied.value)
    assert seen(store, scope, ALL) == []


def locked_store(new_store: New) -> Store:
    """With a PIN, locked."""
    store = new_store()
    store.keyring._argon2 = TINY
    store.keyring.set_pin(PIN)
    store.lock()
    return store


def test_while_it_is_locked_nothing_private_is_taken_or_shown(new_store: New, scope: Make) -> None:
    store = locked_store(new_store)
    with pytest.raises(VaultLocked, match="locked: unlock it, then say it again"):
        put(store, scope, PASSWORD)
    store.unlock(PIN)
    item = put(store, scope, PASSWORD)
    put(store, scope, KEY)
    store.lock()
    assert seen(store, scope, ALL) == [KEY]
    with pytest.raises(ItemNotFound):
        store.item(scope(Purpose.ANSWER, ALL), item.id)
    store.unlock(PIN)
    assert seen(store, scope, ALL) == sorted([KEY, PASSWORD])


def test_locking_closes_the_files_whose_keys_it_locks(new_store: New, scope: Make) -> None:
    store = locked_store(new_store)
    store.unlock(PIN)
    put(store, scope, KEY)
    general = open_files(store)
    put(store, scope, PASSWORD)
    assert len(open_files(store)) > len(general) > 0
    store.lock()
    assert open_files(store) == general


def open_files(store: Store) -> set[str]:
    """The database files that this process has open, with their keys in its memory."""
    links = (os.path.realpath(each) for each in Path("/proc/self/fd").iterdir())
    return {link for link in links if link.startswith(str(store.folder)) and link.endswith(".db")}


# Derived things


def test_a_derived_thing_is_found_only_where_all_its_sources_are(
    new_store: New, scope: Make
) -> None:
    store = new_store()
    one, two = put(store, scope, KEY, OWNER), put(store, scope, BINS, HOUSE)
    both = put(store, scope, "derived from both", OWNER, derived_from=[one, two])
    assert places_of(both) == [HOUSE, OWNER]
    assert both.about.parents == tuple(sorted([one.id, two.id]))
    assert seen(store, scope, [OWNER]) == [KEY]
    assert seen(store, scope, [HOUSE]) == [BINS]
    assert seen(store, scope, [OWNER, HOUSE]) == sorted([KEY, BINS, both.text])
    again = put(store, scope, "derived further", OWNER, derived_from=[both])
    assert places_of(again) == [HOUSE, OWNER]


def test_a_derived_thing_is_not_stored_without_a_scope_for_its_sources(
    new_store: New, scope: Make
) -> None:
    store = new_store()
    source = put(store, scope, KEY, HEALTH)
    with pytest.raises(ScopeDenied, match="does not open"):
        store.remember(scope(Purpose.REMEMBER), BINS, said_by=SAID, derived_from=[source])
    assert seen(store, scope, [OWNER]) == []


@pytest.mark.parametrize("source", Provenance)
@pytest.mark.parametrize("said_by", Provenance)
def test_a_derived_thing_is_trusted_as_its_least_trusted_source(
    new_store: New, scope: Make, source: Provenance, said_by: Provenance
) -> None:
    store = new_store()
    first = put(store, scope, KEY, HOUSE, said_by=source)
    derived = put(store, scope, BINS, HOUSE, said_by=said_by, derived_from=[first])
    assert derived.label.trust is min(source.trust, said_by.trust)
    assert derived.provenance.trust is derived.label.trust


# Whose words


@pytest.mark.parametrize("said_by", [p for p in Provenance if p.trust < Trust.OWNER])
def test_only_the_owners_words_go_to_the_owner(
    new_store: New, scope: Make, said_by: Provenance
) -> None:
    store = new_store()
    for place in (OWNER, HEALTH):
        with pytest.raises(ScopeDenied, match="owner's own words"):
            store.remember(scope(Purpose.REMEMBER, [place]), KEY, said_by=said_by)
    item = store.remember(scope(Purpose.REMEMBER, [HOUSE]), KEY, said_by=said_by)
    assert item.label.trust is said_by.trust


@pytest.mark.parametrize("said_by", [p for p in Provenance if p.trust < Trust.OWNER])
def test_only_a_file_that_a_present_owner_brought_goes_to_the_owner(
    new_store: New, scope: Make, said_by: Provenance
) -> None:
    store, write = new_store(), scope(Purpose.REMEMBER, present=True)
    if said_by is Provenance.IMPORTED:
        item = store.remember(write, KEY, said_by=said_by)
        assert item.label.trust is Trust.IMPORTED
    else:
        with pytest.raises(ScopeDenied, match="owner's own words"):
            store.remember(write, KEY, said_by=said_by)


@pytest.mark.parametrize("said_by", Provenance)
def test_other_peoples_words_are_kept_with_what_they_agreed_to(
    new_store: New, scope: Make, said_by: Provenance
) -> None:
    store = new_store()
    others = said_by in (Provenance.OTHER_SPEAKER, Provenance.OVERHEARD)
    item = put(store, scope, KEY, HOUSE, said_by=said_by)
    assert item.about.consent is (Consent.UNKNOWN if others else Consent.NOT_NEEDED)
    agreed = put(store, scope, BINS, HOUSE, said_by=said_by, about=About(consent=Consent.GIVEN))
    assert agreed.about.consent is Consent.GIVEN
    with pytest.raises(TextRefused, match="did not agree"):
        put(store, scope, "no", HOUSE, said_by=said_by, about=About(consent=Consent.REFUSED))
    assert seen(store, scope, ALL) == sorted([KEY, BINS])


# Minting


def asked(**other: object) -> Request:
    usual: dict[str, object] = {
        "principal": Principal.OWNER,
        "sure": 1.0,
        "purpose": Purpose.ANSWER,
        "audience": Audience.ALONE,
        "sink": Sink.SPEAKER,
    }
    return Request(**{**usual, **other})


def test_a_store_mints_for_what_is_there(new_store: New, scope: Make) -> None:
    store = new_store()
    assert places_of_scope(store.mint(asked())) == sorted(map(str, USUAL))
    put(store, scope, KEY, ANNA)
    put(store, scope, PASSWORD)
    usual = sorted(map(str, USUAL))
    assert places_of_scope(store.mint(asked())) == sorted([*usual, ANNA])
    shown = asked(authentication=Authentication.PIN)
    assert places_of_scope(store.mint(shown)) == sorted([*usual, PRIVATE, ANNA])
    company = asked(audience=Audience.COMPANY)
    assert places_of_scope(store.mint(company)) == [HOUSE]
    new = Compartment.parse("owner/garden")
    assert new in store.mint(asked(purpose=Purpose.REMEMBER), [new]).compartments


def places_of_scope(scope: Scope) -> list[str]:
    return sorted(map(str, scope.compartments))


def test_what_is_remembered_by_voice_may_be_private_but_is_not_read_by_it(
    new_store: New, scope: Make
) -> None:
    store = new_store()
    item = store.remember(store.mint(asked(purpose=Purpose.REMEMBER)), PASSWORD, said_by=SAID)
    assert places_of(item) == [PRIVATE]
    assert store.items(store.mint(asked()), limit=9) == []
    shown = store.mint(asked(authentication=Authentication.BUTTON))
    assert store.items(shown, limit=9) == [item]


def test_what_the_policy_denies_is_denied_with_its_reason_and_noted(new_store: New) -> None:
    store = new_store()
    with pytest.raises(ScopeDenied, match="Nothing remembered may go that way"):
        store.mint(asked(sink=Sink.NETWORK))
    with pytest.raises(ScopeDenied, match="more than a voice"):
        store.mint(asked(purpose=Purpose.REVIEW, sink=Sink.SCREEN))
    log, key = store.folder / "audit.jsonl", store.keyring.subkey("audit")
    denied = [each.facts for each in read(log, key, limit=9) if each.event is AuditEvent.DENY]
    assert denied == [
        {"purpose": "review", "sink": "screen", "reason": "not_present"},
        {"purpose": "answer", "sink": "network", "reason": "sink_not_cleared"},
    ]
