"""What is remembered: encrypted, a file and a key per place, reached only through a Scope.

Whatever is outside a scope's compartments has no influence on any result, order, score or
error: each file is searched alone, and files outside the scope are not opened.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from context import records, sensitive, sqlite_file, turns, version1
from context.audit import Audit, AuditEvent
from context.contradiction import contradicts
from context.embed import Embedder
from context.errors import (
    ItemNotFound,
    KeysUnusable,
    ScopeDenied,
    StoreUnusable,
    TextRefused,
    VaultLocked,
)
from context.files import Files, tier_of
from context.grants import Grants
from context.items import About, Consent, Item, Provenance, Recalled, check_text
from context.keys import FileKeySource, KeySource
from context.keys.keyring import Keyring, Tier
from context.keys.seal import Seal
from context.labels import Compartment, Label, Place, Sensitivity, Trust, join, place_name
from context.policy import OWNER_GENERAL, USUAL, Purpose, Request, Scope, Sink, decide, scope_of
from context.retention import Retention, day_is_over, expires_at
from context.retrieve import query_words
from context.transfer import exactly
from context.transfer.exactly import Outcome

UNDO_S = 60.0
"""Seconds in which what was forgotten can be brought back, unless the caller says otherwise."""
_READING = (Purpose.ANSWER, Purpose.FORGET, Purpose.REVIEW, Purpose.EXPORT)


class Store:
    """Remembers, recalls and forgets within a Scope. Safe to use from several threads.

    folder: made if missing, readable by its owner only. embedder: finds by meaning too; without
    one, by words only. now: the clock, aware datetimes; scopes must be minted with its
    `timestamp()`. keys: where the device's secret is; by default a file in the folder. new_id:
    makes the ids of items.

    Every call raises ScopeDenied if the scope has expired or is for another purpose, StoreUnusable,
    which names the place, if a file in the scope can't be used (others are not affected), and
    KeysUnusable if the vault's keys can't. Locked places are passed over in reading.
    """

    def __init__(
        self,
        folder: Path,
        embedder: Embedder | None,
        now: Callable[[], datetime],
        *,
        keys: KeySource | None = None,
        general_needs_pin: bool = False,
        retention: Retention | None = None,
        new_id: Callable[[], str] = lambda: uuid4().hex,
    ) -> None:
        self.folder = folder
        self.keyring = Keyring(
            folder,
            keys or FileKeySource(folder / "device.key"),
            now,
            general_needs_pin=general_needs_pin,
        )
        self.files = Files(folder, self.keyring)
        self.grants = Grants(folder, self.keyring)
        self.retention = retention or Retention()
        self._embedder = embedder
        self._now = now
        self._new_id = new_id
        self._audit: Audit | None = None

    # opening

    def open(self) -> None:
        """Make the folder and the keys ready; files are opened when a scope first needs them.

        Memories that an earlier version kept unencrypted are brought over.
        """
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.folder.chmod(0o700)
        except OSError as error:
            raise StoreUnusable(
                f"The folder of memories {self.folder} can't be used: {error.strerror}."
            ) from None
        # In this order: another process may be making the vault, whose keys come first.
        if any(self.folder.glob("*.db")) and not (self.folder / "keyring.json").exists():
            raise KeysUnusable(
                f"The keys of the memories in {self.folder} are gone (keyring.json): put that file"
                " back, or restore a backup into an empty folder."
            )
        self.keyring.open()
        self.files.open()
        if not self.keyring.locked(Tier.GENERAL):
            self._unlocked()

    def close(self) -> None:
        """Close every file. The store can be opened again."""
        self.files.close()
        self._close_audit()
        self.grants.end_session()
        self.keyring.close()

    def unlock(self, pin: str) -> None:
        """Open what the PIN locks. Raises WrongPin, which says how long to wait."""
        self.keyring.unlock(pin)
        self._unlocked()
        self.audit(AuditEvent.UNLOCK)

    def unlock_with_phone(self, key: bytes) -> None:
        """Open it with the paired phone's key instead. Raises as `unlock` does."""
        self.keyring.unlock_with_phone(key)
        self._unlocked()
        self.audit(AuditEvent.UNLOCK)

    def lock(self) -> None:
        """Lock what the PIN opens, and end what was granted for this session."""
        self.audit(AuditEvent.LOCK)
        self.keyring.lock()
        self.files.close_locked()
        self.grants.end_session()

    def panic(self) -> None:
        """Destroy every key, in well under a second; then delete the files, which are unreadable.

        Works while all is locked. Nothing can be brought back, except from a backup.
        """
        try:
            self.keyring.panic()
        finally:
            self.files.close()
            self._close_audit()
            for path in self.folder.iterdir():
                if path.is_file():
                    path.unlink(missing_ok=True)

    def seal(self, purpose: str) -> Seal:
        """Seals what others keep outside the store, for `purpose`, under the general tier's key.

        May be had before the store is open; `panic` makes all that it sealed unreadable for ever.
        """
        return Seal(purpose, self.keyring.subkey)

    # permission

    def mint(self, request: Request, also: Iterable[Compartment] = ()) -> Scope:
        """A scope for what `request` opens of the compartments there are, and of `also`.

        Raises ScopeDenied with the policy's reason. What was granted once is used up.
        """
        known = USUAL.union(also, *self.files.places())
        if request.purpose is Purpose.REMEMBER:  # where what sounds private goes
            known |= {replace(each, sensitivity=Sensitivity.RESTRICTED) for each in known}
        decision = decide(request, known, self.grants.all())
        while not all([self.grants.used(grant_id) for grant_id in decision.grants]):
            decision = decide(request, known, self.grants.all())  # one was used up meanwhile
        if not decision.compartments:
            self.audit(
                AuditEvent.DENY,
                purpose=request.purpose.value,
                sink=request.sink.value,
                reason=decision.code.value,
            )
        return scope_of(decision, request, self._now().timestamp())

    # remembering

    def remember(
        self,
        scope: Scope,
        text: str,
        *,
        compartment: Compartment | None = None,
        said_by: Provenance,
        about: About | None = None,
        captured_at: datetime | None = None,
        derived_from: Sequence[Item] = (),
    ) -> Item:
        """Store `text` and return its item; it is on disk when this returns.

        compartment: by default owner/general, or the scope's first when it does not open that. A
        text that sounds private goes into the restricted one of the same name, never the other
        way. captured_at: by default now. derived_from: its sources, which it is erased with; its
        label is the join of theirs and its own, so that it goes where only a scope for all of
        them finds it, with the trust of the least trusted.

        A text that is already there, but for case, spacing and a final full stop, is not stored
        twice: its item takes the new time, unless `said_by` is less trusted than who said it.
        Raises TextRefused; ScopeDenied if the place is not in the scope, or is the owner's and
        the words are not; VaultLocked if it is locked.
        """
        now = self._check(scope, Purpose.REMEMBER)
        check_text(text)
        said_by = min([said_by, *(each.provenance for each in derived_from)], key=_trust)
        place = self._place(scope, text, compartment, said_by, derived_from)
        parents = {*(about or About()).parents, *(each.id for each in derived_from)}
        item = Item(
            self._new_id(),
            text,
            Label(place, said_by.trust),
            (captured_at or now).astimezone(UTC),
            said_by,
            replace(about or About(), recorded_at=now, parents=tuple(sorted(parents))),
        )
        item = replace(item, about=self._about(item, derived_from))
        vector = self._vector(text)
        with self.files.file(place, create=True) as file:
            assert file is not None
            stored = records.put(file, item, vector, now)
            file_id = file.key_id
        self.audit(AuditEvent.REMEMBER, ids=[stored.id], place=file_id)
        return stored

    def restore_items(self, scope: Scope, items: Iterable[Item]) -> Iterator[Outcome]:
        """Put items back exactly as they were; tells what became of each, in order, once on disk.

        For what the owner brings back from an export: needs a scope to remember of an owner who
        is known by more than a voice, which is checked now and holds for as long as it takes.
        Raises VaultLocked if something that the scope opens is locked, lest what is private by
        now comes back beside it. Vectors are made by `reembed`.
        """
        now = self._check(scope, Purpose.REMEMBER)
        if not scope.present:
            raise ScopeDenied("Bringing memories back takes more than a voice: the button or PIN.")
        for tier in sorted({tier_of(frozenset({each})) for each in scope.compartments}):
            if self.keyring.locked(tier):
                raise VaultLocked(
                    tier, f"The {tier} part of the memory is locked: unlock it, then import."
                )
        return self._restore_items(scope.compartments, items, now)

    def supersede(self, scope: Scope, old: str, at: datetime | None = None) -> None:
        """Note that an item is no longer true, from now or `at` on; it is kept and listed.

        Needs a scope to forget: it takes an item out of every answer. Raises ItemNotFound.
        """
        now = self._check(scope, Purpose.FORGET)
        self._change(scope, old, lambda file: records.end_validity(file, old, at or now, now))
        self.audit(AuditEvent.SUPERSEDE, ids=[old])

    def pin(self, scope: Scope, item_id: str, *, pinned: bool = True) -> None:
        """Keep an item for ever, or again as long as its kind is kept. Raises ItemNotFound.

        Needs a scope to review or to forget.
        """
        now = self._check(scope, Purpose.FORGET, Purpose.REVIEW)
        item = self.item(scope, item_id)
        until = self._kept_until(item.label.compartments, item.captured_at, pinned=pinned)
        self._change(
            scope, item_id, lambda file: records.pin(file, item_id, until, now, pinned=pinned)
        )

    def move(self, scope: Scope, item_id: str, compartment: Compartment) -> Item:
        """Put an item into another compartment, be it a more open one; returns it as it is there.

        It keeps its id, its times and who said it, and is kept as long as what lies there. What
        was derived from it stays where it is. When this returns no byte of it is left where it
        was. Broken off, it is in one place or in both, and moving it again completes that.

        Needs a scope to review, of an owner known by more than a voice, that opens both. Raises
        ScopeDenied; ItemNotFound; VaultLocked; TextRefused if another item says the same there, or
        if it would have expired there; StoreUnusable as `forget` does.
        """
        now = self._check(scope, Purpose.REVIEW)
        if not scope.present:
            raise ScopeDenied(
                "Moving it takes more than a voice: the button, the PIN or the phone."
            )
        if compartment not in scope.compartments:
            raise ScopeDenied(f"This permission does not open {compartment}.")
        target = frozenset({compartment})
        holders: list[Place] = []
        for place in self.files.within(scope.compartments):
            with self.files.file(place) as file:
                if file is not None and records.get(file, item_id, now) is not None:
                    holders.append(place)
        sources = [place for place in holders if place != target]
        if not sources:
            return self.item(scope, item_id)
        moved = self._take_over(sources[0], item_id, target, now)
        left = ""
        for place in sources:
            with self.files.file(place) as file:
                if file is not None:
                    records.take_out(file, item_id)
                    left = left if sqlite_file.erase(file.connection) else file.name
        self.audit(AuditEvent.MOVE, ids=[item_id], durable=True)
        if left:
            raise StoreUnusable(
                f"It is moved, but its bytes stay in the file of {left} until no other program"
                " reads it and the disk has room.",
                left,
            )
        return moved

    def contradicted(self, scope: Scope, item: Item) -> list[Item]:
        """Items that `item` may contradict: the same said of the same thing, otherwise.

        A proposal: whether they are still true is for the owner to say (see `supersede`).
        """
        found = self.recall(scope, item.text, limit=5)
        return [
            each.item
            for each in found
            if each.item.id != item.id and contradicts(item.text, each.item.text)
        ]

    # reading

    def recall(self, scope: Scope, query: str, *, limit: int = 5) -> list[Recalled]:
        """At most `limit` items that answer `query`, best first; any text may be the query.

        Scores are relative to the best of an item's own place (see `retrieve`). Equal ones are in
        order of time, newest first. Needs a scope to read.
        """
        now = self._check_reading(scope, limit)
        places = self.files.within(scope.compartments)
        plain, turn = self._queries(query, places, now)
        found: list[Recalled] = []
        for place in places:
            with self.files.file(place) as file:
                if file is not None:
                    asked = turn if file.holds_turns else plain
                    found += records.search(file, asked, limit, now)
        found.sort(key=lambda r: (r.score, r.item.captured_at, r.item.id), reverse=True)
        del found[limit:]
        self.audit(
            AuditEvent.RECALL,
            ids=[each.item.id for each in found],
            purpose=scope.purpose.value,
            sink=scope.sink.value,
        )
        return found

    def items(self, scope: Scope, *, limit: int, before: Item | None = None) -> list[Item]:
        """At most `limit` items, newest first; `before` continues after the last one returned."""
        now = self._check_reading(scope, limit)
        found: list[Item] = []
        for place in self.files.within(scope.compartments):
            with self.files.file(place) as file:
                if file is not None:
                    found += records.page(file, limit, before, now)
        found.sort(key=lambda item: (item.captured_at, item.id), reverse=True)
        del found[limit:]
        self.audit(
            AuditEvent.LIST,
            count=len(found),
            purpose=scope.purpose.value,
            sink=scope.sink.value,
        )
        return found

    def item(self, scope: Scope, item_id: str) -> Item:
        """The item of that id. Raises ItemNotFound if the scope opens no such item."""
        now = self._check_reading(scope, 1)
        for place in self.files.within(scope.compartments):
            with self.files.file(place) as file:
                item = None if file is None else records.get(file, item_id, now)
            if item is not None:
                return item
        raise ItemNotFound("There is no such memory.")

    def each(self, scope: Scope) -> Iterator[Item]:
        """All readable items, place by place, each place's in the order they were stored.

        Needs a scope to export to a file, which is checked now and holds for as long as it takes.
        """
        now = self._check(scope, Purpose.EXPORT)
        if scope.sink is not Sink.FILE:
            raise ScopeDenied("This permission does not allow a file.")
        return self._each(self.files.within(scope.compartments), now)

    # forgetting

    def forget(self, scope: Scope, *item_ids: str, undo_s: float = 0.0) -> int:
        """Make items unreadable at once, and everything derived from them; returns how many.

        undo_s: seconds in which `undo` brings them back; then `reap` erases them. With 0, when
        this returns no byte of them is left in any file of the folder. What was derived from them
        goes too, in whatever place it is; where that is locked, as soon as it is unlocked.

        Raises ItemNotFound if the scope opens none of them. Raises StoreUnusable if they are gone
        but their bytes are not, because another process is reading the file or the disk is full;
        erasing is tried again at the next `reap`, `close` and opening.
        """
        now = self._check(scope, Purpose.FORGET)
        inside = self.files.within(scope.compartments)
        mine = self._collect(inside, lambda file: records.held(file, item_ids))
        if not mine:  # what the scope does not open is not touched, nor what hangs on it
            raise ItemNotFound("There is no such memory.")
        purge_at = self._purge_at(inside, now, undo_s)
        derived, unread = self._descendants(mine)
        others = [place for place in self.files.places() if place not in unread]
        # Sources last: what is left when this is broken off can be forgotten again.
        touched = self._forget(others, derived, purge_at)
        if unread or self.keyring.locked(Tier.RESTRICTED):
            self.keyring.owe(mine | derived)
        touched |= self._forget(inside, mine, purge_at)
        self.audit(AuditEvent.FORGET, ids=list(item_ids), undo_s=int(undo_s), durable=True)
        if undo_s <= 0:
            self._purge(touched, now, strict=True)
        return len(mine)

    def undo(self, scope: Scope) -> int:
        """Bring back what the last `forget` in this scope took, if its time is not over.

        Returns how many items came back; 0 if there is nothing to bring back.
        """
        now = self._check(scope, Purpose.FORGET)
        last: datetime | None = None
        inside = self.files.within(scope.compartments)
        for place in inside:
            with self.files.file(place) as file:
                found = None if file is None else records.last_forgotten(file, now)
            if found is not None and (last is None or found > last):
                last = found
        if last is None:
            return 0
        at = last
        back = self._collect(inside, lambda file: records.bring_back(file, at))
        derived, unread = self._descendants(back)
        for place in self.files.places():
            if derived and place not in unread:
                with self.files.file(place) as file:
                    if file is not None:
                        _ = records.bring_back(file, at, derived)
        if (back | derived) & self.keyring.owed():
            self.keyring.pay(back | derived)  # else they would be erased at the next unlocking
        self.audit(AuditEvent.UNDO, count=len(back), durable=True)
        return len(back)

    def reap(self) -> int:
        """Erase what has expired and what was forgotten; returns how many items.

        Whole days of ambient memory are erased by destroying their key. Leaves a record that it
        ran, even where there was nothing to do.
        """
        now = self._now().astimezone(UTC)
        days = 0
        for place in self.files.places():
            if all(each.subject == "ambient" for each in place) and all(
                day_is_over(each, now, self.retention) for each in place
            ):
                self.files.drop(place)
                days += 1
        erased = self._purge(self.files.places(), now, strict=False)
        self.audit(AuditEvent.REAP, count=erased, days=days, durable=bool(erased or days))
        return erased

    # in words for the rest of the package

    def now(self) -> datetime:
        """The moment, in UTC, by the clock that the store was given."""
        return self._now().astimezone(UTC)

    def audit(
        self, event: AuditEvent, *, durable: bool = False, **facts: str | int | list[str]
    ) -> None:
        """Leave a record of what was done, without its contents; nothing while all is locked."""
        if self._audit is not None:
            self._audit.append(event, self._now(), facts=facts, durable=durable)

    def reembed(self, at_once: int = 32) -> int:
        """Make vectors for some items that have none of this embedder's; returns how many.

        For idle moments, until it returns 0. Until then those items are found by their words.
        """
        if self._embedder is None:
            return 0
        for place in self.files.places():
            missing: list[tuple[int, str]] = []
            # One that is damaged keeps no other from being done.
            with suppress(StoreUnusable), self.files.file(place) as file:
                if file is not None:
                    missing = records.without_vector(file, self._embedder.name, at_once)
            if missing:
                values = self._embedder.embed([text for _, text in missing])
                vectors = [
                    (seq, records.Vector(self._embedder.name, value))
                    for (seq, _), value in zip(missing, values, strict=True)
                ]
                with self.files.file(place) as file:
                    if file is not None:
                        records.put_vectors(file, vectors)
                return len(missing)
        return 0

    def _restore_items(
        self, allowed: frozenset[Compartment], items: Iterable[Item], now: datetime
    ) -> Iterator[Outcome]:
        new = 0
        try:
            for outcome in exactly.restore(self.files, allowed, items, now):
                new += outcome is Outcome.NEW
                yield outcome
        finally:
            self.audit(AuditEvent.IMPORT, count=new, durable=True)

    def _each(self, places: Sequence[Place], now: datetime) -> Iterator[Item]:
        count = 0
        try:
            for place in places:
                after = 0
                while page := self._page(place, after, now):
                    for _, item in page:
                        count += 1
                        yield item
                    after, _ = page[-1]
        finally:
            self.audit(AuditEvent.EXPORT, count=count, durable=True)

    def _page(self, place: Place, after: int, now: datetime) -> list[tuple[int, Item]]:
        with self.files.file(place) as file:
            return [] if file is None else records.in_order(file, after, 200, now)

    def _close_audit(self) -> None:
        audit, self._audit = self._audit, None
        if audit is not None:
            audit.close()

    def _unlocked(self) -> None:
        if self._audit is None:
            self._audit = Audit(
                self.folder / "audit.jsonl", self.keyring.subkey("audit"), begin_anew=True
            )
        version1.bring_over(self.folder, self.files, self.retention, self.now())
        owed = self.keyring.owed()
        if owed and not self.keyring.locked(Tier.RESTRICTED):
            now = self._now().astimezone(UTC)
            derived, unread = self._descendants(owed)
            usable = [place for place in self.files.places() if place not in unread]
            self._purge(self._forget(usable, derived | owed, now), now, strict=False)
            if not unread:
                self.keyring.pay(owed)

    def _queries(
        self, text: str, places: Sequence[Place], now: datetime
    ) -> tuple[records.Query, records.Query]:
        """A query as places of statements are asked, and as those of turns are."""
        words, names = query_words(text), set[str]()
        for place in places:
            with self.files.file(place) as file:
                names |= set() if file is None else records.speakers(file)
        names |= {name.split()[0] for name in names if name.split()}
        nameless = turns.without_names(text, names)
        vector = self._vector(text)
        bare = vector if nameless == text else self._vector(nameless)
        asked = turns.asked(text, names, now.date())
        return records.Query(words, vector, turns.Asked()), records.Query(words, bare, asked)

    def _check(self, scope: Scope, *purposes: Purpose) -> datetime:
        now = self._now().astimezone(UTC)
        scope.check(now.timestamp())
        if scope.purpose not in purposes:
            raise ScopeDenied(f"A permission to {scope.purpose} does not allow this.")
        return now

    def _check_reading(self, scope: Scope, limit: int) -> datetime:
        now = self._check(scope, *_READING)
        if limit < 1:
            raise ValueError(f"The limit must be at least 1, and is {limit}.")
        return now

    def _place(
        self,
        scope: Scope,
        text: str,
        compartment: Compartment | None,
        said_by: Provenance,
        derived_from: Sequence[Item],
    ) -> Place:
        own = compartment or min(scope.compartments, key=lambda c: (c != OWNER_GENERAL, c))
        raised = replace(own, sensitivity=sensitive.raised(own.sensitivity, text))
        place = join(Label(frozenset({raised}), Trust.OWNER), *(i.label for i in derived_from))
        if own not in scope.compartments or not place.compartments <= scope.compartments:
            if raised != own and own in scope.compartments:
                raise ScopeDenied(
                    f"That sounds private, and this permission does not open {raised}."
                )
            raise ScopeDenied(f"This permission does not open {own}.")
        owners = own.subject == "owner" and said_by.trust < Trust.OWNER
        brought = said_by is Provenance.IMPORTED and scope.present
        if owners and not brought and not derived_from:
            raise ScopeDenied(f"Only the owner's own words go into {own}.")
        if self.keyring.locked(tier_of(place.compartments)):
            raise VaultLocked(
                tier_of(place.compartments).value,
                "That sounds private, and the private part of my memory is locked: unlock it, then"
                " say it again.",
            )
        return place.compartments

    def _take_over(self, source: Place, item_id: str, target: Place, now: datetime) -> Item:
        """Put the item of one place into another as well."""
        with self.files.file(source) as file:
            item = None if file is None else records.get(file, item_id, now)
            if file is None or item is None:
                raise ItemNotFound("There is no such memory.")
            vectors = records.vectors_of(file, item_id)
        until = self._kept_until(target, item.captured_at, pinned=item.about.pinned)
        if until is not None and until <= now:
            raise TextRefused("What lies there is not kept for so long: it would be erased.")
        about = replace(item.about, expires_at=until)
        moved = replace(item, label=Label(target, item.label.trust), about=about)
        with self.files.file(target, create=True) as file:
            assert file is not None
            there = records.take_in(file, moved, vectors, now)
        if there != item_id:
            raise TextRefused(
                f"The same is there already, as {there[:8]}: forget this one instead."
            )
        return moved

    def _about(self, item: Item, derived_from: Sequence[Item]) -> About:
        """What is kept beside an item that is about to be stored.

        It expires with the first of its sources, which may then be where it can't be asked.
        """
        about, consent = item.about, item.about.consent
        if consent is Consent.REFUSED:
            raise TextRefused("They did not agree to its being kept, so it is not.")
        others = item.provenance in (Provenance.OTHER_SPEAKER, Provenance.OVERHEARD)
        if others and consent is Consent.NOT_NEEDED:
            consent = Consent.UNKNOWN
        kept = self._kept_until(item.label.compartments, item.captured_at, pinned=about.pinned)
        sources = [each.about.expires_at for each in derived_from]
        ends = [each for each in (about.expires_at, kept, *sources) if each is not None]
        return replace(about, consent=consent, expires_at=min(ends, default=None))

    def _kept_until(self, place: Place, captured_at: datetime, *, pinned: bool) -> datetime | None:
        """From when on nobody reads what lies there; None if it is kept until it is forgotten."""
        kept = [
            expires_at(each, captured_at, pinned=pinned, retention=self.retention) for each in place
        ]
        return min((each for each in kept if each is not None), default=None)

    def _collect(
        self, places: Iterable[Place], ids: Callable[[records.File], Iterable[str]]
    ) -> set[str]:
        found: set[str] = set()
        for place in places:
            with self.files.file(place) as file:
                found.update([] if file is None else ids(file))
        return found

    def _forget(self, places: Iterable[Place], ids: Collection[str], at: datetime) -> set[Place]:
        """Make items unreadable in `places`, to be purged then; returns where there were any."""
        touched: set[Place] = set()
        for place in places if ids else ():
            with self.files.file(place) as file:
                if file is not None and records.forget(file, ids, at):
                    touched.add(place)
        return touched

    def _descendants(self, item_ids: Iterable[str]) -> tuple[set[str], set[Place]]:
        """What was derived from items, and the places that could not be asked."""
        found, unread = set[str](), set[Place]()
        edge = set(item_ids)
        while edge:
            below: set[str] = set()
            for place in self.files.places():
                try:
                    with self.files.file(place) as file:
                        below |= set() if file is None else records.children(file, edge)
                except StoreUnusable:  # nobody's business but of who asks for what is in it
                    unread.add(place)
            edge = below - found
            found |= edge
        return found, unread

    def _change(self, scope: Scope, item_id: str, change: Callable[[records.File], bool]) -> None:
        for place in self.files.within(scope.compartments):
            with self.files.file(place) as file:
                if file is not None and change(file):
                    return
        raise ItemNotFound(f"There is no such memory: {item_id[:8]}.")

    def _purge_at(self, inside: Iterable[Place], now: datetime, undo_s: float) -> datetime:
        """When to erase what is forgotten now; each call's is its own, for `undo` to tell apart.

        Nothing outside the scope has a say in it, lest that shows in what can be undone when.
        """
        at = now + timedelta(seconds=undo_s)
        while undo_s > 0 and self._is_taken(inside, at):
            at += timedelta(microseconds=1)
        return at

    def _is_taken(self, inside: Iterable[Place], at: datetime) -> bool:
        for place in inside:
            with self.files.file(place) as file:
                if file is not None and records.purges_at(file, at):
                    return True
        return False

    def _purge(self, places: Iterable[Place], now: datetime, *, strict: bool) -> int:
        """Erase what is due in `places`. strict: raise StoreUnusable where bytes are left."""
        count, left = 0, ""
        for place in sorted(places, key=place_name):
            try:
                with self.files.file(place) as file:
                    if file is None:
                        continue
                    ids = records.purge(file, now)
                    count += len(ids)
                    erased = sqlite_file.erase(file.connection)
                    left = left if erased else file.name
            except StoreUnusable:  # one that is damaged keeps no other from being purged
                if strict:
                    raise
                continue
            if ids:
                self._purge_derived(ids, now)
        if left and strict:
            raise StoreUnusable(
                f"It is forgotten, but its bytes stay in the file of {left} until no other program"
                " reads it and the disk has room.",
                left,
            )
        return count

    def _purge_derived(self, ids: Iterable[str], now: datetime) -> None:
        """Erase what is derived from what has been purged, as with what has expired."""
        derived, unread = self._descendants(ids)
        usable = [place for place in self.files.places() if place not in unread]
        self._purge(self._forget(usable, derived, now), now, strict=False)

    def _vector(self, text: str) -> records.Vector | None:
        if self._embedder is None:
            return None
        return records.Vector(self._embedder.name, self._embedder.embed([text])[0])


def _trust(provenance: Provenance) -> Trust:
    return provenance.trust
