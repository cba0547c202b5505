"""Puts an assistant together: the one place that constructs engines, from settings."""

import logging
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path
from typing import Any

from agents.agent import Agent
from agents.choose.assemble import chooser
from agents.choose.choice import Chooser
from agents.choose.learned import EMBEDDER, Learned
from agents.choose.turn import Choices
from agents.llama import LlamaModel
from agents.model import ChatModel
from agents.router import RouteKind, Router
from agents.tools import Call, Tool, Toolbox
from agents.tools.microphone import NoMuteSwitch
from agents.tools.speech import LastReply, NoPace
from agents.tools.standard import Deps, standard_tools
from context import Authentication, Embedder, MiniLM, Store
from context.keys import (
    CredentialKeySource,
    FileKeySource,
    KernelKeySource,
    KeySource,
    NoKeySource,
)
from context.retention import Retention
from device.audio import RATE_HZ, Samples, resample
from device.board import LinuxBoard
from device.budget import Budget, share
from device.calendar import CalendarFolder
from device.clock import Clock, SystemClock
from device.errors import ModelMissing, SettingsWrong
from device.fitting import Fit, context_tokens, fitted, private
from device.levels import AlsaMixer, DeviceLevels, Gain, GainedSpeaker, Mixer, PulseMixer
from device.listen import NoTurnEndDetector, TurnEndDetector
from device.listen.silero import SileroVad
from device.listen.smart_turn import SmartTurn
from device.mcp.offers import OfferingServers, Offers
from device.mic import Microphone
from device.mic.echo import EchoCanceller, NoEchoCanceller, WebRtcEchoCanceller
from device.mic.mute import Mute, mute_file
from device.mic.portaudio import PortAudioMicrophone
from device.mind import Mind
from device.models import Models, load_catalog
from device.network import Network, assemble_mcp, assemble_network, assemble_remote_model
from device.network_settings import RemoteModelSettings
from device.permission import TurnMint, ask
from device.play import Speaker
from device.play.portaudio import PortAudioSpeaker
from device.schedule import Schedule
from device.settings import (
    CascadeSettings,
    NoModelSettings,
    OpenWakeWordSettings,
    Settings,
    cache_dir,
    config_dir,
    data_dir,
    state_dir,
)
from device.speak.cached import CachedSynthesizer
from device.speak.pace import VoicePace
from device.speak.piper import Piper
from device.stages import Stages
from device.stock import stock_sentences
from device.transcribe.faster_whisper import FasterWhisper
from device.wake import WakeWord, phrase_of
from device.wake.cascade import CascadeTuning, WakeCascade
from device.wake.microwakeword import MicroWakeWord
from device.wake.openwakeword import OpenWakeWord, OpenWakeWordOnDemand
from device.wake.voice import load_voices

_OFFLINE = (
    "HF_HUB_OFFLINE",
    "TRANSFORMERS_OFFLINE",
    "HF_HUB_DISABLE_TELEMETRY",
    "ORT_DISABLE_TELEMETRY",
)
_TALKATIVE = ("piper", "faster_whisper", "hassil", "huggingface_hub", "httpx", "httpx2")


_OWN_WORDS_AT = 0.1


def keep_private() -> None:
    """Tell the libraries to stay off the network, and to keep what is said out of logs.

    Hub libraries otherwise ask the hub about models they have; onnxruntime 1.29 and later report
    to their maker; Piper writes every text it speaks to its debug log.
    """
    for name in _OFFLINE:
        os.environ[name] = "1"
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.ERROR)


def find_models() -> Models:
    """Return the models of this user."""
    return Models(data_dir() / "models", load_catalog(config_dir() / "models.toml"))


def assemble_wake_word(settings: Settings) -> WakeWord:
    """Construct the wake word engine."""
    wake = settings.wake
    if isinstance(wake, OpenWakeWordSettings):
        return OpenWakeWord(wake.words, wake.threshold)
    if isinstance(wake, CascadeSettings):
        return WakeCascade(
            MicroWakeWord(wake.words),
            OpenWakeWordOnDemand(wake.words),
            CascadeTuning(suspect_at=wake.suspect_at, sure_at=wake.threshold),
            (lambda: load_voices(voice_folder(), wake.words)) if wake.own_voice else dict,
        )
    return MicroWakeWord(wake.words, wake.threshold)


