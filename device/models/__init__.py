"""The models this device thinks with: a catalog by hash, and fetching that takes nothing on trust.

What is loaded is exactly the bytes that the catalog names, wherever they came from. The catalog
is data (`catalog.toml`, and a user's `models.toml`); the folder of a model that is here is
`Models.path(name)`.
"""

from device.models.catalog import USES, Catalog, Entry, ModelFile, Use, load_catalog
from device.models.disk import Progress, megabytes
from device.models.store import Models, quiet
from device.models.verified import Damage

__all__ = [
    "USES",
    "Catalog",
    "Damage",
    "Entry",
    "ModelFile",
    "Models",
    "Progress",
    "Use",
    "load_catalog",
    "megabytes",
    "quiet",
]
