import hashlib
import json

import pytest

from device.errors import ModelError, PullFailed
from device.models import load_catalog

WEIGHTS = b"weights " * 100
CONFIG = b'{"a": 1}'


def test_a_file_of_ones_own_is_hashed_written_down_and_pulled(store, tmp_path):
    (tmp_path / "Mine v2.gguf").write_bytes(WEIGHTS)
    (tmp_path / "Mine v2.gguf").rename(tmp_path / "Mine-v2.gguf")
    models = store()
    entry = models.add(f"file:{tmp_path}/Mine-v2.gguf", use="think", languages=["en"])
    assert entry.name == "mine-v2"
    assert entry.files[0].sha256 == hashlib.sha256(WEIGHTS).hexdigest()
    assert load_catalog(tmp_path / "models.toml").entry("mine-v2") == entry
    models.pull("mine-v2")
    assert (models.path("mine-v2") / "Mine-v2.gguf").read_bytes() == WEIGHTS


def test_what_stands_in_the_file_stays(store, tmp_path):
    (tmp_path / "x.bin").write_bytes(b"x")
    models = store()
    (tmp_path / "models.toml").write_text("# my own words\n", encoding="utf-8")
    models.add(f"file:{tmp_path}/x.bin", use="speak", name="one")
    models.add(f"file:{tmp_path}/x.bin", use="speak", name="two")
    text = (tmp_path / "models.toml").read_text(encoding="utf-8")
    assert text.startswith("# my own words\n")
    assert {"one", "two"} <= set(load_catalog(tmp_path / "models.toml").entries)


@pytest.fixture
def hub(server, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", server.url)

    def publish(path, data, large):
        said = {"type": "file", "path": path, "size": len(data), "oid": "0" * 40}
        if large:
            sha256 = hashlib.sha256(data).hexdigest()
            said["lfs"] = {"oid": sha256, "size": len(data), "pointerSize": 130}
        reply = (200, "application/json", json.dumps([said]).encode())
        server.replies["/api/models/o/r/paths-info/main"] = reply
        server.serve(f"/o/r/resolve/main/{path}", data)

    return publish


def test_the_hubs_digest_is_taken_without_fetching_the_weights(store, server, hub):
    hub("q/model.gguf", WEIGHTS, large=True)
    models = store()
    entry = models.add("hf:o/r/q/model.gguf@main", use="think", name="mine")
    assert entry.files[0].sha256 == hashlib.sha256(WEIGHTS).hexdigest()
    assert [path for path, _ in server.asked] == ["/api/models/o/r/paths-info/main"]
    models.pull("mine")
    assert (models.path("mine") / "model.gguf").read_bytes() == WEIGHTS


def test_a_small_file_without_a_digest_is_fetched_and_hashed(store, hub, tmp_path):
    hub("config.json", CONFIG, large=False)
    entry = store().add("hf:o/r/config.json@main", use="think", name="mine")
    assert entry.files[0].sha256 == hashlib.sha256(CONFIG).hexdigest()
    assert not (tmp_path / "models" / ".adding").exists()


def test_weights_that_are_not_what_the_hub_published_are_refused(store, server, hub):
    hub("model.gguf", WEIGHTS, large=True)
    models = store()
    models.add("hf:o/r/model.gguf@main", use="think", name="mine")
    server.serve("/o/r/resolve/main/model.gguf", WEIGHTS[::-1])
    with pytest.raises(PullFailed, match="sha256"):
        models.pull("mine")


@pytest.mark.usefixtures("hub")
@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ((404, "application/json", b"{}"), "answers 404"),
        ((200, "application/json", b"[]"), "has no such file"),
        ((200, "text/html", b"<html>"), "has no such file"),
    ],
)
def test_the_hub_does_not_have_it(store, server, reply, said):
    server.replies["/api/models/o/r/paths-info/main"] = reply
    with pytest.raises(PullFailed, match=said):
        store().add("hf:o/r/x@main", use="think")


def test_the_hub_cannot_be_reached(store, monkeypatch):
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(PullFailed, match="the hub cannot be reached"):
        store().add("hf:o/r/x@main", use="think")


def test_a_source_of_unknown_digest_is_refused(store):
    with pytest.raises(ModelError, match="nobody publishes the digest"):
        store().add("pypi:a==1!b", use="think")


def test_a_name_is_taken_once(store, tmp_path):
    (tmp_path / "x.bin").write_bytes(b"x")
    models = store()
    models.add(f"file:{tmp_path}/x.bin", use="speak")
    with pytest.raises(ModelError, match="already"):
        models.add(f"file:{tmp_path}/x.bin", use="speak")
    with pytest.raises(ModelError, match="name"):
        models.add(f"file:{tmp_path}/x.bin", use="speak", name="../x")
    with pytest.raises(PullFailed, match="cannot be read"):
        models.add(f"file:{tmp_path}/none", use="speak")