def assemble_own_words(settings: Settings) -> WakeWord:
    """Construct what hears a wake word in the assistant's own speech, set to suspect readily."""
    wake = settings.wake
    if isinstance(wake, OpenWakeWordSettings):
        return OpenWakeWord(wake.words, _OWN_WORDS_AT)
    return MicroWakeWord(wake.words, _OWN_WORDS_AT)


def assemble_turn_end(settings: Settings, models: Models) -> TurnEndDetector:
    """Construct what hears whether the speaker has finished.

    Raises:
        ModelMissing: it has not been pulled.
    """
    if settings.listen.turn_end == "none":
        return NoTurnEndDetector()
    return SmartTurn(models.path(settings.listen.turn_end), budget().turn_end)


def assemble_echo_canceller(settings: Settings) -> EchoCanceller:
    """Construct what takes the assistant's own voice out of the microphone's sound."""
    return WebRtcEchoCanceller() if settings.mic.cancel_echo else NoEchoCanceller()


def voice_folder() -> Path:
    """Return the private folder of the users' voices."""
    return state_dir() / "wake"


def assemble_other_voices(settings: Settings, wake_word: str) -> list[Samples]:
    """Synthesise other voices that say the phrase, to learn a user's voice against.

    Returns:
        Clips of int16 at 16 kHz: the settings' voice, also at other pitches; none where there is
        no such voice on this device.
    """
    keep_private()
    models = find_models()
    try:
        voice = Piper(models.path(settings.speak.model))
    except ModelMissing:
        return []
    voice.load()
    phrase = phrase_of(wake_word).title()
    return [
        resample(voice.synthesize(f"{phrase}{end}"), as_if_hz, RATE_HZ)
        for as_if_hz in (18_700, 20_300, 22_050, 24_000, 26_500)
        for end in (".", "?", ", what time is it?")
    ]


def assemble_transcriber(settings: Settings, models: Models) -> FasterWhisper:
    """Construct the speech recogniser.

    Raises:
        ModelMissing: it has not been pulled.
    """
    keep_private()
    transcribe = settings.transcribe
    transcriber = FasterWhisper(
        models.path(transcribe.model),
        language=transcribe.language,
        threads=transcribe.threads or budget().transcribe,
        at_once=2,
        window=transcribe.window,
    )
    transcriber.bias(transcribe.vocabulary)
    return transcriber


def assemble_synthesizer(
    settings: Settings,
    models: Models,
    rate_hz: int | None = None,
    pace: VoicePace | None = None,
) -> CachedSynthesizer:
    """Construct the voice, with the clips that it has kept; at `rate_hz`, or its own rate. pace:
    what the owner may change.

    Raises:
        ModelMissing: it has not been pulled.
    """
    keep_private()
    speak = settings.speak
    voice = Piper(
        models.path(speak.model),
        threads=speak.threads or budget().speak,
        length_scale=speak.length_scale,
        first_part_s=speak.first_part_s,
        pace=pace,
    )
    return CachedSynthesizer(
        voice,
        cache_dir() / "stock_sentences" if speak.keep_stock else None,
        stock_sentences(),
        longest_s=speak.newest_s,
        rate_hz=rate_hz,
        pace=pace,
    )


def assemble_wearer(settings: Settings, models: Models) -> Piper:
    """Construct the voice of the emulator's wearer, who says a line the same way every time.

    Raises:
        ModelMissing: it has not been pulled.
    """
    keep_private()
    return Piper(models.path(settings.speak.model), variation=0.0)


def assemble_speaker(settings: Settings) -> Speaker:
    """Construct the live speaker."""
    return PortAudioSpeaker(settings.speaker.device, settings.speaker.rate_hz)


def assemble_store(
    settings: Settings, state: Path, embedder: Embedder | None, clock: Clock | None = None
) -> Store:
    """Construct the context store over the private folder `state`."""
    memory, folder = settings.memory, state / "memory"
    real = clock or SystemClock()
    return Store(
        folder,
        embedder,
        lambda: real.now().astimezone(UTC),
        keys=_key_source(settings, folder),
        general_needs_pin=memory.general_needs_pin,
        retention=Retention(memory.ambient_h, memory.keep_days),
    )


