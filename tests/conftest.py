"""What every test has: a home of its own, the real models, and the real recordings if present."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import Phase, settings

from device.models import Models, load_catalog
from device.settings import config_dir, data_dir
from tests import tiers

# A machine may be busy with other things: no test fails for being slow.
settings.register_profile("patient", deadline=None)
# Says that something fails without looking for the smallest example: for scripts/mutants.
settings.register_profile(
    "quick", deadline=None, phases=[Phase.explicit, Phase.generate], database=None
)
settings.load_profile("patient")

_LONGEST_S = 6 * 3600  # of one test of the long tier, which tries thousands of cases

# Read before any test changes LAPEL_HOME: the models that set-up pulled.
_FOLDER = data_dir() / "models"
_MODELS = Models(_FOLDER, load_catalog(config_dir() / "models.toml"))
_DATA = Path(os.environ.get("LAPEL_DATA") or Path(__file__).parents[2] / "shared")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="the long tier too: thousands of cases")


def pytest_configure(config: pytest.Config) -> None:
    tiers.choose(long=config.getoption("--long"))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if config.getoption("--long"):
            item.add_marker(pytest.mark.timeout(_LONGEST_S))
        elif item.get_closest_marker("long"):
            item.add_marker(pytest.mark.skip(reason="the long tier: --long"))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with no settings and no memories, and the real models."""
    folder = tmp_path / "home"
    models = folder / "data" / "models"
    models.mkdir(parents=True)
    for each in _FOLDER.iterdir() if _FOLDER.exists() else ():
        # A link a model, so that no test can remove a real one.
        (models / each.name).symlink_to(each)
    monkeypatch.setenv("LAPEL_HOME", str(folder))
    return folder


@pytest.fixture(scope="session")
def model_folder() -> Callable[[str], Path]:
    """The folder of a model by name; set-up has pulled those that the tests use."""
    return _MODELS.path


@pytest.fixture(scope="session")
def recordings() -> Path:
    """The folder of real recordings, laid out as its README says."""
    folder = _DATA / "audio"
    if not folder.is_dir():
        pytest.skip("the real recordings are not here (LAPEL_DATA)")
    return folder
