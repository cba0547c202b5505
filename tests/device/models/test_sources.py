import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.errors import ModelError
from device.models.sources import (
    HubFile,
    LocalFile,
    WebFile,
    WheelMember,
    format_source,
    is_safe_path,
    parse_source,
)

names = st.from_regex(r"[A-Za-z0-9]([A-Za-z0-9._-]{0,8}[A-Za-z0-9])?", fullmatch=True)
steps = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9._+ -]{0,8}[A-Za-z0-9_]", fullmatch=True).filter(
    lambda step: " + " not in step
)
paths = st.lists(steps, min_size=1, max_size=4).map("/".join)
revisions = st.lists(names, min_size=1, max_size=3).map("/".join)
versions = st.from_regex(r"[0-9][A-Za-z0-9.+_-]{0,8}", fullmatch=True)
parts = st.one_of(
    st.builds(HubFile, names, names, paths, revisions),
    st.builds(WheelMember, names, versions, paths),
    st.builds(LocalFile, paths.map(lambda path: f"/{path}")),
    st.builds(WebFile, paths.map(lambda path: f"https://host.example/{path.replace(' ', '')}")),
)


@given(st.lists(parts, min_size=1, max_size=4).map(tuple))
def test_a_source_is_read_as_it_was_written(source):
    assert parse_source(format_source(source)) == source


@given(st.text())
def test_any_text_is_a_source_that_reads_back_or_is_refused_in_words(text):
    try:
        parts = parse_source(text)
    except ModelError as error:
        assert "cannot be used" in str(error)
    else:
        assert format_source(parts) == text


@given(
    paths,
    st.sampled_from(["../", "/", "./", "a/../", "a//", "a\\", "C:", "\x00", "..\\"]),
    paths,
)
def test_no_path_that_goes_elsewhere_is_safe(before, trick, after):
    for path in (trick + after, f"{before}/{trick}{after}"):
        if path.startswith("./") or "/./" in path or "//" in path or not is_safe_path(path):
            assert not is_safe_path(path)
            with pytest.raises(ModelError):
                parse_source(f"pypi:a==1!{path}")
            with pytest.raises(ModelError):
                parse_source(f"hf:o/r/{path}@main")
        else:
            pytest.fail(f"{path!r} is called safe")


@given(st.text("ab./~-\\: \x00", min_size=1))
def test_a_safe_path_stays_below_the_folder_it_is_joined_to(tmp_path_factory, path):
    folder = tmp_path_factory.getbasetemp() / "folder"
    inside = (folder / path).is_relative_to(folder) and ".." not in (folder / path).parts
    assert inside or not is_safe_path(path)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hf:owner/repo/file",  # no revision: the bytes could be others tomorrow
        "hf:owner/file@main",
        "pypi:name!member",
        "pypi:name>=1!member",
        "pypi:name==1",
        "pypi:--index-url==1!m",
        "file:relative/path",
        "ftp://host/x",
        "http://host.example/x",
        "https:///x",
        "https://[broken/x",
        "file:/a +  file:/b",
        "file:/a + ",
    ],
)
def test_refused(text):
    with pytest.raises(ModelError, match="cannot be used"):
        parse_source(text)


def test_plain_http_is_for_this_machine():
    assert parse_source("http://127.0.0.1:8000/x") == (WebFile("http://127.0.0.1:8000/x"),)
