"""The command as a person meets it: help, answers, and one clear sentence for what goes wrong."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import click
import numpy as np
import pytest
import soundfile

from device.audio import RATE_HZ, read_audio, write_wav
from device.cli import cli
from device.speak.piper import Piper

Run = Callable[..., subprocess.CompletedProcess[str]]
FAST = ("--set", "think.engine=none", "--set", "transcribe.model=whisper-tiny.en")


@pytest.fixture
def lapel(home: Path) -> Run:
    def run(*arguments: str | bytes, stdin: bytes = b"") -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-c", "from device.cli import main; main()", *arguments],
            input=stdin, capture_output=True, timeout=300, check=False,
            env=os.environ | {"LAPEL_HOME": str(home), "COLUMNS": "120"},
        )  # fmt: skip
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
        )

    return run


def fails_with(done: subprocess.CompletedProcess[str], words: str) -> None:
    """It failed, with one sentence and no traceback."""
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stderr.startswith("lapel: ")


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))


def test_the_commands_are_those_promised() -> None:
    assert set(cli.commands) == {
        "run", "demo", "ask", "say", "transcribe", "listen", "models", "devices", "doctor",
        "config", "wake", "context", "unlock", "lock", "eval", "mic", "tools",
    }  # fmt: skip


@pytest.mark.parametrize("path", list(commands(cli)), ids=" ".join)
def test_every_command_explains_itself_with_an_example(path: tuple[str, ...]) -> None:
    command: click.Command = cli
    for name in path:
        assert isinstance(command, click.Group)
        command = command.commands[name]
    with click.Context(command, info_name="lapel " + " ".join(path)) as context:
        text = command.get_help(context)
    assert "xample" in text
    assert f"lapel {path[0]}" in text


def test_help_comes_quickly_without_loading_engines() -> None:
    code = (
        "import sys\nfrom device.cli import cli\n"
        "heavy = {'llama_cpp', 'faster_whisper', 'piper', 'onnxruntime', 'sounddevice'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ask


@pytest.mark.engines
def test_ask_remembers_from_one_call_to_the_next(lapel: Run) -> None:
    done = lapel("ask", "remember that the spare key is under the blue flower pot", *FAST)
    assert done.returncode == 0, done.stderr
    assert "spare key is under the blue flower pot" in done.stdout
    done = lapel("ask", "Where is the spare key?", *FAST)
    assert "blue flower pot" in done.stdout, done.stdout + done.stderr


@pytest.mark.engines
def test_ask_says_that_a_timer_needs_a_running_assistant(lapel: Run) -> None:
    done = lapel("ask", "set a timer for five minutes", *FAST)
    assert done.stdout.strip() == "Timer set for 5 minutes."
    assert "lapel run" in done.stderr


@pytest.mark.engines
def test_ask_takes_long_text_and_standard_input(lapel: Run) -> None:
    done = lapel("ask", "why " * 2500, *FAST)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    assert lapel("ask", "-", *FAST, stdin=b"what can you do?\n").stdout.startswith("I can")


def test_ask_refuses_what_is_no_text(lapel: Run) -> None:
    fails_with(lapel("ask", "  "), "nothing to answer")
    fails_with(lapel("ask", b"caf\xe9"), "UTF-8")
    fails_with(lapel("ask", "-", stdin=b"\xff\xfe"), "UTF-8")
    fails_with(lapel("ask", "-", stdin=b"a" * 200_000), "characters")


# say and transcribe


@pytest.mark.engines
def test_what_it_says_it_can_transcribe_at_any_rate_and_channel_count(
    lapel: Run, tmp_path: Path
) -> None:
    said = tmp_path / "said.wav"
    done = lapel("say", "The timer is set for ten minutes.", "-o", str(said))
    assert done.returncode == 0, done.stderr
    stereo = tmp_path / "stereo.flac"
    sound, rate_hz = soundfile.read(said)
    soundfile.write(stereo, np.stack([sound, sound], axis=1), rate_hz)
    done = lapel("transcribe", str(said), str(stereo), *FAST)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.lower().splitlines()
    assert len(lines) == 2
    for line in lines:
        assert "timer is set for" in line


@pytest.mark.engines
def test_silence_and_noise_have_no_words_in_them(lapel: Run, tmp_path: Path) -> None:
    random = np.random.default_rng(3)
    files = []
    for name, level in (("silence", 0.0), ("hiss", 30.0), ("noise", 1500.0)):
        files.append(tmp_path / f"{name}.wav")
        noise = random.normal(0, level, 60 * RATE_HZ).astype(np.int16)
        write_wav(files[-1], noise, RATE_HZ)
    done = lapel("transcribe", *map(str, files), *FAST)
    assert done.returncode == 0
    assert done.stdout == ""
    assert done.stderr.count("(no speech)") == 3


@pytest.mark.engines
def test_a_cut_file_gives_what_is_there_and_says_so(
    lapel: Run, tmp_path: Path, model_folder: Callable[[str], Path]
) -> None:
    voice = Piper(model_folder("piper-en_us-joe-medium"), variation=0.0)
    voice.load()
    path = tmp_path / "cut.wav"
    write_wav(path, voice.synthesize("Good morning. How are you today?"), voice.rate_hz)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * 0.6)])
    done = lapel("transcribe", str(path), *FAST)
    assert done.returncode == 1
    assert "good morning" in done.stdout.lower()
    assert "cut off" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.engines
def test_one_bad_file_does_not_stop_the_others(lapel: Run, tmp_path: Path) -> None:
    (tmp_path / "bad.wav").write_bytes(b"nonsense")
    (tmp_path / "empty.wav").touch()
    write_wav(tmp_path / "quiet.wav", np.zeros(RATE_HZ, np.int16), RATE_HZ)
    names = [str(tmp_path / f"{each}.wav") for each in ("bad", "empty", "none", "quiet")]
    done = lapel("transcribe", *names, *FAST)
    assert done.returncode == 1
    assert done.stderr.count("lapel: ") == 3
    assert "quiet.wav: (no speech)" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_name_in_any_encoding_will_do(lapel: Run, tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9.wav"
    write_wav(tmp_path / "plain.wav", np.zeros(RATE_HZ, np.int16), RATE_HZ)
    (tmp_path / "plain.wav").rename(os.fsdecode(name))
    done = lapel("transcribe", name, *FAST)
    assert done.returncode == 0
    assert "Traceback" not in done.stderr


def test_say_refuses_what_cannot_be_spoken_or_written(lapel: Run, tmp_path: Path) -> None:
    fails_with(lapel("say", "***", "-o", str(tmp_path / "x.wav")), "nothing in that to speak")
    fails_with(lapel("say", "hello", "-o", "/dev/full"), "Cannot write")
    fails_with(lapel("say", "hello", "-o", str(tmp_path / "x.mp3")), ".wav")
    assert not (tmp_path / "x.mp3").exists()


# models that are missing or damaged


def test_a_missing_model_says_how_to_get_it(lapel: Run, home: Path) -> None:
    (home / "data" / "models" / "whisper-base").unlink()
    (home / "data" / "models" / "qwen2.5-coder-0.5b-instruct").unlink()
    for command in (("transcribe", "x.wav"), ("ask", "hello"), ("demo", "--out", str(home))):
        fails_with(lapel(*command), "lapel models pull")


@pytest.mark.engines
def test_a_truncated_language_model_is_named(
    lapel: Run, home: Path, model_folder: Callable[[str], Path]
) -> None:
    name = "smollm2-135m-instruct"
    weights = next(iter(model_folder(name).glob("*.gguf")))
    folder = home / "data" / "models" / name
    folder.unlink()
    folder.mkdir()
    (folder / weights.name).write_bytes(weights.read_bytes()[:100_000])
    done = lapel("ask", "what time is it", "--set", f"think.model={name}")
    fails_with(done, "lapel models pull")


@pytest.mark.engines
def test_a_language_model_that_cannot_be_opened_is_lived_without(
    lapel: Run, home: Path, tmp_path: Path
) -> None:
    weights = tmp_path / "broken.gguf"
    weights.write_bytes(b"GGUF" + b"nonsense" * 1000)
    added = lapel("models", "add", f"file:{weights}", "--use", "think", "--name", "broken")
    assert added.returncode == 0, added.stderr
    assert lapel("models", "pull", "broken").returncode == 0
    done = lapel("ask", "what time is it", "--set", "think.model=broken")
    assert done.returncode == 0
    assert done.stdout.startswith("It's")
    assert "lapel: The language model" in done.stderr
    fails_with(lapel("ask", "hello", "--set", "think.model=whisper-base"), "no language model")


# config, doctor, devices


def test_config_shows_settings_that_can_be_read_back(lapel: Run, tmp_path: Path) -> None:
    shown = lapel("config", "show", "--profile", "pi4", "--set", "wake.refractory_s=0.5")
    assert shown.returncode == 0
    file = tmp_path / "shown.toml"
    file.write_text(shown.stdout, encoding="utf-8")
    again = lapel("config", "show", "--config", str(file))
    assert again.stdout.splitlines()[1:] == shown.stdout.splitlines()[1:]


def test_config_check_names_the_wrong_key(lapel: Run) -> None:
    assert lapel("config", "check").returncode == 0
    fails_with(lapel("config", "check", "--set", "transcribe.modle=x"), "transcribe.modle")


def test_doctor_is_content_with_this_machine(lapel: Run) -> None:
    done = lapel("doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    for word in ("Python", "llama.cpp", "whisper-base", "microphones", "memory", "disk"):
        assert word in done.stdout


def test_doctor_finds_what_is_missing(lapel: Run, home: Path) -> None:
    (home / "data" / "models" / "whisper-base").unlink()
    done = lapel("doctor")
    assert done.returncode == 1
    assert "lapel models pull whisper-base" in " ".join(done.stdout.split())


@pytest.mark.skipif(os.path.exists("/dev/snd"), reason="there is a sound card")  # noqa: PTH110
def test_without_a_microphone_it_says_what_else_there_is(lapel: Run, monkeypatch) -> None:
    monkeypatch.setenv("PULSE_SERVER", "unix:/nonexistent")
    fails_with(lapel("run", *FAST), "lapel demo")


def test_listen_shows_the_wake_word_in_a_file(
    lapel: Run, tmp_path: Path, model_folder: Callable[[str], Path]
) -> None:
    voice = Piper(model_folder("piper-en_us-joe-medium"), variation=0.0)
    voice.load()
    path = tmp_path / "hey.wav"
    write_wav(path, voice.synthesize("Hey Jarvis."), voice.rate_hz)
    assert len(read_audio(path)) < 3 * RATE_HZ
    done = lapel("listen", "--wav", str(path))
    assert done.returncode == 0, done.stderr
    assert "wake: hey_jarvis" in done.stdout
    assert "speech" in done.stdout


def test_only_one_assistant_runs_at_a_time(lapel: Run, home: Path) -> None:
    from device.cli.running import only_one
    from device.settings import state_dir

    with only_one(state_dir()):
        fails_with(lapel("run", *FAST), "stop it first")
