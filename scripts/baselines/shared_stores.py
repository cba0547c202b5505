"""What others do: one store for everybody and everything, and a filter on each query.

Run by scripts/bench_context in an environment of its own (chromadb and sqlite-vec). Reads a
folder with `vectors.npy` (n, d), `queries.npy` (m, d) and `rows.json` (texts, scopes, asked: for
each query its text and the scope it may see), writes `shared.json`: times, and how often what
lies outside a scope changes what is found inside it.

- sqlite: one FTS5 index with a scope column and `WHERE scope = ?`. Word statistics are everybody's.
- sqlite-vec: one vec0 table with a scope column as metadata.
- chroma: one collection, `where={"scope": …}`.
"""

import json
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

LIMIT = 10


def percentiles(took_ms: list[float]) -> dict[str, float]:
    took_ms.sort()
    return {"p50_ms": took_ms[len(took_ms) // 2], "p95_ms": took_ms[int(len(took_ms) * 0.95)]}


def words(text: str) -> str:
    kept = "".join(c if c.isalnum() else " " for c in text).split()
    return " OR ".join(f'"{word}"' for word in kept) or '"nothing"'


def timed(ask: Callable[[int], Sequence[int]], count: int) -> tuple[list[list[int]], list[float]]:
    found, took_ms = [], []
    for number in range(count):
        begun = time.perf_counter()
        found.append(list(ask(number)))
        took_ms.append((time.perf_counter() - begun) * 1e3)
    return found, took_ms


def changed(shared: list[list[int]], alone: list[list[int]]) -> dict[str, float]:
    """How often the shared store's results are not those of the scope by itself."""
    pairs = list(zip(shared, alone, strict=True))
    return {
        "order_changes": sum(a != b for a, b in pairs) / len(pairs),
        "set_changes": sum(set(a) != set(b) for a, b in pairs) / len(pairs),
        "too_few": sum(len(a) < len(b) for a, b in pairs) / len(pairs),
    }


def sqlite_words(texts: list[str], scopes: list[str], asked: list[list[str]]) -> dict[str, Any]:
    def index(rows: list[int]) -> sqlite3.Connection:
        made = sqlite3.connect(":memory:")
        made.execute(
            "CREATE VIRTUAL TABLE word USING fts5(text, scope UNINDEXED, tokenize='porter')"
        )
        made.executemany(
            "INSERT INTO word (rowid, text, scope) VALUES (?, ?, ?)",
            [(row, texts[row], scopes[row]) for row in rows],
        )
        return made

    query = "SELECT rowid FROM word WHERE word MATCH ? AND scope = ? ORDER BY rank, rowid LIMIT ?"
    shared = index(list(range(len(texts))))
    alone = {
        scope: index([row for row in range(len(texts)) if scopes[row] == scope])
        for scope in set(scopes)
    }

    def ask(database: sqlite3.Connection, number: int) -> list[int]:
        text, scope = asked[number]
        return [row[0] for row in database.execute(query, (words(text), scope, LIMIT))]

    found, took_ms = timed(lambda number: ask(shared, number), len(asked))
    by_itself = [ask(alone[scope], number) for number, (_, scope) in enumerate(asked)]
    leaked = sum(scopes[row] != asked[n][1] for n, rows in enumerate(found) for row in rows)
    return percentiles(took_ms) | changed(found, by_itself) | {"leaks": leaked}


def exact(vectors: Any, queries: Any, scopes: list[str], asked: list[list[str]]) -> list[list[int]]:
    """The nearest of each query's own scope, by brute force."""
    where = np.array(scopes)
    found = []
    for number, (_, scope) in enumerate(asked):
        rows = np.flatnonzero(where == scope)
        order = np.argsort(-(vectors[rows] @ queries[number]), kind="stable")[:LIMIT]
        found.append([int(row) for row in rows[order]])
    return found


def sqlite_vec_knn(
    vectors: Any, queries: Any, scopes: list[str], asked: list[list[str]]
) -> dict[str, Any]:
    import sqlcipher3.dbapi2 as extensible  # the standard library's often can't load extensions
    import sqlite_vec

    made = extensible.connect(":memory:")
    made.enable_load_extension(True)
    sqlite_vec.load(made)
    made.execute(
        f"CREATE VIRTUAL TABLE near USING vec0(v float[{vectors.shape[1]}]"
        " distance_metric=cosine, scope text)"
    )
    made.executemany(
        "INSERT INTO near (rowid, v, scope) VALUES (?, ?, ?)",
        [(n, vectors[n].tobytes(), scopes[n]) for n in range(len(scopes))],
    )
    query = "SELECT rowid FROM near WHERE v MATCH ? AND k = ? AND scope = ?"

    def ask(number: int) -> list[int]:
        rows = made.execute(query, (queries[number].tobytes(), LIMIT, asked[number][1]))
        return [row[0] for row in rows]

    found, took_ms = timed(ask, len(asked))
    return percentiles(took_ms) | changed(found, exact(vectors, queries, scopes, asked))


def chroma(
    vectors: Any, queries: Any, texts: list[str], scopes: list[str], asked: list[list[str]]
) -> dict[str, Any]:
    import chromadb
    from chromadb.config import Settings

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        client = chromadb.PersistentClient(
            path=folder, settings=Settings(anonymized_telemetry=False)
        )
        kept = client.create_collection(
            "memories", embedding_function=None, metadata={"hnsw:space": "cosine"}
        )
        for begin in range(0, len(texts), 4_000):
            part = range(begin, min(begin + 4_000, len(texts)))
            kept.add(
                ids=[str(row) for row in part],
                embeddings=vectors[part.start : part.stop],
                documents=[texts[row] for row in part],
                metadatas=[{"scope": scopes[row]} for row in part],
            )

        def ask(number: int) -> list[int]:
            found = kept.query(
                query_embeddings=[queries[number]],
                n_results=LIMIT,
                where={"scope": asked[number][1]},
            )
            return [int(row) for row in found["ids"][0]]

        found, took_ms = timed(ask, len(asked))
        result = percentiles(took_ms) | changed(found, exact(vectors, queries, scopes, asked))
        kept.delete(ids=[str(row) for row in range(min(100, len(texts)))])
        stored = b"".join(each.read_bytes() for each in Path(folder).rglob("*") if each.is_file())
        result["deleted_texts_left"] = sum(
            texts[row].encode() in stored for row in range(min(100, len(texts)))
        )
        result["readable_on_disk"] = texts[-1].encode() in stored
    return result


def main() -> None:
    folder = Path(sys.argv[1])
    rows = json.loads((folder / "rows.json").read_text(encoding="utf-8"))
    vectors, queries = np.load(folder / "vectors.npy"), np.load(folder / "queries.npy")
    texts, scopes, asked = rows["texts"], rows["scopes"], rows["asked"]
    results = {
        "sqlite_where": sqlite_words(texts, scopes, asked),
        "sqlite_vec": sqlite_vec_knn(vectors, queries, scopes, asked),
        "chroma": chroma(vectors, queries, texts, scopes, asked),
        "items": len(texts),
        "queries": len(asked),
    }
    (folder / "shared.json").write_text(json.dumps(results, indent=2), encoding="utf-8")


if __name__ == "__main__":
    main()
