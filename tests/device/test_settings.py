"""Settings: layers, and errors that name the key."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from device.budget import share
from device.errors import SettingsWrong
from device.models import load_catalog
from device.settings import PROFILES, load_settings, merge, parse_override, state_dir, user_file


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_is_right_and_its_models_are_in_the_catalog(profile: str) -> None:
    settings = load_settings(profile)
    assert settings.about
    catalog = load_catalog(None)
    for name in settings.models():
        assert catalog.entry(name)


def test_later_layers_win() -> None:
    user_file().parent.mkdir(parents=True)
    user_file().write_text('[transcribe]\nlanguage = "fr"\nmodel = "mine"\n', encoding="utf-8")
    settings = load_settings("pi4", overrides=("transcribe.model=other", "wake.threshold=0.7"))
    assert settings.transcribe.language == "fr"
    assert settings.transcribe.model == "other"
    assert settings.wake.engine == "microwakeword"
    assert settings.wake.threshold == 0.7


def test_changing_the_engine_drops_the_old_engines_settings() -> None:
    settings = load_settings("pi_zero2w", overrides=("think.engine=none",))
    assert settings.think.engine == "none"
    assert "smollm2-135m-instruct" not in settings.models()


def test_the_order_of_overrides_that_speak_of_one_section_does_not_matter() -> None:
    given = ("wake.threshold=0.6", "wake.engine=microwakeword")
    for overrides in (given, given[::-1]):
        wake = load_settings(overrides=overrides).wake
        assert (wake.engine, wake.threshold) == ("microwakeword", 0.6)


def test_a_state_folder_that_cannot_be_made_says_so(home: Path, monkeypatch) -> None:
    (home / "a file").touch()
    monkeypatch.setenv("LAPEL_HOME", str(home / "a file"))
    with pytest.raises(SettingsWrong, match="LAPEL_HOME"):
        state_dir()


@pytest.mark.parametrize(
    ("override", "named"),
    [
        ("transcribe.modle=x", "no transcribe.modle, but model"),
        ("transcribe.engine=vosk", "transcribe.engine"),
        ("wake.engine=snowboy", "wake.engine has to be 'cascade', 'openwakeword' or"),
        ("think.context_tokens=many", "think.context_tokens has to be a whole number"),
        ("wake.threshold=2", "wake.threshold has to be less than 1"),
        ("listen.silence_s=-1", "listen.silence_s"),
        ("nonsense.a=1", "no nonsense; there are about, wake"),
        ("transcribe.vocabulary=Siobhan", "transcribe.vocabulary has to be a list"),
        ("mic=3", "mic has to be a table"),
        ("memory.keys=tpm", "memory.keys has to be 'file', 'systemd', 'kernel' or 'pin'"),
        ("trace.personal=perhaps", "trace.personal has to be true or false"),
        ("think.engine=openai-compatible", "think.url is needed; think.model is needed"),
        ("home.engine=mqtt", "home.url is needed"),
        ("tools.mcp.printer.command=x", "tools.mcp.printer needs its engine, 'stdio' or 'http'"),
        ("wake.words=[]", "wake.words has too few"),
        ("transcribe.language=English", "transcribe.language has to be a language's code, as en"),
        (
            "tools.mcp.Office.engine=http",
            "tools.mcp.Office: its name has to be small letters, with",
        ),
        ("tools.mcp.http.engine=stdio", "tools.mcp.http.command is needed"),
    ],
)
def test_a_wrong_key_or_value_is_named(override: str, named: str) -> None:
    with pytest.raises(SettingsWrong, match=named.replace(".", r"\.")):
        load_settings(overrides=(override,))


@pytest.mark.parametrize("override", ["no equals", "=x", "a..b=1", ".=1"])
def test_an_override_that_is_none(override: str) -> None:
    with pytest.raises(SettingsWrong, match="section"):
        load_settings(overrides=(override,))


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    bad = tmp_path / "config.toml"
    with pytest.raises(SettingsWrong, match="Cannot read"):
        load_settings(file=bad)
    bad.write_bytes(b"\xff\xfe not utf-8")
    with pytest.raises(SettingsWrong, match="UTF-8"):
        load_settings(file=bad)
    bad.write_text("[wake\n", encoding="utf-8")
    with pytest.raises(SettingsWrong, match="not TOML"):
        load_settings(file=bad)
    with pytest.raises(SettingsWrong, match="pi_one"):
        load_settings("pi_one")


def test_the_state_folder_is_private() -> None:
    assert state_dir().stat().st_mode & 0o777 == 0o700
    state_dir().chmod(0o755)
    assert state_dir().stat().st_mode & 0o777 == 0o700


TREES = st.recursive(
    st.integers(), lambda inner: st.dictionaries(st.sampled_from("abc"), inner), max_leaves=8
)
TABLES = st.dictionaries(st.sampled_from("abc"), TREES)


@given(TABLES)
def test_merging_with_nothing_changes_nothing(tree: dict[str, object]) -> None:
    assert merge(tree, {}) == tree == merge({}, tree) == merge(tree, tree)


@given(TABLES, TABLES, TABLES)
def test_merging_is_associative(
    a: dict[str, object], b: dict[str, object], c: dict[str, object]
) -> None:
    # A scalar laid over a table removes the table, in whichever order the layers are joined,
    # unless a later table is laid over that scalar.
    if not any(_kinds_differ(x, y) for x, y in ((a, b), (b, c), (a, c))):
        assert merge(merge(a, b), c) == merge(a, merge(b, c))


def _kinds_differ(x: object, y: object) -> bool:
    if isinstance(x, dict) and isinstance(y, dict):
        return any(_kinds_differ(x[key], y[key]) for key in x.keys() & y.keys())
    return isinstance(x, dict) != isinstance(y, dict)


@given(st.text(alphabet="xyz _-", min_size=1).filter(str.strip))
def test_a_plain_word_needs_no_quotes(word: str) -> None:
    assert parse_override(f"a.b={word}") == {"a": {"b": word.strip()}}


@given(st.integers(1, 128))
def test_the_budget_leaves_a_core_for_sound_and_never_takes_more_than_there_are(cores: int) -> None:
    budget = share(cores)
    assert min(budget.transcribe, budget.think, budget.speak, budget.embed) >= 1
    assert budget.transcribe <= cores
    assert budget.think <= max(1, cores - 1)
