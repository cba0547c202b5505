"""What a healthy machine has: each check is a finding with a state and a sentence."""

import contextlib
import importlib.metadata
import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from pathlib import Path
from typing import TYPE_CHECKING

from context.errors import LapelError
from device.fitting import fitted, free_memory_bytes, needed_bytes, private
from device.models import Models
from device.network_settings import (
    HomeAssistantSettings,
    MqttSettings,
    OpenMeteoSettings,
    RemoteModelSettings,
)
from device.settings import Settings, config_dir, data_dir, state_dir

if TYPE_CHECKING:
    from device.mcp.connection import Listing

_LIBRARIES = (
    "llama-cpp-python",
    "faster-whisper",
    "ctranslate2",
    "piper-tts",
    "onnxruntime",
    "sounddevice",
    "pyopen-wakeword",
    "pymicro-wakeword",
    "pydantic",
    "numpy",
)
_CPU_FEATURES = ("avx2", "avx512f", "fma", "f16c", "asimd", "asimddp", "i8mm", "sve")
_SPARE_DISK_BYTES = 200_000_000
_SERVERS_WAIT_S = 15.0


class State(Enum):
    """How a finding is to be taken."""

    GOOD = auto()
    ODD = auto()
    """Worth knowing; things work."""
    BAD = auto()
    """Must be mended."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at."""

    state: State
    about: str
    found: str


def examine(settings: Settings) -> list[Finding]:
    """Look at everything that an assistant with these settings needs."""
    return [
        *_python(),
        _cpu(),
        *_libraries(),
        *_models(settings),
        *_sound(),
        *_thinking(settings),
        *_network(settings),
        *_servers(settings),
        *_memory_and_disk(settings),
        _state(),
        _settings(settings),
    ]


def _python() -> list[Finding]:
    version = platform.python_version()
    state = State.GOOD if sys.version_info >= (3, 11) else State.BAD
    return [
        Finding(state, "Python", f"{version} on {platform.system()} {platform.machine()}"),
        Finding(State.GOOD, "program", str(Path(__file__).parent.parent)),
    ]


def _cpu() -> Finding:
    cores = len(os.sched_getaffinity(0))
    try:
        text = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    words = set(text.split())
    features = [each for each in _CPU_FEATURES if each in words]
    quick = bool({"avx2", "asimd"} & set(features))
    found = f"{cores} cores; {', '.join(features) or 'no known features'}"
    if cores < 2:
        return Finding(State.ODD, "CPU", f"{found}: one core is slow")
    return Finding(State.GOOD if quick else State.ODD, "CPU", found)


def _libraries() -> list[Finding]:
    findings: list[Finding] = []
    versions: list[str] = []
    for name in _LIBRARIES:
        try:
            versions.append(f"{name} {importlib.metadata.version(name)}")
        except importlib.metadata.PackageNotFoundError:
            findings.append(Finding(State.BAD, "library", f"{name} is missing: run scripts/setup"))
    findings.insert(0, Finding(State.GOOD, "libraries", ", ".join(versions)))
    try:
        import llama_cpp

        info = llama_cpp.llama_print_system_info().decode("utf-8", errors="replace")
        findings.append(Finding(State.GOOD, "llama.cpp", info.strip().rstrip("|").strip()))
    except (ImportError, OSError, RuntimeError) as error:
        findings.append(Finding(State.BAD, "llama.cpp", f"{error}: run scripts/setup"))
    return findings


def _models(settings: Settings) -> list[Finding]:
    from device.assemble import find_models

    findings: list[Finding] = []
    try:
        models = find_models()
        for name in settings.models():
            entry = models.catalog.entry(name)
            about = f"model {name}"
            if models.present(name):
                findings.append(Finding(State.GOOD, about, f"{entry.use}; {entry.licence}"))
            elif name in _dispensable(settings):
                lost = _dispensable(settings)[name]
                found = f"not here, so {lost}: run 'lapel models pull {name}'"
                findings.append(Finding(State.ODD, about, found))
            else:
                findings.append(
                    Finding(State.BAD, about, f"not here: run 'lapel models pull {name}'")
                )
    except LapelError as error:
        findings.append(Finding(State.BAD, "models", str(error)))
    return findings


