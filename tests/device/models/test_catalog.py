import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.errors import ModelError
from device.models import USES, Entry, ModelFile, load_catalog
from device.models.catalog import BUILT_IN, slug, to_toml
from device.models.sources import HubFile, WheelMember, parse_source

line = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=30)
files = st.builds(
    ModelFile,
    path=st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,20}", fullmatch=True),
    bytes=st.integers(0, 2**40),
    sha256=st.from_regex(r"[0-9a-f]{64}", fullmatch=True),
    sources=st.just(("file:/x/ÿ", "pypi:a==1!b/c + pypi:d==1!e")),
)
entries = st.builds(
    Entry,
    name=st.from_regex(r"mine[a-z0-9._-]{0,20}", fullmatch=True),
    use=st.sampled_from(USES),
    licence=line,
    about=line,
    ram_mb=st.integers(0, 10**6),
    languages=st.lists(line, max_size=3).map(tuple),
    wheel_bytes=st.integers(0, 2**40),
    home=line,
    files=st.lists(files, min_size=1, max_size=3, unique_by=lambda file: file.path).map(tuple),
)


@given(entries)
def test_an_entry_is_read_as_it_was_written(tmp_path_factory, entry):
    path = tmp_path_factory.getbasetemp() / "models.toml"
    path.write_text(to_toml(entry), encoding="utf-8")
    assert load_catalog(path).entry(entry.name) == entry


def test_the_built_in_catalog_is_complete():
    catalog = load_catalog(None)
    for entry in catalog.entries.values():
        assert entry.ram_mb and entry.home and entry.about, entry.name
        for file in entry.files:
            kinds = {type(part) for source in file.sources for part in parse_source(source)}
            assert kinds <= {HubFile, WheelMember}, file.path
            assert WheelMember in kinds, file.path
        if entry.wheel_bytes:
            assert entry.most_bytes >= entry.bytes


def test_the_catalog_names_no_registry_host():
    assert "://" not in BUILT_IN.read_text(encoding="utf-8")


def test_a_users_entry_replaces_the_built_in_one(tmp_path, make_entry, make_file):
    mine = make_entry(make_file("model.bin", b"x", "file:/x"), name="whisper-base")
    path = tmp_path / "models.toml"
    path.write_text(to_toml(mine), encoding="utf-8")
    catalog = load_catalog(path)
    assert catalog.entry("whisper-base") == mine
    assert "minilm-l6-v2-int8" in catalog.entries


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("licence =", "license ="), r"models\.toml: model\.0\.lic"),
        (('"think"', '"drive"'), r"model\.0\.use"),
        (('"file:/x"', '"x"'), r"model\.0\.files\.0\.sources"),
        (('"a.bin"', '"../a.bin"'), r"model\.0\.files\.0\.path"),
        (('"a.bin"', '".verified.json"'), r"model\.0\.files\.0\.path"),
        (('"m"', '"../m"'), r"model\.0\.name"),
        (("[[model]]", "[model"), "cannot be read"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, make_entry, make_file, change, said):
    path = tmp_path / "models.toml"
    text = to_toml(make_entry(make_file("a.bin", b"x", "file:/x")))
    path.write_text(text.replace(*change), encoding="utf-8")
    with pytest.raises(ModelError, match=said):
        load_catalog(path)


def test_twice_is_refused(tmp_path, make_entry, make_file):
    path = tmp_path / "models.toml"
    file = make_file("a.bin", b"x", "file:/x")
    path.write_text(to_toml(make_entry(file)) * 2, encoding="utf-8")
    with pytest.raises(ModelError, match="lists a model twice"):
        load_catalog(path)
    path.write_text(to_toml(make_entry(file, file)), encoding="utf-8")
    with pytest.raises(ModelError, match="lists a file twice"):
        load_catalog(path)


def test_an_unknown_name_is_answered_with_the_names_there_are():
    with pytest.raises(ModelError, match=r"'whisper-huge'.*whisper-base"):
        load_catalog(None).entry("whisper-huge")


@given(st.text())
def test_a_slug_is_a_name_or_empty(text):
    made = slug(text)
    assert made == "" or made[0].isalnum() or ord(made[0]) > 127
