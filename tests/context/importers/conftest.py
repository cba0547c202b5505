"""Writes a file and reads it as an import would."""

from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from context.importers import Record, Skipped, kind_of, read

LONDON = ZoneInfo("Europe/London")

Load = Callable[..., list[Record | Skipped]]
Texts = Callable[..., list[str]]


def read_all(path: Path, zone: ZoneInfo = LONDON) -> list[Record | Skipped]:
    return list(read(path, kind_of(path), zone=zone))


@pytest.fixture
def load(tmp_path: Path) -> Load:
    """What a file of this name and content gives."""

    def write_and_read(
        name: str, content: str | bytes, zone: ZoneInfo = LONDON
    ) -> list[Record | Skipped]:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return read_all(path, zone)

    return write_and_read


@pytest.fixture
def texts(load: Load) -> Texts:
    """The texts of the records of a file in which nothing is skipped."""

    def of(name: str, content: str | bytes) -> list[str]:
        found = load(name, content)
        assert all(isinstance(item, Record) for item in found), found
        return [item.text for item in found if isinstance(item, Record)]

    return of


def uids(found: list[Record | Skipped]) -> dict[str, str]:
    """Texts by uid, of which none may come twice."""
    records = [item for item in found if isinstance(item, Record)]
    by_uid = {record.uid: record.text for record in records}
    assert len(by_uid) == len(records)
    return by_uid
