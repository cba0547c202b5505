"""The vault as a command has it open: permissions, the PIN, and going on past what is damaged.

The account that owns the files asks, so everything may be reviewed; what the PIN locks stays
locked until it is entered.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Final, TypeVar

from context.browse import beginning
from context.errors import ItemNotFound, LapelError, StoreUnusable, VaultLocked, WrongPin
from context.items import Item
from context.keys.keyring import Tier
from context.labels import Compartment, Place, Sensitivity, parse_place
from context.policy import Audience, Authentication, Principal, Purpose, Request, Scope, Sink
from context.store import Store
from device.cli.context.ask import can_ask, check_there, secret_of
from device.cli.context.output import note
from device.settings import Settings

T = TypeVar("T")

_PAGE: Final = 500
_TRIES: Final = 3


class Vault:
    """An open store, and the owner who asks. Raises LapelError if there is no file `pin_file`."""

    def __init__(
        self, settings: Settings, store: Store, *, pin_file: Path | None, meaning: str | None
    ) -> None:
        self.settings = settings
        self.store = store
        if pin_file is not None:  # also where nothing needs it: it may be misspelt
            check_there(pin_file)
        self.meaning = meaning
        """The name of what finds by meaning, or None if it is words alone."""
        self._pin_file = pin_file
        self._unusable: dict[Place, StoreUnusable] = {}

    # permission

    def scope(
        self,
        purpose: Purpose,
        inside: Iterable[Compartment] = (),
        *,
        sink: Sink = Sink.SCREEN,
        also: Iterable[Compartment] = (),
    ) -> Scope:
        """A new permission of the owner's. inside: nothing else, if any are given.

        What turned out to be unusable is left out (see `reading`). A permission lives a minute, so
        that each step takes a new one. Raises ScopeDenied.
        """
        scope = self.store.mint(_owner_asks(purpose, sink), also)
        for place in self._unusable:
            scope = scope.without([max(place)])
        wanted = frozenset(inside)
        return scope.without(scope.compartments - wanted) if wanted else scope

    def check_there(self, inside: Iterable[Compartment]) -> None:
        """Unlock if one of `inside` is restricted. Raises LapelError if nothing ever lay in one."""
        restricted = any(each.sensitivity is Sensitivity.RESTRICTED for each in inside)
        if restricted and self.is_locked:
            self.unlock()
        known = self.store.mint(_owner_asks(Purpose.REVIEW, Sink.SCREEN)).compartments
        for each in inside:
            if each not in known:
                raise LapelError(
                    f"There is no compartment {each}: 'lapel context stats' lists those there are."
                )

    # the PIN

    @property
    def is_locked(self) -> bool:
        """Whether something is locked by the PIN."""
        return self.store.keyring.locked(Tier.RESTRICTED)

    def note_no_pin(self) -> None:
        """Tell that a PIN was given, or is to be asked for, though none is set."""
        if not self.store.keyring.has_pin():
            note("(No PIN is set, so none was asked for: 'lapel context lock set-pin' sets one.)")

    def unlock(self, what: str = "PIN", *, tries: int = _TRIES) -> str:
        """Open what the PIN locks and return the PIN, which is asked for unless it is in a file.

        A wrong one is asked for again if it may be tried at once. Raises WrongPin, and LapelError
        if no PIN is set or there is nobody to ask.
        """
        if not self.store.keyring.has_pin():
            raise LapelError(
                "The memory is locked until a PIN is set: run 'lapel context lock set-pin'."
            )
        pin = secret_of(self._pin_file, what, "--pin-file")
        try:
            self.store.unlock(pin)
        except WrongPin as error:
            if error.retry_after_s > 0 or tries <= 1 or self._pin_file is not None:
                raise
            note(str(error))
            return self.unlock(what, tries=tries - 1)
        return pin

    def unlocking(self, work: Callable[[], T]) -> T:
        """What `work` returns; if it needs what is locked, unlock and do it again."""
        try:
            return work()
        except VaultLocked:
            self.unlock()
            return work()

    def need_all(self, *, without_locked: bool) -> None:
        """Unlock if something is locked, unless the owner wants to go on without."""
        if not self.is_locked:
            return
        if without_locked:
            note("(What the PIN locks is left out.)")
        else:
            self.unlock()

    def note_locked(self) -> None:
        """Tell that something is locked and not seen."""
        if self.is_locked:
            note("(What the PIN locks is left out: --unlock asks for the PIN.)")

    def note_words_only(self) -> None:
        """Tell that nothing is found by meaning, if that is wanted and its model is not here."""
        name = self.settings.memory.embedder
        if self.meaning is None and name != "none":
            note(f"(By words alone: the model {name} is not here; run: lapel models pull {name})")

    # reading

    def reading(
        self,
        purpose: Purpose,
        inside: Iterable[Compartment],
        work: Callable[[Scope], T],
        *,
        sink: Sink = Sink.SCREEN,
    ) -> T:
        """What `work` returns with a scope of all that can be read; see `raise_unusable`."""
        while True:
            try:
                return work(self.scope(purpose, inside, sink=sink))
            except StoreUnusable as error:
                place = None if error.compartment is None else parse_place(error.compartment)
                if place is None or place in self._unusable:
                    raise
                self._unusable[place] = error

    def items(
        self,
        purpose: Purpose,
        inside: Iterable[Compartment] = (),
        since: datetime | None = None,
    ) -> Iterator[Item]:
        """Every item, newest first, of those captured at `since` or later."""
        inside, before = tuple(inside), None
        while True:
            page = self._page(purpose, inside, before)
            for item in page:
                if since is not None and item.captured_at < since:
                    return
                yield item
            if len(page) < _PAGE:
                return
            before = page[-1]

    def find(self, prefix: str) -> Item:
        """The one item whose id begins so; unlocks where it may be. Raises LapelError."""
        found = self.beginning(prefix)
        if not found and self.is_locked and (self._pin_file is not None or can_ask()):
            note("(It is not in what is open.)")
            self.unlock()
            found = self.beginning(prefix)
        if not found:
            where = " in what is open" if self.is_locked else ""
            raise ItemNotFound(
                f"There is no memory{where} whose id begins with {prefix[:32]!r}: 'lapel context"
                " list' shows the ids."
            )
        if len(found) > 1:
            raise LapelError(
                f"Several memories have ids that begin with {prefix[:32]!r}: give more of it."
            )
        return found[0]

    def beginning(self, prefix: str) -> list[Item]:
        """At most two items, of what is open, whose ids begin so."""
        if not prefix.strip() or not prefix.isascii():
            return []
        return self.reading(Purpose.REVIEW, (), lambda scope: beginning(self.store, scope, prefix))

    def raise_unusable(self) -> None:
        """Raise what kept something from being read, if anything did: for a command's end."""
        for error in self._unusable.values():
            raise error

    def _page(
        self, purpose: Purpose, inside: tuple[Compartment, ...], before: Item | None
    ) -> list[Item]:
        return self.reading(
            purpose, inside, lambda scope: self.store.items(scope, limit=_PAGE, before=before)
        )


def _owner_asks(purpose: Purpose, sink: Sink) -> Request:
    return Request(
        principal=Principal.OWNER,
        sure=1.0,
        purpose=purpose,
        audience=Audience.ALONE,
        sink=sink,
        authentication=Authentication.ACCOUNT,
    )
