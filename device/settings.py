"""Settings: what they are, and where they come from.

Later layers win: the defaults below, the profile (`device/profiles/NAME.toml`), the user's
`config.toml`, and each `--set a.b=c`. A key that does not exist is an error that names it.
"""

import os
import tomllib
from pathlib import Path
from typing import Any, Literal, cast

import platformdirs
from pydantic import Field, ValidationError

from agents.wrong_values import wrong_values
from device.errors import SettingsWrong
from device.listen.endpoint import Endpointing
from device.network_settings import (
    HomeAssistantSettings,
    McpTable,
    MqttSettings,
    NoHomeSettings,
    NoWeatherSettings,
    OpenMeteoSettings,
    RemoteModelSettings,
)
from device.section import Section as _Section
from device.section import Threads

PROFILES = ("pi_zero2w", "pi4", "pi5", "jetson_orin_nano", "laptop", "emulator")


class CascadeSettings(_Section):
    """microWakeWord always on, openWakeWord when it suspects; see `device/wake/cascade.py`."""

    engine: Literal["cascade"] = "cascade"
    words: tuple[str, ...] = Field(default=("hey_jarvis",), min_length=1)
    suspect_at: float = Field(default=0.1, gt=0, lt=1)
    threshold: float = Field(default=0.35, gt=0, lt=1)
    refractory_s: float = Field(default=1.0, ge=0)
    own_voice: bool = True
    """Answer to the user's voice alone, for the phrases that `lapel wake train` has learnt."""


class OpenWakeWordSettings(_Section):
    """openWakeWord: surer."""

    engine: Literal["openwakeword"] = "openwakeword"
    words: tuple[str, ...] = Field(default=("hey_jarvis",), min_length=1)
    threshold: float = Field(default=0.5, gt=0, lt=1)
    refractory_s: float = Field(default=1.0, ge=0)


class MicroWakeWordSettings(_Section):
    """microWakeWord: a twentieth of the CPU."""

    engine: Literal["microwakeword"] = "microwakeword"
    words: tuple[str, ...] = Field(default=("hey_jarvis",), min_length=1)
    threshold: float | None = Field(default=None, gt=0, lt=1)
    refractory_s: float = Field(default=1.0, ge=0)


class ListenSettings(_Section):
    """Endpointing and the pre-roll; seconds. See `device/listen/endpoint.py`."""

    preroll_s: float = Field(default=2.0, ge=0.2, le=5)
    soft_end_s: float = Field(default=0.064, gt=0.02, le=2)
    command_silence_s: float = Field(default=0.2, gt=0.05, le=5)
    sure: float = Field(default=0.95, gt=0, lt=1)
    sure_silence_s: float = Field(default=0.7, gt=0.05, le=5)
    asked_silence_s: float = Field(default=0.7, gt=0.05, le=5)
    unsure: float = Field(default=0.5, gt=0, lt=1)
    silence_s: float = Field(default=1.6, gt=0.1, le=5)
    incomplete_silence_s: float = Field(default=2.0, gt=0.1, le=5)
    no_speech_s: float = Field(default=5.0, gt=0.5, le=30)
    longest_s: float = Field(default=29.0, gt=1, le=29)
    turn_end: str = "smart-turn-v3.2"
    """The model that hears whether the speaker has finished, or "none": then pauses decide."""
    follow_up_s: float = Field(default=5.0, ge=0, le=60)
    """So long after a reply the wake word is not needed; 0 always needs it."""

    def endpointing(self) -> Endpointing:
        """Return these numbers as the endpointer takes them."""
        return Endpointing(
            soft_end_s=self.soft_end_s,
            command_silence_s=self.command_silence_s,
            sure=self.sure,
            sure_silence_s=self.sure_silence_s,
            asked_silence_s=self.asked_silence_s,
            unsure=self.unsure,
            silence_s=self.silence_s,
            incomplete_silence_s=self.incomplete_silence_s,
            no_speech_s=self.no_speech_s,
            longest_s=self.longest_s,
        )


class FasterWhisperSettings(_Section):
    """Whisper on CTranslate2."""

    engine: Literal["faster-whisper"] = "faster-whisper"
    model: str = "whisper-base"
    language: str = Field(
        default="en", pattern="^[a-z]{2,3}$", description="a language's code, as en or fr"
    )
    threads: Threads = 0
    window: Literal["trimmed", "full"] = "trimmed"
    vocabulary: tuple[str, ...] = ()
    partial_s: float = Field(default=0.6, ge=0, le=10)
    """Seconds between partial transcripts while the user speaks; 0 makes none (slow boards)."""


class LlamaSettings(_Section):
    """A GGUF model on llama.cpp. small: a smaller one, which is used instead while too little
    memory is free for all that these settings load; "none" never is.
    """

    engine: Literal["llama-cpp"] = "llama-cpp"
    model: str = "qwen2.5-coder-0.5b-instruct"
    small: str = "none"
    context_tokens: int = Field(default=2048, ge=256, le=131072)
    threads: Threads = 0


