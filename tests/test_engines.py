"""Whole turns on real engines: heard by a model, answered by a model, spoken by a model."""

import json
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from device.audio import RATE_HZ, read_audio, resample, write_wav
from device.emulator.demo import SCRIPT
from tests.home_assistant_server import Fake
from tests.local_server import Answer, Asked, LocalServer, serving
from tests.mqtt_home import House, LocalBroker, broker_in, furnish

pytestmark = pytest.mark.engines

FAST = ("--set", "transcribe.model=whisper-tiny.en", "--set", "wake.engine=microwakeword")

_SHORT_DEMO = """
import device.emulator.demo as demo
demo.SCRIPT = tuple(line for line in demo.SCRIPT if {words!r} in line.said)
demo.converse.__defaults__ = (demo.SCRIPT,)
from device.cli import main
main()
"""


def run_demo(
    home: Path, out: Path, words: str, *arguments: str, prefix: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    """Run those lines of the demo's script that hold `words`, in a process of their own."""
    return subprocess.run(
        [*prefix, sys.executable, "-c", _SHORT_DEMO.format(words=words), "demo", "--out", str(out),
         "--json", str(out / "demo.json"), *FAST, *arguments],
        env=os.environ | {"LAPEL_HOME": str(home), "COLUMNS": "120"},
        capture_output=True, text=True, timeout=400, check=False,
    )  # fmt: skip


def test_a_remembered_fact_is_heard_and_answered(home: Path, tmp_path: Path) -> None:
    done = run_demo(home, tmp_path, "spare key")
    assert done.returncode == 0, done.stdout + done.stderr
    record = json.loads((tmp_path / "demo.json").read_text(encoding="utf-8"))
    assert [turn["ok"] for turn in record["turns"]] == [True, True]
    for turn in record["turns"]:
        assert set(turn) == {"said", "heard", "reply", "voice_to_voice_ms", "ok"}
        assert turn["voice_to_voice_ms"] > 0
    assert len(read_audio(Path(record["wav"]))) > 5 * 16_000
    trace = (tmp_path / "trace.jsonl").read_text(encoding="utf-8")
    assert '"event": "TurnEnded"' in trace
    for word in ("spare", "key", "pot"):
        assert word not in trace


@pytest.mark.skipif(not shutil.which("unshare"), reason="needs unshare (util-linux)")
def test_a_turn_works_in_an_empty_network_namespace(home: Path, tmp_path: Path) -> None:
    nowhere = ("unshare", "--net", "--map-root-user", "--user")
    if subprocess.run([*nowhere, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this kernel lets no one make a network namespace")
    done = run_demo(home, tmp_path, "capital of France", prefix=nowhere)
    assert done.returncode == 0, done.stdout + done.stderr


_STRACE = ("strace", "-f", "-qq", "-e", "trace=socket,connect,sendto,sendmsg,openat,creat,rename")


_TELLTALE = ("CI", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "ORT_DISABLE_TELEMETRY")


def traced(home: Path, tmp_path: Path, *arguments: str) -> list[str]:
    """Run `lapel` and return what it and its native libraries asked of the kernel."""
    log = tmp_path / "strace.log"
    environment = os.environ | {"LAPEL_HOME": str(home), "PYTHONDONTWRITEBYTECODE": "1"}
    # Some libraries behave better when they think it is a test; coverage writes files of its own.
    for name in list(environment):
        if name in _TELLTALE or name.startswith("COV"):
            del environment[name]
    subprocess.run(
        [*_STRACE, "-o", str(log), sys.executable, "-c", "from device.cli import main; main()",
         *arguments],
        env=environment, check=True, capture_output=True, timeout=400,
    )  # fmt: skip
    return log.read_text(encoding="utf-8", errors="replace").splitlines()


@pytest.fixture(scope="module")
def _can_trace() -> None:
    works = shutil.which("strace") and not subprocess.run(
        ["strace", "-qq", "-o", os.devnull, "true"], check=False, capture_output=True
    ).returncode  # fmt: skip
    if not works:
        pytest.skip("this machine lets no one trace a process")


@pytest.mark.usefixtures("_can_trace")
@pytest.mark.parametrize(
    "arguments",
    [
        ("ask", "what is the capital of France?"),
        ("ask", "remember that the spare key is under the pot"),
        ("ask", "forget that"),
        ("say", "Hello there.", "-o", "{out}"),
        ("transcribe", "{sound}", "--set", "transcribe.model=whisper-tiny.en"),
    ],
    ids=" ".join,
)
def test_no_library_reaches_for_the_network_or_leaves_files(
    home: Path, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    sound = tmp_path / "sound.wav"
    write_wav(sound, np.random.default_rng(1).normal(0, 50, RATE_HZ).astype(np.int16), RATE_HZ)
    places = {"{out}": str(tmp_path / "out.wav"), "{sound}": str(sound)}
    calls = traced(home, tmp_path, *(places.get(each, each) for each in arguments))
    assert [line for line in calls if "AF_INET" in line] == []
    made = [
        line for line in calls if ("O_CREAT" in line or " creat(" in line) and " = -1" not in line
    ]
    # A semaphore of OpenMP has a name in memory and 32 bytes, none of them content.
    allowed = (str(home), places["{out}"], "/dev/null", "/dev/shm/sem.")
    assert [line for line in made if not any(f'"{each}' in line for each in allowed)] == []


_DESTINATION = re.compile(r'sin6?_port=htons\((\d+)\).*?"([^"]+)"')


def destinations(calls: list[str]) -> set[tuple[str, int]]:
    """Where the network was reached for, as addresses and ports; port 0 is an unknown one.

    A socket that is opened and leads nowhere is one of them too, as what becomes of it isn't seen.
    """
    network = [line for line in calls if "AF_INET" in line]
    opened = [line for line in network if " socket(" in line]
    found = [_DESTINATION.search(line) for line in network if line not in opened]
    led = {(each[2], int(each[1])) for each in found if each is not None}
    unknown = len(opened) > len(found) or None in found
    return led | ({("?", 0)} if unknown else set())


class Declared:
    """Servers on this machine for the weather, and for a home of each engine; none knows another.

    settings: those that name them. reached: how often each was asked something.
    """

    def __init__(self, folder: Path, broker: LocalBroker, *servers: LocalServer) -> None:
        forecasts, places, home = servers
        token = folder / "token"
        token.write_text("secret-token")
        token.chmod(0o600)
        self.ports = {"forecasts": forecasts.port, "places": places.port, "ha": home.port,
                      "broker": broker.port}  # fmt: skip
        weather = (
            "weather.engine=open-meteo",
            "weather.allow_http=true",
            f"weather.forecast_url={forecasts.url}",
            f"weather.places_url={places.url}",
        )
        self.settings = {
            "home-assistant": (*weather, "home.engine=home-assistant", f"home.url={home.url}",
                               "home.allow_http=true", f"home.token_file={token}"),
            "mqtt": (*weather, "home.engine=mqtt", f"home.url={broker.url}",
                     "home.allow_plain=true"),
        }  # fmt: skip


def _weather(asked: Asked) -> Answer:
    if asked.path == "/v1/search":
        return Answer({"results": [{"name": "Bern", "latitude": 46.9, "longitude": 7.4}]})
    daily = {"time": ["2026-03-14"], "weather_code": [61], "temperature_2m_max": [12],
             "temperature_2m_min": [3], "precipitation_probability_max": [80]}  # fmt: skip
    return Answer({"current": {"weather_code": 61, "temperature_2m": 7}, "daily": daily})


@pytest.fixture
def declared(tmp_path: Path) -> Iterator[Declared]:
    with (
        broker_in(tmp_path) as broker,
        serving(_weather) as forecasts,
        serving(_weather) as places,
        serving(Fake()) as home,
    ):
        house = House(broker)
        furnish(house)
        yield Declared(tmp_path, broker, forecasts, places, home)
        house.close()


_NO_MODELS = ("think.engine=none", "memory.embedder=none")


@pytest.mark.usefixtures("_can_trace")
@pytest.mark.parametrize(
    ("home_engine", "text", "more", "reached"),
    [
        ("mqtt", "what is the capital of France?", (), ()),
        ("home-assistant", "remember that the kitchen light is broken", _NO_MODELS, ()),
        ("home-assistant", "what's the weather in Bern?", _NO_MODELS, ("places", "forecasts")),
        ("home-assistant", "turn on the kitchen light", _NO_MODELS, ("ha",)),
        ("mqtt", "turn on the kitchen light", _NO_MODELS, ("broker",)),
        ("mqtt", "is the front door locked?", (), ("broker",)),
    ],
)
def test_typed_turns_reach_only_the_servers_of_the_tool_that_is_asked(
    home: Path,
    tmp_path: Path,
    declared: Declared,
    *,
    home_engine: str,
    text: str,
    more: tuple[str, ...],
    reached: tuple[str, ...],
) -> None:
    settings = (*declared.settings[home_engine], *more)
    options = [option for each in settings for option in ("--set", each)]
    calls = traced(home, tmp_path, "ask", text, *options)
    assert destinations(calls) == {("127.0.0.1", declared.ports[name]) for name in reached}


@pytest.mark.usefixtures("_can_trace")
@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("s.connect_ex(('127.0.0.1', 9))", ("127.0.0.1", 9)),
        ("s.setblocking(False); s.connect_ex(('198.51.100.7', 443))", ("198.51.100.7", 443)),
        ("pass", ("?", 0)),
        ("u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM);"
         " u.sendto(b'x', ('127.0.0.1', 53))", ("127.0.0.1", 53)),
        ("v = socket.socket(socket.AF_INET6); v.connect_ex(('::1', 9))", ("::1", 9)),
    ],
)  # fmt: skip
def test_whatever_reaches_elsewhere_is_seen(
    tmp_path: Path, code: str, found: tuple[str, int]
) -> None:
    log = tmp_path / "strace.log"
    program = f"import socket; s = socket.socket(); {code}"
    subprocess.run([*_STRACE, "-o", str(log), sys.executable, "-c", program], check=True)
    assert found in destinations(log.read_text(encoding="utf-8").splitlines())


def test_nothing_said_reaches_a_log_or_a_temporary_file(
    home: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    from agents.agent import Text
    from context import Authentication
    from device.assemble import (
        assemble_mind,
        assemble_transcriber,
        assemble_wearer,
        find_models,
    )
    from device.settings import load_settings, state_dir

    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setenv("TMPDIR", str(temporary))
    settings = load_settings(overrides=("transcribe.model=whisper-tiny.en",))
    models = find_models()
    secret = "pineapple"
    with caplog.at_level(logging.DEBUG):
        voice = assemble_wearer(settings, models)
        voice.load()
        sound = voice.synthesize(f"Remember that the password is {secret}.")
        ears = assemble_transcriber(settings, models)
        ears.load()
        heard = ears.transcribe(resample(sound, voice.rate_hz, RATE_HZ))
        assert secret in heard[0].text.lower()
        shown = Authentication.BUTTON  # a password is told to no voice alone
        mind = assemble_mind(settings, state_dir(), models=models, present=lambda: shown)
        mind.load()
        for text in (f"remember that the password is {secret}", "what is the password?"):
            parts = [part.text for part in mind.agent.reply(text) if isinstance(part, Text)]
            assert secret in "".join(parts)
        mind.close()
    assert secret not in caplog.text.lower()
    printed = capfd.readouterr()
    assert secret not in (printed.out + printed.err).lower()
    assert list(temporary.rglob("*")) == []
    trace_of_secret = [
        path
        for path in home.rglob("*")
        if path.is_file() and "models" not in path.parts and secret.encode() in path.read_bytes()
    ]
    assert trace_of_secret == []  # not even in the memory's own files, which are encrypted


def test_the_process_holds_one_ggml() -> None:
    """Two libraries of that name and different versions in one process break each other."""
    code = (
        "from device.assemble import assemble, keep_private\n"
        "from device.settings import load_settings\n"
        "import tempfile, asyncio, pathlib\n"
        "from device.assistant import Assistant\n"
        "from device.emulator.room import Room\n"
        "async def go(state):\n"
        "    room = Room()\n"
        "    settings = load_settings(overrides=('transcribe.model=whisper-tiny.en',"
        "'think.model=smollm2-135m-instruct'))\n"
        "    stages = assemble(settings, pathlib.Path(state), microphone=room.microphone,"
        " speaker=room.speaker)\n"
        "    await Assistant(stages, settings, lambda event: None).load()\n"
        "    stages.mind.close()\n"
        "with tempfile.TemporaryDirectory() as state:\n"
        "    asyncio.run(go(state))\n"
        "    maps = pathlib.Path('/proc/self/maps').read_text()\n"
        "print(len({line.split()[-1] for line in maps.splitlines() if 'libggml-base' in line}))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "1"


def test_the_script_of_the_demo_covers_the_main_job() -> None:
    assert len(SCRIPT) == 5
    assert SCRIPT[0].rings


@pytest.mark.data
def test_real_people_wake_it_and_are_understood(
    recordings: Path, model_folder: Callable[[str], Path]
) -> None:
    """A floor, on a handful of recordings; the figures are the benchmarks' business."""
    from device.transcribe.faster_whisper import FasterWhisper
    from device.wake.openwakeword import OpenWakeWord

    wake = OpenWakeWord(("alexa",))
    wake.load()
    positives = _listed(recordings / "wake_positive", "alexa", 12)
    fired = 0
    for path in positives:
        wake.reset()
        samples = read_audio(path)
        fired += any(
            wake.process(samples[at : at + 512]) is not None
            for at in range(0, len(samples) - 511, 512)
        )
    assert fired >= 0.8 * len(positives)

    whisper = FasterWhisper(model_folder("whisper-tiny.en"))
    whisper.load()
    right = total = 0
    for line in (recordings / "asr" / "manifest.jsonl").read_text().splitlines():
        entry = json.loads(line)
        if "librispeech" not in entry["file"] or entry.get("use") != "tune" or total > 150:
            continue
        path = recordings / "asr" / entry["file"]
        heard = " ".join(each.text for each in whisper.transcribe(read_audio(path)))
        words = _words(entry["text"])
        total += len(words)
        right += len(words & _words(heard))
    assert total
    assert right >= 0.8 * total


def _listed(folder: Path, label: str, most: int) -> list[Path]:
    lines = (folder / "manifest.jsonl").read_text(encoding="utf-8").splitlines()
    entries = [json.loads(line) for line in lines]
    return [folder / each["file"] for each in entries if label in each["file"]][:most]


def _words(text: str) -> set[str]:
    return set("".join(c if c.isalnum() else " " for c in text.lower()).split())