def _sound() -> list[Finding]:
    from device.sound_devices import list_devices

    try:
        devices = list_devices()
    except LapelError as error:
        return [Finding(State.BAD, "sound", str(error))]
    inputs = [each.name for each in devices if each.inputs]
    outputs = [each.name for each in devices if each.outputs]
    without = "none; the emulator (lapel demo) needs none"
    return [
        Finding(State.GOOD if names else State.ODD, about, ", ".join(names) or without)
        for about, names in (("microphones", inputs), ("speakers", outputs))
    ]


def unencrypted(settings: Settings) -> list[str]:
    """What reaches a server without encryption and isn't allowed to, so that nothing would ever be
    sent there: a sentence each, with the keys.
    """
    sections = {"home": settings.home, "weather": settings.weather, "think": settings.think}
    servers = {f"tools.mcp.{name}": each for name, each in settings.tools.mcp.items()}
    found: list[str] = []
    for section, each in {**sections, **servers}.items():
        keys = each.model_dump()
        allow = "allow_plain" if isinstance(each, MqttSettings) else "allow_http"
        better = "mqtts://" if isinstance(each, MqttSettings) else "https://"
        found += [
            f"{section}.{key} is not encrypted, so nothing is sent there: give an address with"
            f" {better}, or, for one in the home network, set {section}.{allow} = true."
            for key, value in keys.items()
            if key.endswith("url")
            and str(value).startswith(("http://", "mqtt://"))
            and not keys.get(allow, False)
        ]
    return found


def no_library(settings: Settings) -> str:
    """That servers of tools need a library which isn't here, with what to do; "" where it is, or
    none are named.
    """
    if not settings.tools.mcp or importlib.util.find_spec("mcp") is not None:
        return ""
    from device.mcp.servers import INSTALL

    names = ", ".join(settings.tools.mcp)
    return f"tools.mcp: {names} can't be used without a library that is not here: {INSTALL}."


def lacking(settings: Settings, models: Models) -> list[str]:
    """What these settings name, is not here, and is gone on without: a sentence each, with what to
    do. Raises ModelError where the catalog has no such model.
    """
    missing = no_library(settings)
    return [
        *([missing] if missing else []),
        *(
            f"The language model {name} is not here, so {lost}: run 'lapel models pull {name}'."
            for name, lost in _dispensable(settings).items()
            if not models.present(name)
        ),
    ]


def _dispensable(settings: Settings) -> dict[str, str]:
    """The language models that can be gone on without, each with what is lost then."""
    if isinstance(settings.think, RemoteModelSettings):
        lost = "what may not be sent to the server is told in your own words"
        return dict.fromkeys(settings.thinking(), lost)
    return dict.fromkeys(settings.thinking()[1:], "it can't stand in where memory is short")


def _network(settings: Settings) -> list[Finding]:
    """What may reach the network. Asks no server."""
    findings = [Finding(State.BAD, "settings", each) for each in unencrypted(settings)]
    match settings.home:
        case HomeAssistantSettings(url=url):
            findings.append(Finding(State.GOOD, "home", f"Home Assistant at {url}"))
        case MqttSettings(url=url):
            found = f"over MQTT at {url}; connected to by the first request"
            findings.append(Finding(State.GOOD, "home", found))
        case _:
            pass
    if isinstance(settings.weather, OpenMeteoSettings):
        findings.append(Finding(State.GOOD, "weather", f"from {settings.weather.forecast_url}"))
    return findings