class NoModelSettings(_Section):
    """No language model: commands, and requests that were learned, still work."""

    engine: Literal["none"] = "none"


class PiperSettings(_Section):
    """A Piper voice."""

    engine: Literal["piper"] = "piper"
    model: str = "piper-en_us-joe-medium"
    length_scale: float = Field(default=1.0, ge=0.5, le=2.0)
    threads: Threads = 0
    first_part_s: float = Field(default=0.25, ge=0, le=10)
    """Speech begins once this much of a clause is made; 0 waits for all of it (slow boards)."""
    newest_s: float = Field(default=60.0, ge=0, le=600)
    """Seconds of the newest speech kept in memory, so that it need not be made twice."""
    keep_stock: bool = True
    """Keep the sound of the program's own fixed sentences on disk."""


class CueSettings(_Section):
    """Sounds that are not words: earcons, and one that tells that a reply takes longer."""

    earcons: bool = True
    thinking: bool = True
    thinking_s: float = Field(default=1.2, ge=0.3, le=10)


class MicSettings(_Section):
    """The live microphone; "" is the system's default."""

    device: str = ""
    cancel_echo: bool = True
    """Off for headphones, and for microphones that cancel echo themselves."""
    watchdog_s: float = Field(default=2.0, ge=0.5, le=60)


class SpeakerSettings(_Section):
    """The live speaker; "" is the system's default."""

    device: str = ""
    rate_hz: int = Field(default=48_000, ge=8_000, le=192_000)


class MemorySettings(_Section):
    """The context store; `embedder` is a model's name, or "none" for words alone.

    keys: where the device's secret is: a file of its own; a credential that systemd decrypts, by
    the TPM where there is one; the kernel's keyring, which the owner fills at boot; or nowhere, so
    that the PIN alone opens it. general_needs_pin: nothing at all is open before the PIN.
    """

    embedder: str = "minilm-l6-v2-int8"
    keys: Literal["file", "systemd", "kernel", "pin"] = "file"
    general_needs_pin: bool = False
    undo_s: float = Field(default=60.0, ge=0, le=86_400)
    """Seconds in which what was forgotten can be brought back; then it is erased."""
    ambient_h: int = Field(default=48, ge=1, le=876_000)
    """Hours for which overheard speech is kept."""
    keep_days: dict[str, int] = Field(default={"episodic": 90})
    """Days for which a domain's items are kept; other domains' are kept until forgotten."""


class CalendarSettings(_Section):
    """The folder of the owner's iCalendar files; "" is `calendar` beside the memories."""

    folder: str = ""


class ToolsSettings(_Section):
    """What the tools need to know."""

    calendar: CalendarSettings = Field(default=CalendarSettings())
    mcp: McpTable = Field(default={})
    """Servers of tools, by the names that you give them; see `device/network_settings.py`."""


class TraceSettings(_Section):
    """The trace of events; with `personal` it holds what was said."""

    personal: bool = False
    most_bytes: int = Field(default=5_000_000, ge=10_000)


class Settings(_Section):
    """All of it."""

    about: str = ""
    wake: CascadeSettings | OpenWakeWordSettings | MicroWakeWordSettings = Field(
        default=CascadeSettings(), discriminator="engine"
    )
    listen: ListenSettings = Field(default=ListenSettings())
    transcribe: FasterWhisperSettings = Field(default=FasterWhisperSettings())
    think: LlamaSettings | RemoteModelSettings | NoModelSettings = Field(
        default=LlamaSettings(), discriminator="engine"
    )
    speak: PiperSettings = Field(default=PiperSettings())
    cues: CueSettings = Field(default=CueSettings())
    mic: MicSettings = Field(default=MicSettings())
    speaker: SpeakerSettings = Field(default=SpeakerSettings())
    memory: MemorySettings = Field(default=MemorySettings())
    tools: ToolsSettings = Field(default=ToolsSettings())
    home: NoHomeSettings | HomeAssistantSettings | MqttSettings = Field(
        default=NoHomeSettings(), discriminator="engine"
    )
    weather: NoWeatherSettings | OpenMeteoSettings = Field(
        default=NoWeatherSettings(), discriminator="engine"
    )
    trace: TraceSettings = Field(default=TraceSettings())

    def models(self) -> list[str]:
        """Return the names of the catalog's models that these settings need."""
        names = [self.transcribe.model, self.speak.model]
        if self.listen.turn_end != "none":
            names.append(self.listen.turn_end)
        names += self.thinking()
        if self.memory.embedder != "none":
            names.append(self.memory.embedder)
        return names

    def thinking(self) -> list[str]:
        """Return the names of the language models on this device, the usual one first."""
        match self.think:
            case LlamaSettings(model=model, small=small):
                return [model] if small in ("none", model) else [model, small]
            case RemoteModelSettings(private=private):
                return [] if private == "none" else [private]
            case NoModelSettings():
                return []


