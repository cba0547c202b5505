"""What the owner allows beyond the table: given by more than a voice, taken back, used up."""

import itertools
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from context import (
    Audience,
    Authentication,
    Compartment,
    Grant,
    Lasts,
    Principal,
    Provenance,
    Purpose,
    Reason,
    Request,
    Scope,
    ScopeDenied,
    Sink,
    Store,
    StoreUnusable,
)
from tests.context.processes import Nursery, nursery
from tests.context.vaults import PIN, TINY

DAY = "ambient/2026-11-23"
BY_VOICE = Request(Principal.OWNER, 1.0, Purpose.ANSWER, Audience.ALONE, Sink.SPEAKER)
MEMBER = replace(BY_VOICE, principal=Principal.MEMBER)
WISH = Grant("", DAY, Principal.OWNER, Purpose.ANSWER, Sink.SPEAKER, False, Lasts.ALWAYS)

Make = Callable[..., Scope]
New = Callable[..., Store]


@pytest.fixture
def store(new_store: New, scope: Make) -> Store:
    """With something overheard, which takes a grant to be read."""
    store = new_store()
    store.remember(scope(Purpose.REMEMBER, [DAY]), "a word", said_by=Provenance.OVERHEARD)
    return store


def give(store: Store, scope: Make, **other: Any) -> Grant:
    return store.grants.give(scope(Purpose.REVIEW, present=True), replace(WISH, **other))


def opens_day(store: Store, request: Request = BY_VOICE) -> bool:
    try:
        return Compartment.parse(DAY) in store.mint(request).compartments
    except ScopeDenied:
        return False


@pytest.mark.parametrize("lasts", [Lasts.SESSION, Lasts.ALWAYS])
def test_a_grant_opens_what_it_names_until_it_is_taken_back(
    store: Store, scope: Make, lasts: Lasts
) -> None:
    assert not opens_day(store)
    grant = give(store, scope, lasts=lasts)
    assert len(grant.id) == 32
    assert store.grants.all() == (grant,)
    minted = store.mint(BY_VOICE)
    assert (Compartment.parse(DAY), Reason.GRANTED) in minted.why
    assert opens_day(store)
    assert store.grants.revoke([grant.id, "f" * 32]) == 1
    assert store.grants.revoke([grant.id]) == 0
    assert not opens_day(store)
    assert store.grants.all() == ()


def test_a_grant_for_once_serves_one_request_that_needs_it(store: Store, scope: Make) -> None:
    give(store, scope, lasts=Lasts.ONCE)
    assert not opens_day(store, MEMBER)
    store.mint(replace(BY_VOICE, purpose=Purpose.FORGET))  # is open without it
    assert len(store.grants.all()) == 1
    assert opens_day(store)
    assert not opens_day(store)
    assert store.grants.all() == ()


