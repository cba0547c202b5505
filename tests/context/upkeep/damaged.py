"""A vault with much in it, and what is done to its files."""

from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

from context import (
    About,
    Compartment,
    Item,
    Label,
    Provenance,
    Purpose,
    Scope,
    Sink,
    Store,
    policy,
    sqlite_file,
)
from context.keys.keyring import FileKey, Tier
from context.transfer.exactly import Outcome
from context.upkeep.pages import PAGE_BYTES
from context.upkeep.repair import Finding

OWNER, HOUSE, HEALTH = "owner/general", "household/general", "owner/health/restricted"
SAID = Provenance.OWNER_SPOKE
COUNT = 150

Make = Callable[..., Scope]
New = Callable[..., Store]


def fill(store: Store) -> None:
    """Put many items in one place, long and derived ones, and one in another."""
    now = store.now()
    house, owner = (frozenset({Compartment.parse(each)}) for each in (HOUSE, OWNER))
    scope = Scope(
        house | owner,
        Purpose.REMEMBER,
        Sink.SCREEN,
        "test",
        now.timestamp(),
        now.timestamp() + 60,
        token=policy._MINT,
        present=True,
    )
    items = [
        Item(
            f"{number:032x}",
            f"fact {number} of many" + " long words" * (1500 if number % 37 == 5 else number % 20),
            Label(owner, SAID.trust),
            now - timedelta(seconds=number),
            SAID,
            About(parents=(f"{number - 1:032x}",) if number % 5 == 0 else (), sure=0.5),
        )
        for number in range(1, COUNT + 1)
    ]
    items.append(Item("f" * 32, "the bins", Label(house, SAID.trust), now, SAID))
    assert set(store.restore_items(scope, items)) == {Outcome.NEW}
    while store.reembed():
        pass


def file_of(store: Store, name: str = OWNER) -> tuple[Path, FileKey]:
    key = store.keyring.get(name, Tier.GENERAL)
    assert key is not None
    return store.files.path(key.file_id), key


def numbers(store: Store, scope: Make, *places: str) -> list[int]:
    """Of the items that are there."""
    items = store.items(scope(Purpose.FORGET, places or [OWNER]), limit=10_000)
    return sorted(int(item.text.split()[1]) for item in items)


def damage(path: Path, *page_numbers: int) -> None:
    """Change one bit of each page."""
    data = bytearray(path.read_bytes())
    for number in page_numbers:
        data[(number - 1) * PAGE_BYTES + 1234] ^= 4
    path.write_bytes(data)


def pages_of(path: Path) -> int:
    return path.stat().st_size // PAGE_BYTES


def bad(findings: list[Finding]) -> list[str]:
    return [finding.sentence for finding in findings if not finding.ok]


def of(findings: list[Finding], place: str) -> Finding:
    (one,) = [finding for finding in findings if finding.place == place]
    return one


@contextmanager
def opened(path: Path, key: FileKey) -> Generator[sqlite_file.Connection]:
    connection = sqlite_file.open_file(path, key.key, OWNER, create=False)
    assert connection is not None
    with closing(connection):
        yield connection
