"""A vault that is worth repairing."""

import shutil
from contextlib import closing
from pathlib import Path

import pytest

from context import HashingEmbedder, Store
from tests.context.conftest import Clock
from tests.context.upkeep.damaged import New, fill


@pytest.fixture(scope="session")
def filled_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed vault with many items in one place, long and derived ones, and one in another."""
    folder = tmp_path_factory.mktemp("filled") / "memories"
    store = Store(folder, HashingEmbedder(), Clock())
    store.open()
    with closing(store):
        fill(store)
    return folder


@pytest.fixture
def store(filled_folder: Path, new_store: New, tmp_path: Path) -> Store:
    """A vault with `COUNT` items in owner/general and one in household/general."""
    shutil.copytree(filled_folder, tmp_path / "memories")
    return new_store()
