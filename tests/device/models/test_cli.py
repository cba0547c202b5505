import importlib

import pytest
from click.testing import CliRunner

from device.errors import ModelDamaged, ModelError, PullFailed, SettingsWrong

# The package's attribute of that name is the command group.
cli_models = importlib.import_module("device.cli.models")


@pytest.fixture
def run(monkeypatch, server, store, make_file, make_entry):
    source = server.serve("/x", b"weights" * 1000)
    good = make_entry(make_file("model.bin", b"weights" * 1000, source), name="good")
    lost = make_entry(make_file("model.bin", b"x", server.url + "/none"), name="lost")
    models = store(good, lost)
    monkeypatch.setattr(cli_models, "open_models", lambda: models)
    monkeypatch.setattr(
        cli_models, "_names_in_settings", {"laptop": ("good",), "pi5": ("lost",)}.get
    )

    def invoke(*args, **kwargs):
        return CliRunner().invoke(cli_models.models, args, **kwargs)

    invoke.models = models
    return invoke


def test_pull_list_verify_remove(run):
    pulled = run("pull")
    assert pulled.exit_code == 0, pulled.output
    first, *middle, last = pulled.output.splitlines()
    assert first == "To fetch: good; up to 0.0 MB."
    assert middle[-1] == "model.bin: 0.0 MB of 0.0 MB"
    assert last.startswith("good is here and whole: ")

    listed = run("list").output.splitlines()
    assert [line.split()[-1] for line in listed] == ["here", "yes", "no"]
    assert run("verify").output.splitlines()[-1] == "good: every byte is right"

    assert run("remove", "good", input="n\n").exit_code == 1
    assert run.models.present("good")
    assert "Removed good" in run("remove", "good", "--yes").output
    assert "No models are here" in run("verify").output


def test_one_model_that_fails_does_not_stop_the_others(run):
    done = run("pull", "--all")
    assert isinstance(done.exception, PullFailed)
    assert run.models.present("good")


def test_damage_is_told_and_fails(run):
    run("pull", "good")
    (run.models.path("good") / "model.bin").write_bytes(b"short")
    done = run("verify", "good")
    assert isinstance(done.exception, ModelDamaged)
    assert "model.bin has 5 bytes where 7000 are expected" in done.output
    assert "lapel models pull good" in str(done.exception)


def test_an_unknown_name_stops_before_anything_is_fetched(run, server):
    done = run("pull", "good", "nothing")
    assert isinstance(done.exception, ModelError)
    assert server.asked == []


def test_add(run, tmp_path):
    (tmp_path / "voice.onnx").write_bytes(b"voice")
    done = run("add", f"file:{tmp_path}/voice.onnx", "--use", "speak")
    assert done.output.splitlines()[-1] == "Run: lapel models pull voice"
    assert run.models.catalog.entry("voice").use == "speak"


def test_a_transfer_prints_a_line_at_its_start_and_each_quarter():
    said = []
    show = cli_models._lines(said.append)
    for done in range(0, 101, 2):
        show("it", done * 1_000_000, 100_000_000)
    show("waiting", 0, 0)
    show("waiting", 0, 0)
    assert said == [
        "it: 0.0 MB of 100 MB",
        *(f"it: {done} MB of 100 MB" for done in (26, 50, 76, 100)),
        "waiting",
    ]


@pytest.mark.parametrize("command", ["list", "pull", "verify", "add", "remove"])
def test_every_command_shows_an_example(run, command):
    assert f"  lapel models {command}" in run(command, "--help").output


def test_on_a_terminal_a_bar_is_drawn(run, monkeypatch, capsys):
    class Terminal:
        @staticmethod
        def isatty():
            return True

    with monkeypatch.context() as patch:
        patch.setattr(cli_models, "sys", type("sys", (), {"stdout": Terminal}))
        with cli_models._progress() as progress:
            progress("model.bin", 5_000_000, 10_000_000)
            progress("waiting", 0, 0)
    assert "model.bin" in capsys.readouterr().out


def test_the_folder_is_the_settings(monkeypatch, tmp_path):
    monkeypatch.setenv("LAPEL_HOME", str(tmp_path))
    store = cli_models.open_models()
    assert store.catalog.user_file == tmp_path / "config" / "models.toml"
    assert cli_models._names_in_settings("laptop")[0] in store.catalog.entries
    assert "smollm2-135m-instruct" in cli_models._names_in_settings("pi5")
    with pytest.raises(SettingsWrong, match="pi_one"):
        cli_models._names_in_settings("pi_one")


def test_a_profile_says_which_are_pulled(run):
    assert "lost" in run("pull", "--profile", "pi5").output
    assert "lost" not in run("pull").output
