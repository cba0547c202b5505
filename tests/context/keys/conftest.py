"""A vault's folder, keyrings on it, and the hands of its clock."""

from collections.abc import Callable
from pathlib import Path

import pytest

from context.keys.keyring import Keyring
from tests.context.vaults import Hands, Vault

New = Callable[..., Keyring]


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path)


@pytest.fixture
def new(vault: Vault) -> New:
    return vault.new


@pytest.fixture
def header(vault: Vault) -> Path:
    return vault.header


@pytest.fixture
def folder(vault: Vault) -> Path:
    return vault.folder


@pytest.fixture
def hands(vault: Vault) -> Hands:
    return vault.clock