def _servers(settings: Settings) -> list[Finding]:
    """The servers of tools, each connected to; nothing is asked of them but their tools."""
    names = ", ".join(settings.tools.mcp)
    if not names:
        return []
    if missing := no_library(settings):
        return [Finding(State.BAD, "servers of tools", missing)]
    try:
        listings = _listings(settings)
    except LapelError as error:
        return [Finding(State.BAD, "servers of tools", f"{names}: {error}")]
    return [_server(name, listing) for name, listing in listings.items()]


def _listings(settings: Settings) -> Mapping[str, "Listing"]:
    """What is known of each server of tools after some seconds. Raises LapelError."""
    from device.assemble import assemble_store
    from device.clock import SystemClock
    from device.network import assemble_mcp

    with contextlib.closing(assemble_store(settings, state_dir(), None, SystemClock())) as store:
        store.open()  # it keeps the record of what is asked of them
        servers = assemble_mcp(settings, store)
        if servers is None:
            return {}
        with contextlib.closing(servers):
            servers.start()
            servers.wait(_SERVERS_WAIT_S)
            return servers.listings


def _server(name: str, listing: "Listing") -> Finding:
    about = f"server {name}"
    if not listing.problem:
        many = len(listing.offered or ())
        return Finding(State.GOOD, about, f"{many} tools; 'lapel tools' lists them")
    printed = f" It printed: {' | '.join(listing.printed)}" if listing.printed else ""
    return Finding(State.BAD, about, f"{listing.problem}.{printed}")


def _thinking(settings: Settings) -> list[Finding]:
    """Which language model answers, here or elsewhere. Asks no server."""
    from device.assemble import find_models

    think, about = settings.think, "language model"
    if isinstance(think, RemoteModelSettings):
        try:
            name = private(settings, find_models())
        except LapelError as error:
            return [Finding(State.BAD, about, str(error))]
        here = f"{name} here" if name is not None else "no model"
        found = f"{think.model} at {think.url}; for what may not be sent there, {here}"
        return [Finding(State.GOOD, about, found)]
    try:
        used = fitted(settings, find_models())
    except LapelError as error:
        return [Finding(State.BAD, about, str(error))]
    if used is None:
        return [Finding(State.GOOD, about, _without_model(settings))]
    return [Finding(State.ODD if used.small else State.GOOD, about, used.sentence)]


def _without_model(settings: Settings) -> str:
    from agents.choose.learned import EMBEDDER

    if settings.memory.embedder != EMBEDDER:  # what was learned is of its vectors
        return "none: commands, and nothing else"
    return "none: commands, and tools by what was learned from examples"


def _memory_and_disk(settings: Settings) -> list[Finding]:
    from device.assemble import find_models

    free = free_memory_bytes()
    try:
        models = find_models()
        used = fitted(settings, models, lambda: free)
        here = used.model if used is not None else private(settings, models)
        needed = needed_bytes(settings, models, here)
    except LapelError:
        needed = 0
    folder = data_dir()
    while not folder.exists():
        folder = folder.parent
    disk = shutil.disk_usage(folder).free
    return [
        Finding(
            State.GOOD if free > needed else State.BAD,
            "memory",
            f"{free / 1e6:,.0f} MB free, the models want about {needed / 1e6:,.0f} MB",
        ),
        Finding(
            State.GOOD if disk > _SPARE_DISK_BYTES else State.BAD,
            "disk",
            f"{disk / 1e6:,.0f} MB free for {data_dir()}",
        ),
    ]


def _state() -> Finding:
    try:
        folder = state_dir()
        mode = folder.stat().st_mode & 0o777
    except (LapelError, OSError) as error:
        return Finding(State.BAD, "private state", str(error))
    good = mode == 0o700 and os.access(folder, os.W_OK)
    return Finding(State.GOOD if good else State.BAD, "private state", f"{folder} ({mode:04o})")


def _settings(settings: Settings) -> Finding:
    return Finding(
        State.GOOD,
        "settings",
        f"{settings.about} From {config_dir()}; all of them: lapel config show",
    )