_DEFAULT_ENGINES = {
    "wake": {"engine": "cascade"},
    "think": {"engine": "llama-cpp"},
    "home": {"engine": "none"},
    "weather": {"engine": "none"},
}
"""Where there is a choice, a section's other keys mean something only with its engine."""


# where things are


def _dir(kind: str, xdg: str) -> Path:
    home = os.environ.get("LAPEL_HOME")
    return Path(home) / kind if home else Path(xdg)


def config_dir() -> Path:
    """Return the folder of the user's settings (XDG; `$LAPEL_HOME/config` when that is set)."""
    return _dir("config", platformdirs.user_config_dir("lapel"))


def data_dir() -> Path:
    """Return the folder of models (XDG; `$LAPEL_HOME/data` when that is set)."""
    return _dir("data", platformdirs.user_data_dir("lapel"))


def cache_dir() -> Path:
    """Return the folder of what can be made again (XDG; `$LAPEL_HOME/cache` when that is set)."""
    return _dir("cache", platformdirs.user_cache_dir("lapel"))


def state_dir() -> Path:
    """Return the private folder of memories, timers and traces, made with mode 0700.

    Raises:
        SettingsWrong: it cannot be made.
    """
    folder = _dir("state", platformdirs.user_state_dir("lapel"))
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        folder.chmod(0o700)
    except OSError as error:
        raise SettingsWrong(
            f"The private folder {folder} cannot be made ({error.strerror}): mend that, or set "
            "LAPEL_HOME to a folder of yours."
        ) from error
    return folder


def user_file() -> Path:
    """Return the path of the user's settings, which need not exist."""
    return config_dir() / "config.toml"


# layers


def load_settings(
    profile: str = "laptop", file: Path | None = None, overrides: tuple[str, ...] = ()
) -> Settings:
    """Read the layers and check the result.

    Args:
        profile: one of `PROFILES`.
        file: the user's settings; None is `user_file()`, which may be missing.
        overrides: each "a.b=value"; the value is TOML, or else a plain word.

    Raises:
        SettingsWrong: naming the key and what is wrong with it.
    """
    layers = [_DEFAULT_ENGINES, _read_profile(profile)]
    if file is not None or user_file().exists():
        layers.append(_read_toml(file or user_file()))
    # The overrides are one layer: a new engine must not drop a value that was given beside it.
    together: Tree = {}
    for each in overrides:
        together = merge(together, parse_override(each), one_layer=True)
    merged: Tree = {}
    for layer in (*layers, together):
        merged = merge(merged, layer)
    try:
        return Settings.model_validate(merged)
    except ValidationError as error:
        wrong = "; ".join(wrong_values(error, Settings, "the settings"))
        raise SettingsWrong(
            f"{wrong}. 'lapel config show' prints the settings that are in force."
        ) from None


Tree = dict[str, Any]


def merge(under: Tree, over: Tree, *, one_layer: bool = False) -> Tree:
    """Lay one tree of settings over another.

    A section that changes its engine starts anew, as the old engine's keys mean nothing to the
    new one; within `one_layer` there is no old and new.
    """
    result = dict(under)
    for key, value in over.items():
        below = result.get(key)
        if isinstance(below, dict) and isinstance(value, dict):
            old, new = cast("Tree", below), cast("Tree", value)
            anew = not one_layer and "engine" in new and new["engine"] != old.get("engine")
            result[key] = dict(new) if anew else merge(old, new, one_layer=one_layer)
        else:
            result[key] = value
    return result


def parse_override(text: str) -> Tree:
    """Make "a.b=c" into {"a": {"b": "c"}}.

    Raises:
        SettingsWrong: there is no "=" or no key.
    """
    key, equals, value = text.partition("=")
    parts = [part.strip() for part in key.split(".")]
    if not equals or not all(parts):
        raise SettingsWrong(f"--set {text}: write it as section.key=value.")
    try:
        parsed: Any = tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        parsed = value.strip()
    for part in reversed(parts):
        parsed = {part: parsed}
    return parsed


def _read_profile(name: str) -> Tree:
    if name not in PROFILES:
        raise SettingsWrong(f"There is no profile '{name}': choose from {', '.join(PROFILES)}.")
    return _read_toml(Path(__file__).parent / "profiles" / f"{name}.toml")


def _read_toml(path: Path) -> Tree:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsWrong(f"Cannot read {path}: {error.strerror or error}.") from error
    except UnicodeDecodeError as error:
        raise SettingsWrong(f"{path} is not UTF-8 text: save it as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsWrong(f"{path} is not TOML: {error}.") from error
