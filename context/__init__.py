"""What the assistant knows: what may be remembered, recalled and forgotten, and by whom."""

from context.embed import Embedder, MiniLM
from context.errors import (
    ContextError,
    ItemNotFound,
    LapelError,
    ScopeDenied,
    StoreUnusable,
    TextRefused,
)
from context.fake_embed import HashingEmbedder
from context.items import Item, Provenance, Recalled
from context.labels import Compartment, Label, Sensitivity, Trust, join
from context.policy import (
    HOUSEHOLD_GENERAL,
    OWNER_GENERAL,
    Audience,
    Decision,
    Principal,
    Purpose,
    Request,
    Scope,
    Sink,
    decide,
    mint,
)
from context.store import Store

__all__ = [
    "HOUSEHOLD_GENERAL",
    "OWNER_GENERAL",
    "Audience",
    "Compartment",
    "ContextError",
    "Decision",
    "Embedder",
    "HashingEmbedder",
    "Item",
    "ItemNotFound",
    "Label",
    "LapelError",
    "MiniLM",
    "Principal",
    "Provenance",
    "Purpose",
    "Recalled",
    "Request",
    "Scope",
    "ScopeDenied",
    "Sensitivity",
    "Sink",
    "Store",
    "StoreUnusable",
    "TextRefused",
    "Trust",
    "decide",
    "join",
    "mint",
]
