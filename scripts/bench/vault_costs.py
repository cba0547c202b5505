"""What the vault costs: time to recall, write and open, memory, and bytes after erasing."""

import gc
import random
import string
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from context import Compartment, Provenance, Purpose
from context.retrieve import quantise
from context.signs import signs_of
from scripts.bench.vault import (
    RandomVectors,
    fill,
    percentile,
    scope_for,
    sentences,
    vault,
)
from tests.context.forensic import plain

PLACES = (Compartment("owner", "general"), Compartment("household", "general"))


def recall_ms(
    size: int, conversations: Path | None, queries: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """Hybrid recall over two compartments with `size` items in them.

    The query's vector is a random one, made in some ten microseconds: embedding does not count.
    """
    embedder = RandomVectors(size)
    texts = sentences(conversations, size)
    with vault(embedder) as store:
        begun = time.perf_counter()
        for place in PLACES:
            fill(store, place, texts, size // len(PLACES))
        say(f"  {size:,} items written in {time.perf_counter() - begun:.0f} s")
        asked = sentences(conversations, size + 1)
        took: list[float] = []
        for _ in range(queries + 1):
            query, scope = " ".join(next(asked).split()[:9]), scope_for(store, Purpose.ANSWER)
            begun = time.perf_counter()
            store.recall(scope, query, limit=5)
            took.append((time.perf_counter() - begun) * 1e3)
        cold, *took = took
        size_mb = sum(each.stat().st_size for each in store.folder.iterdir()) / 1e6
    gc.collect()
    return {
        "p50_ms": percentile(took, 0.5),
        "p95_ms": percentile(took, 0.95),
        "first_ms": cold,
        "disk_mb": size_mb,
    }


def write_ms(count: int, conversations: Path | None) -> dict[str, float]:
    """One item, on disk when it returns, into a compartment of ten thousand."""
    texts = sentences(conversations, 7)
    with vault(RandomVectors(7)) as store:
        fill(store, PLACES[0], texts, 10_000)
        took: list[float] = []
        for _ in range(count):
            text, scope = next(texts), scope_for(store, Purpose.REMEMBER)
            begun = time.perf_counter()
            store.remember(scope, text, said_by=Provenance.OWNER_SPOKE)
            took.append((time.perf_counter() - begun) * 1e3)
    return {"p50_ms": percentile(took, 0.5), "p95_ms": percentile(took, 0.95)}


def bytes_after_erase(count: int) -> int:
    """Bytes of erased texts, tokens and vectors that are in any file, read with the keys."""
    chance = random.Random(5)
    embedder = RandomVectors(5)
    made: list[tuple[str, Any]] = []
    real = embedder.embed

    def remembering(texts: list[str]) -> Any:
        values = real(texts)
        made.extend(zip(texts, values, strict=True))
        return values

    embedder.embed = remembering  # type: ignore[method-assign]
    with vault(embedder) as store:
        kept = store.remember(
            scope_for(store, Purpose.REMEMBER),
            "zebracorn umbrellas stay",
            said_by=Provenance.OWNER_SPOKE,
        )
        made.clear()
        ids: list[str] = []
        for _ in range(count):
            letters = [
                "".join(chance.choices(string.ascii_lowercase, k=14))
                for _ in range(chance.randrange(1, 60))
            ]
            scope = scope_for(store, Purpose.REMEMBER)
            item = store.remember(scope, " ".join(letters), said_by=Provenance.OWNER_SPOKE)
            ids.append(item.id)
        store.forget(scope_for(store, Purpose.FORGET), *ids)
        found = plain(store)
        if b"zebracorn" not in found:  # else the search itself is blind
            raise AssertionError(f"an item that was kept can't be seen: {kept.id}")
        parts = [word.encode() for text, _ in made for word in text.split()]
        parts += [quantise(vector) for _, vector in made]
        parts += [signs_of(vector) for _, vector in made]
        return sum(len(part) for part in parts if part in found)


def opening(places: int, items: int) -> dict[str, float]:
    """In a process of its own: to open one compartment, and the memory of several open ones."""
    program = f"""
import json, os, random, statistics, sys, time
sys.path.insert(0, {str(Path(__file__).parents[2])!r})
import psutil
from context import Compartment, Purpose
from scripts.bench.vault import RandomVectors, fill, scope_for, sentences, vault
every = [Compartment("owner", f"domain{{n}}") for n in range({places})]
with vault(RandomVectors(3)) as store:
    texts = sentences(None, 3)
    for each in every:
        fill(store, each, texts, {items})
    took = []
    for _ in range(5):
        store.files.close(); store.files.open()
        for each in every:
            begun = time.perf_counter()
            with store.files.file(frozenset({{each}})) as file:
                file.connection.execute("SELECT count(*) FROM place").fetchone()
            took.append((time.perf_counter() - begun) * 1e3)
    store.close()
    if os.fork() == 0:  # what writing left in memory does not count
        os.execv(sys.executable, [sys.executable, "-c", OPEN, str(store.folder), json.dumps(took)])
    os.wait()
""".replace("OPEN", repr(_OPEN.replace("ROOT", repr(str(Path(__file__).parents[2])))))
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    open_ms, rss_mb = (float(each) for each in done.stdout.split())
    return {"open_ms": open_ms, "rss_mb": rss_mb}


_OPEN = """
import json, statistics, sys
sys.path.insert(0, ROOT)
import psutil
from datetime import UTC, datetime
from pathlib import Path
from context import Purpose, Store
from scripts.bench.vault import RandomVectors, scope_for, sentences
store = Store(Path(sys.argv[1]), RandomVectors(4), lambda: datetime.now(UTC))
store.open()
asked = sentences(None, 5)
for _ in range(50):
    store.recall(scope_for(store, Purpose.ANSWER), next(asked), limit=5)
took = sorted(json.loads(sys.argv[2]))
print(took[int(len(took) * 0.95)], psutil.Process().memory_info().rss / 1e6)
"""
