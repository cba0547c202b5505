"""What the owner allows beyond the table: by whom, for how long, and taken back."""

import dataclasses
import itertools
from collections.abc import Callable

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
    Request,
    Scope,
    ScopeDenied,
    Sink,
    Store,
    StoreUnusable,
)

NOTES = Compartment.parse("owner/notes")
IN_COMPANY = Request(Principal.OWNER, 1.0, Purpose.ANSWER, Audience.COMPANY, Sink.SPEAKER)
PRESENT = Request(
    Principal.OWNER, 1.0, Purpose.REVIEW, Audience.ALONE, Sink.SCREEN, Authentication.BUTTON
)
New = Callable[..., Store]


def grant(lasts: Lasts) -> Grant:
    return Grant(
        "", str(NOTES), Principal.OWNER, Purpose.ANSWER, Sink.SPEAKER, in_company=True, lasts=lasts
    )


def opens(store: Store) -> bool:
    """Whether the notes are open to the owner in company, now."""
    return NOTES in store.mint(IN_COMPANY, [NOTES]).compartments


@pytest.fixture
def store(new_store: New, scope: Callable[..., Scope]) -> Store:
    store = new_store()
    writing = scope(Purpose.REMEMBER, [str(NOTES)])
    store.remember(writing, "the shed needs paint", said_by=Provenance.OWNER_SPOKE)
    return store


def test_once_is_once(store: Store) -> None:
    assert not opens(store)
    store.grants.give(store.mint(PRESENT), grant(Lasts.ONCE))
    assert [opens(store) for _ in range(3)] == [True, False, False]
    assert store.grants.all() == ()


def test_once_waits_for_a_request_that_needs_it(store: Store) -> None:
    store.grants.give(store.mint(PRESENT), grant(Lasts.ONCE))
    store.mint(dataclasses.replace(IN_COMPANY, audience=Audience.ALONE), [NOTES])
    assert opens(store)


def test_a_session_ends_with_the_program_or_the_lock(store: Store, new_store: New) -> None:
    for end in (store.lock, lambda: (store.close(), store.open())):
        store.grants.give(store.mint(PRESENT), grant(Lasts.SESSION))
        assert opens(store)
        end()
        assert not opens(store)
    store.grants.give(store.mint(PRESENT), grant(Lasts.SESSION))
    assert not opens(new_store())  # another program's session is its own


def test_always_is_kept_until_it_is_taken_back(store: Store, new_store: New) -> None:
    given = store.grants.give(store.mint(PRESENT), grant(Lasts.ALWAYS))
    store.close()
    store.open()
    other = new_store()
    assert opens(store) and opens(other)
    assert [each.id for each in other.grants.all()] == [given.id]
    assert other.grants.revoke([given.id]) == 1
    assert not opens(store) and not opens(other)
    assert store.grants.revoke([given.id]) == 0


@pytest.mark.parametrize("lasts", Lasts)
def test_a_voice_allows_nothing(store: Store, scope: Callable[..., Scope], lasts: Lasts) -> None:
    for by in (scope(Purpose.REVIEW), scope(Purpose.ANSWER), scope(Purpose.REMEMBER)):
        with pytest.raises(ScopeDenied, match="more than a voice"):
            store.grants.give(by, grant(lasts))
    assert not opens(store)


def test_what_is_allowed_names_nothing_on_disk(store: Store) -> None:
    store.grants.give(store.mint(PRESENT), grant(Lasts.ALWAYS))
    stored = (store.folder / "grants.bin").read_bytes()
    assert b"notes" not in stored and b"owner" not in stored


def test_a_spoilt_file_allows_nothing_and_is_said(store: Store) -> None:
    store.grants.give(store.mint(PRESENT), grant(Lasts.ALWAYS))
    path = store.folder / "grants.bin"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(StoreUnusable, match=r"delete .*grants\.bin"):
        opens(store)
    path.unlink()
    assert not opens(store)


def test_a_grant_opens_what_it_names_only(store: Store) -> None:
    store.grants.give(store.mint(PRESENT), grant(Lasts.ALWAYS))
    diary = Compartment.parse("owner/diary")
    for principal, purpose, sink in itertools.product(Principal, Purpose, Sink):
        request = dataclasses.replace(IN_COMPANY, principal=principal, purpose=purpose, sink=sink)
        try:
            opened = store.mint(request, [NOTES, diary]).compartments
        except ScopeDenied:
            continue
        assert purpose is Purpose.REMEMBER or diary not in opened
        granted = (principal, purpose, sink) == (Principal.OWNER, Purpose.ANSWER, Sink.SPEAKER)
        assert (NOTES in opened) == (granted or purpose is Purpose.REMEMBER)