def _key_source(settings: Settings, folder: Path) -> KeySource:
    match settings.memory.keys:
        case "file":
            return FileKeySource(folder / "device.key")
        case "systemd":
            return CredentialKeySource()
        case "kernel":
            return KernelKeySource()
        case "pin":
            return NoKeySource()


def assemble_schedule(state: Path, store: Store, clock: Clock) -> Schedule:
    """Construct what keeps all that is to ring, over the private folder `state`.

    Names and texts are sealed by the store, which the schedule is therefore opened after.
    """
    return Schedule(state / "timers.sqlite3", clock, store.seal("schedule"))


@dataclass(frozen=True, slots=True)
class Engines:
    """What a mind thinks with, and what holds nothing of anyone: it may serve one after another."""

    router: Router
    model: LlamaModel | None
    embedder: MiniLM | None
    folder: Path | None = None
    """Where what is made of examples is kept; None: in the mind's own."""
    learned: Learned | None = None
    """What was learned of tools and their slots, for the embedder."""
    fit: Fit | None = None
    """Which model that is, and why; None where it doesn't depend on the memory there is."""


def assemble_engines(
    settings: Settings, models: Models, clock: Clock, folder: Path | None
) -> Engines:
    """Construct what a mind thinks with. folder: where the start of every prompt is kept.

    Raises:
        ModelMissing: a model has not been pulled.
    """
    threads = budget()
    think = settings.think
    embedder = model = learned = None
    if settings.memory.embedder != "none":
        embedder = MiniLM(models.path(settings.memory.embedder), threads.embed)
        learned = Learned(embedder) if embedder.name == EMBEDDER else None
    used = fitted(settings, models)
    here = used.model if used is not None else private(settings, models)
    if here is not None and not isinstance(think, NoModelSettings):
        model = LlamaModel(
            _gguf(models.path(here), here),
            threads=think.threads or threads.think,
            threads_alone=think.threads or threads.think_alone,
            context_tokens=context_tokens(settings),
            folder=folder,
        )
    return Engines(Router(now=clock.now), model, embedder, folder, learned, used)


@dataclass(frozen=True, slots=True)
class RouterRoutes:
    """Says what a complete command calls, for the steps of routines."""

    router: Router

    def complete(self, utterance: str) -> Call | None:
        """The call of an utterance; None if it is no complete command."""
        routed = self.router.route(utterance)
        if routed.kind is not RouteKind.COMPLETE or routed.tool is None:
            return None
        return Call(routed.tool, routed.args)


def assemble_deps(
    settings: Settings,
    state: Path,
    clock: Clock,
    router: Router,
    *,
    gain: Gain | None = None,
    pace: VoicePace | None = None,
    network: Network | None = None,
    mute: Mute | None = None,
) -> Deps:
    """Construct what this device has for the tools. gain, pace, mute: see `assemble_mind`. network:
    what the settings let them reach.
    """
    network = network or Network()
    mixers: list[Mixer] = [PulseMixer(), AlsaMixer(), *([gain] if gain is not None else [])]
    calendar = settings.tools.calendar.folder
    return Deps(
        levels=DeviceLevels(mixers),
        mute_switch=mute or NoMuteSwitch(),
        board=LinuxBoard(state),
        pace=pace or NoPace(),
        events=CalendarFolder(
            Path(calendar).expanduser() if calendar else state / "calendar", clock.now
        ),
        routes=RouterRoutes(router),
        home=network.home,
        forecast=network.forecast,
    )