def test_a_grant_for_once_serves_one_of_many_at_once(store: Store, scope: Make) -> None:
    opened: list[bool] = []
    for _ in range(5):
        give(store, scope, lasts=Lasts.ONCE)
        threads = [
            threading.Thread(target=lambda: opened.append(opens_day(store))) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(opened) == 20
    assert sum(opened) == 5


def test_a_grant_that_another_uses_up_meanwhile_opens_nothing(
    store: Store, scope: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    give(store, scope, lasts=Lasts.ONCE)
    used = store.grants.used

    def too_late(grant_id: str) -> bool:
        assert used(grant_id)
        return used(grant_id)

    monkeypatch.setattr(store.grants, "used", too_late)
    assert not opens_day(store)


@pytest.mark.parametrize("lasts", Lasts)
def test_what_is_granted_lasts_as_long_as_was_said(store: Store, scope: Make, lasts: Lasts) -> None:
    give(store, scope, lasts=lasts)
    store.close()
    store.open()
    assert len(store.grants.all()) == (lasts is not Lasts.SESSION)
    give(store, scope, lasts=lasts)
    store.keyring._argon2 = TINY
    store.keyring.set_pin(PIN)
    store.lock()
    assert len(store.grants.all()) == (0 if lasts is Lasts.SESSION else 2)


@pytest.mark.parametrize("purpose", Purpose)
@pytest.mark.parametrize("present", [True, False])
def test_only_the_owner_who_reviews_and_is_there_gives_one(
    store: Store, scope: Make, purpose: Purpose, present: bool
) -> None:
    allowed = scope(purpose, present=present)
    if present and purpose is Purpose.REVIEW:
        store.grants.give(allowed, WISH)
        assert len(store.grants.all()) == 1
    else:
        with pytest.raises(ScopeDenied, match="more than a voice"):
            store.grants.give(allowed, WISH)
        assert store.grants.all() == ()


def test_a_voice_does_not_get_the_scope_to_give_one(store: Store) -> None:
    review = replace(BY_VOICE, purpose=Purpose.REVIEW, sink=Sink.SCREEN)
    with pytest.raises(ScopeDenied):
        store.mint(review)
    shown = store.mint(replace(review, authentication=Authentication.BUTTON))
    assert store.grants.give(shown, WISH).opens == DAY


def test_what_is_granted_can_be_read_by_nobody_else(
    store: Store, scope: Make, tmp_path: Path
) -> None:
    give(store, scope)
    (path,) = store.folder.glob("grants.bin")
    assert path.stat().st_mode & 0o777 == 0o600
    assert b"ambient" not in path.read_bytes()


@pytest.mark.parametrize("how", ["cut", "flipped", "another vault's"])
def test_grants_that_were_tampered_with_open_nothing(
    store: Store, new_store: New, scope: Make, tmp_path: Path, how: str
) -> None:
    give(store, scope)
    path = store.folder / "grants.bin"
    data = bytearray(path.read_bytes())
    if how == "cut":
        data = data[:-1]
    elif how == "flipped":
        data[len(data) // 2] ^= 1
    else:
        other = new_store(None, tmp_path / "other")
        give(other, scope)
        data = bytearray((other.folder / "grants.bin").read_bytes())
    path.write_bytes(data)
    assert not opens_day(store)
    with pytest.raises(StoreUnusable, match=r"delete .*grants.bin and allow it again"):
        store.grants.check()
    path.unlink()
    assert not opens_day(store)


def test_two_programs_take_back_no_more_and_no_less_than_they_were_told(
    store: Store, new_store: New, scope: Make
) -> None:
    other = new_store()
    first, second = give(store, scope), give(other, scope)
    assert {each.id for each in store.grants.all()} == {first.id, second.id}
    other.grants.revoke([first.id])
    third = give(store, scope)
    assert {each.id for each in other.grants.all()} == {second.id, third.id}


@pytest.fixture
def nurse() -> Any:
    with nursery() as made:
        yield made


def test_a_grant_that_was_taken_back_does_not_return_by_another_process(
    nurse: Nursery, fast_folder: Path
) -> None:
    """Several give and take back at once: what each was told is so in the end."""
    lives = nurse.live_together(
        fast_folder / "vault", *[("give_and_revoke", {"times": 15}) for _ in range(3)]
    )
    assert all(life.ended for life in lives), lives
    kept = {said.split()[1] for life in lives for said in life.said if said.startswith("kept")}
    (last,) = nurse.live("list_grants", fast_folder / "vault").said
    assert set(last.split()) == kept
    assert len(kept) == 3 * 15


def test_a_grant_serves_one_purpose_one_person_and_one_way_out(store: Store, scope: Make) -> None:
    notes, diary = Compartment.parse("owner/notes"), Compartment.parse("owner/diary")
    give(store, scope, opens=str(notes), in_company=True)
    for principal, purpose, sink in itertools.product(Principal, Purpose, Sink):
        if purpose is Purpose.REMEMBER:  # shows nothing, and needs no grant
            continue
        request = Request(principal, 1.0, purpose, Audience.COMPANY, sink)
        try:
            opened = store.mint(request, [notes, diary]).compartments
        except ScopeDenied:
            opened = frozenset[Compartment]()
        meant = (principal, purpose, sink) == (WISH.principal, WISH.purpose, WISH.sink)
        assert (notes in opened) == meant
        assert diary not in opened
