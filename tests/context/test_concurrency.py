"""Several threads and processes with one vault: nobody hangs, nothing is lost, nothing breaks."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from context import (
    Compartment,
    ItemNotFound,
    Provenance,
    Purpose,
    Scope,
    Store,
    StoreUnusable,
    sqlite_file,
)
from context.audit import verify
from tests.context.forensic import plain
from tests.context.processes import Life, Nursery, nursery
from tests.context.vaults import PIN, TINY
from tests.context.works import mint, new_store
from tests.tiers import cases

OWNER, HOUSE, DAY = "owner/general", "household/general", "ambient/2026-11-23"
SAID = Provenance.OWNER_SPOKE

Make = Callable[..., Scope]
New = Callable[..., Store]


@pytest.fixture(scope="module")
def nurse() -> Iterator[Nursery]:
    with nursery() as made:
        yield made


def whole(folder: Path) -> set[str]:
    """The ids of what is in a vault of which nothing is damaged."""
    store = new_store(folder)
    store.open()
    for place in store.files.places():
        with store.files.file(place) as file:
            assert file is not None
            assert sqlite_file.faults(file.connection) == []
    verify(folder / "audit.jsonl", store.keyring.subkey("audit"))
    ids = {item.id for item in store.items(mint(store, Purpose.REVIEW), limit=100_000)}
    store.close()
    return ids


def together(*tasks: Callable[[], None]) -> None:
    """Run each in a thread of its own; raise what one of them raises, or that one hangs."""
    errors: list[BaseException] = []

    def run(task: Callable[[], None]) -> None:
        try:
            task()
        except BaseException as error:  # noqa: BLE001 - raised below
            errors.append(error)

    threads = [threading.Thread(target=run, args=(task,), daemon=True) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(cases(120, 3600))
        assert not thread.is_alive(), "a thread hangs"
    if errors:
        raise errors[0]


# Threads


def test_it_may_be_opened_in_one_thread_and_used_in_others(new_store: New, scope: Make) -> None:
    store = new_store()
    write = scope(Purpose.REMEMBER)

    def work(worker: int) -> None:
        for number in range(5):
            store.remember(write, f"worker {worker} fact {number}", said_by=SAID)

    together(*[lambda worker=worker: work(worker) for worker in range(4)])
    assert len(store.items(scope(Purpose.ANSWER), limit=99)) == 20


def test_threads_do_everything_at_once(new_store: New, scope: Make) -> None:
    store = new_store()
    store.keyring._argon2 = TINY
    store.keyring.set_pin(PIN)
    times = cases(40, 1000)
    places = [OWNER, HOUSE, "owner/health/restricted"]
    kept: list[str] = []

    def write(worker: int) -> None:
        for number in range(times):
            item = store.remember(
                scope(Purpose.REMEMBER, places),
                f"fact {number} of {worker}",
                compartment=Compartment.parse(places[number % 2]),
                said_by=SAID,
            )
            if number % 3:
                kept.append(item.id)
            else:
                forget(item.id, undo_s=(number % 2) * 60.0)

    def forget(item_id: str, undo_s: float) -> None:
        assert store.forget(scope(Purpose.FORGET, places), item_id, undo_s=undo_s) == 1

    def look() -> None:
        for _ in range(times):
            found = store.recall(scope(Purpose.ANSWER, places), "fact", limit=20)
            assert len({each.item.id for each in found}) == len(found)
            store.items(scope(Purpose.ANSWER, places), limit=20)

    def tend() -> None:
        for _ in range(times):
            store.reap()
            store.reembed()
            store.lock()
            store.unlock(PIN)

    together(lambda: write(1), lambda: write(2), look, tend)
    listed = store.items(scope(Purpose.ANSWER, places), limit=10_000)
    assert {item.id for item in listed} == set(kept)
    verify(store.folder / "audit.jsonl", store.keyring.subkey("audit"))


def test_closing_while_others_work_is_an_error_to_them_and_loses_nothing(
    new_store: New, scope: Make
) -> None:
    store = new_store()
    kept: list[str] = []
    begun = threading.Event()

    def write() -> None:
        with pytest.raises(Exception, match=r"not open|closed"):
            while True:
                item = store.remember(scope(Purpose.REMEMBER), f"fact {len(kept)}", said_by=SAID)
                kept.append(item.id)
                begun.set()

    def close() -> None:
        begun.wait(60)
        store.close()

    together(write, close)
    store.open()
    ids = {item.id for item in store.items(scope(Purpose.ANSWER), limit=10_000)}
    assert set(kept) <= ids
    assert len(ids) <= len(kept) + 1


# Processes


def said(life: Life, verb: str) -> set[str]:
    return {line.split()[1] for line in life.said if line.startswith(verb)}


@pytest.mark.parametrize("seed", range(cases(3, 60)))
def test_processes_do_everything_at_once(nurse: Nursery, fast_folder: Path, seed: int) -> None:
    folder = fast_folder / "vault"
    works = [("mix", {"seed": seed * 10 + number, "times": 40}) for number in range(3)]
    lives = nurse.live_together(folder, *works)
    assert all(life.ended for life in lives), lives
    stored = set().union(*[said(life, "stored") for life in lives])
    forgot = set().union(*[said(life, "forgot") for life in lives])
    assert whole(folder) == stored - forgot
    assert len(stored) > 40
    store = new_store(folder)
    store.open()
    store.reap()
    clear = plain(store)
    for life in lives:
        for line in life.said:
            if line.startswith("stored"):
                _, item_id, word = line.split()
                assert (word.encode() in clear) == (item_id not in forgot)
    store.close()


@pytest.mark.parametrize("seed", range(cases(6, 100)))
def test_processes_are_killed_while_they_do_everything_at_once(
    nurse: Nursery, fast_folder: Path, seed: int
) -> None:
    folder = fast_folder / "vault"
    works = [("mix", {"seed": seed * 10 + number, "times": 400}) for number in range(3)]
    after_s = nurse.pace_s(fast_folder / "pace") * (1 + seed % 7)
    lives = nurse.live_together(folder, *works, kill_after_s=after_s)
    assert not any(life.said and life.said[-1].startswith("failed") for life in lives), lives
    stored = set().union(*[said(life, "stored") for life in lives])
    forgot = set().union(*[said(life, "forgot") for life in lives])
    ids = whole(folder)
    # One in each hand may have been stored, or forgotten, without its being said.
    assert not ids & forgot
    assert len(stored - forgot - ids) <= len(lives)
    assert len(ids - stored) <= len(lives)


def test_one_process_reads_while_another_writes(nurse: Nursery, fast_folder: Path) -> None:
    writer, reader = nurse.live_together(
        fast_folder / "vault", ("write", {"most": 150}), ("read", {"until": 150})
    )
    assert (writer.ended, reader.ended) == (True, True), (writer, reader)
    counts = [int(line) for line in reader.said]
    assert counts == sorted(counts)
    assert counts[-1] == 150


def test_processes_may_make_the_same_vault_at_once(nurse: Nursery, fast_folder: Path) -> None:
    for attempt in range(cases(25, 500)):
        folder = fast_folder / str(attempt)
        works = [("write", {"start": 100 * number, "most": 5}) for number in range(3)]
        lives = nurse.live_together(folder, *works)
        assert all(life.ended for life in lives), (attempt, lives)
        stored = {line.split()[0] for life in lives for line in life.said}
        assert len(stored) == 15
        assert whole(folder) == stored


def test_a_day_that_another_process_erases_is_gone_here_too(
    new_store: New, scope: Make, clock: Any
) -> None:
    store, other = new_store(), new_store()
    item = store.remember(scope(Purpose.REMEMBER, [DAY]), "overheard", said_by=Provenance.OVERHEARD)
    assert other.item(scope(Purpose.ANSWER, [DAY]), item.id) == item
    clock.move(3 * 86_400)
    other.reap()
    with pytest.raises(ItemNotFound):
        store.item(scope(Purpose.ANSWER, [DAY]), item.id)
    again = store.remember(
        scope(Purpose.REMEMBER, [DAY]),
        "overheard",
        said_by=Provenance.OVERHEARD,
        captured_at=clock(),
    )
    assert other.items(scope(Purpose.ANSWER, [DAY]), limit=9) == [again]


def test_what_another_process_writes_is_found_by_meaning_here(new_store: New, scope: Make) -> None:
    store, other = new_store(), new_store()
    assert store.recall(scope(Purpose.ANSWER), "spare key") == []
    for number in range(3):
        item = other.remember(scope(Purpose.REMEMBER), f"spare key {number}", said_by=SAID)
        best = store.recall(scope(Purpose.ANSWER), f"spare key {number}")[0]
        assert best.item == item
        assert best.score == pytest.approx(1.0)


def test_a_pin_that_another_process_sets_locks_nobody_out(new_store: New, scope: Make) -> None:
    store, other = new_store(), new_store()
    private = ["owner/health/restricted"]
    item = store.remember(scope(Purpose.REMEMBER, private), "rash", said_by=SAID)
    other.keyring._argon2 = TINY
    other.keyring.set_pin(PIN)
    assert store.item(scope(Purpose.ANSWER, private), item.id) == item
    store.lock()
    assert store.items(scope(Purpose.ANSWER, private), limit=9) == []
    assert other.item(scope(Purpose.ANSWER, private), item.id) == item
    store.unlock(PIN)
    assert store.item(scope(Purpose.ANSWER, private), item.id) == item


def test_one_who_waits_too_long_for_another_is_told_so(
    new_store: New, scope: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite_file, "BUSY_S", 0.05)
    store = new_store()
    store.remember(scope(Purpose.REMEMBER), "one", said_by=SAID)
    (place,) = store.files.places()
    other = new_store()
    with other.files.file(place) as file:
        assert file is not None
        file.connection.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnusable, match=f"Another program is using the file of {OWNER}"):
            store.remember(scope(Purpose.REMEMBER), "two", said_by=SAID)
        assert len(store.items(scope(Purpose.ANSWER), limit=9)) == 1  # reading goes on
        file.connection.execute("ROLLBACK")
    store.remember(scope(Purpose.REMEMBER), "two", said_by=SAID)