def assemble_mind(
    settings: Settings,
    state: Path,
    *,
    models: Models | None = None,
    clock: Clock | None = None,
    present: Callable[[], Authentication] | None = None,
    engines: Engines | None = None,
    toolbox: Callable[[Iterable[Tool[Any]]], Toolbox] = Toolbox,
    gain: Gain | None = None,
    pace: VoicePace | None = None,
    deps: Deps | None = None,
    mute: Mute | None = None,
    servers: OfferingServers | None = None,
) -> Mind:
    """Construct what thinks and remembers, over the private folder `state`.

    Args:
        settings: which engines, and how.
        state: a private folder.
        models: the models there are; by default this user's.
        clock: by default the system's.
        present: asked what shows that it is the owner, where a turn does not say it itself; by
            default only the voice.
        engines: what it thinks with; by default its own.
        toolbox: makes the toolbox of the tools.
        gain: turned where the sound system has no volume; None: there is no sound.
        pace: the voice's; None: there is no voice.
        deps: what the device has for the tools; by default this one's.
        mute: turns the microphone off; None: there is no microphone.
        servers: of other tools; by default those of the settings.

    Raises:
        ModelMissing: a model has not been pulled.
        SettingsWrong: a language model that the settings name is none.
    """
    keep_private()
    clock = clock or SystemClock()
    if engines is None:
        engines = assemble_engines(settings, models or find_models(), clock, state / "think")
    store = assemble_store(settings, state, engines.embedder, clock)
    schedule = assemble_schedule(state, store, clock)
    deps = deps or assemble_deps(
        settings,
        state,
        clock,
        engines.router,
        gain=gain,
        pace=pace,
        network=assemble_network(settings, store),
        mute=mute,
    )
    shown_by = present or (lambda: Authentication.VOICE)
    deps = replace(deps, servers=lambda: sorted({name.split(".")[1] for name in tools.offered}))
    tools = toolbox(standard_tools(schedule, clock.now, undo_s=settings.memory.undo_s, deps=deps))
    model: ChatModel | None = engines.model
    if isinstance(settings.think, RemoteModelSettings):
        model = assemble_remote_model(settings.think, store, engines.model)

    def made() -> Chooser:
        folder = engines.folder or state / "think"
        return chooser(tools, engines.embedder, folder, learned=engines.learned)

    able = model is not None or engines.learned is not None
    choices = Choices(made(), time.monotonic) if able else None
    agent = Agent(
        router=engines.router,
        toolbox=tools,
        model=model,
        store=store,
        mint=lambda purpose: ask(store, purpose, shown_by()),
        now=clock.now,
        choices=choices,
        last_reply=deps.spoken if isinstance(deps.spoken, LastReply) else None,
    )

    def mint(shown_by: Authentication) -> TurnMint:
        return TurnMint(store, shown_by, lambda: clock.now().timestamp())

    servers = servers or assemble_mcp(settings, store)
    offers = None if servers is None else Offers(servers, tools, clock.now, choices, made)
    return Mind(agent, store, schedule, engines.embedder, mint, engines.fit, offers, deps.home)


def assemble(
    settings: Settings,
    state: Path,
    *,
    microphone: Microphone | None = None,
    speaker: Speaker | None = None,
    way_back: str = "Press the button",
) -> Stages:
    """Construct a whole assistant; without `microphone` and `speaker`, live ones. way_back: what
    turns a muted microphone on by hand, as a sentence begins.

    Raises:
        ModelMissing: a model has not been pulled.
    """
    models = find_models()
    gain, pace = None, VoicePace()
    if speaker is None:
        gain = Gain()
        speaker = GainedSpeaker(assemble_speaker(settings), gain)
    mute = Mute(mute_file(state), SystemClock(), way_back)
    mind = assemble_mind(settings, state, models=models, gain=gain, pace=pace, mute=mute)
    return Stages(
        microphone=microphone or PortAudioMicrophone(settings.mic.device),
        echo_canceller=assemble_echo_canceller(settings),
        wake_word=assemble_wake_word(settings),
        own_words=assemble_own_words(settings),
        speech_detector=SileroVad(),
        turn_end=assemble_turn_end(settings, models),
        transcriber=assemble_transcriber(settings, models),
        mind=mind,
        synthesizer=assemble_synthesizer(settings, models, speaker.rate_hz, pace),
        speaker=speaker,
        mute=mute,
    )


def _gguf(folder: Path, name: str) -> Path:
    files = sorted(folder.glob("*.gguf"))
    if not files:
        raise SettingsWrong(
            f"think.model: {name} is no language model (it has no GGUF file); see 'lapel models "
            "list'."
        )
    return files[0]


def budget() -> Budget:
    """Return this machine's threads per engine."""
    return share(len(os.sched_getaffinity(0)))
