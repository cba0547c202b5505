"""The sound devices that PortAudio sees, and picking one."""

from dataclasses import dataclass
from types import ModuleType
from typing import Any, Literal

from device.errors import SoundUnusable

Direction = Literal["input", "output"]


@dataclass(frozen=True, slots=True)
class SoundDevice:
    """One device as PortAudio names it."""

    index: int
    name: str
    inputs: int
    outputs: int
    rate_hz: int
    is_default_input: bool
    is_default_output: bool


def load_sounddevice(error: type[SoundUnusable] = SoundUnusable) -> ModuleType:
    """Import sounddevice, which needs PortAudio's library on the machine.

    Raises:
        SoundUnusable: (or the subclass given) when the library is missing.
    """
    try:
        import sounddevice
    except OSError as missing:
        raise error(
            "PortAudio is missing: install it with 'sudo apt-get install libportaudio2'."
        ) from missing
    return sounddevice


def list_devices(error: type[SoundUnusable] = SoundUnusable) -> list[SoundDevice]:
    """Return every device; the list is what PortAudio saw when the program began.

    Raises:
        SoundUnusable: (or the subclass given) when PortAudio's library is missing or fails.
    """
    sounddevice = load_sounddevice(error)
    try:
        found: Any = sounddevice.query_devices()
        default_input, default_output = sounddevice.default.device
    except sounddevice.PortAudioError as fault:
        raise error(f"The sound system does not answer ({fault.args[0]}).") from fault
    return [
        SoundDevice(
            index=index,
            name=str(each["name"]),
            inputs=int(each["max_input_channels"]),
            outputs=int(each["max_output_channels"]),
            rate_hz=int(each["default_samplerate"]),
            is_default_input=index == default_input,
            is_default_output=index == default_output,
        )
        for index, each in enumerate(found)
    ]


def pick(wanted: str, direction: Direction, error: type[SoundUnusable]) -> int | None:
    """Find a device by its number or a part of its name; "" is the default (None).

    Raises:
        SoundUnusable: (or the subclass given) with the devices there are.
    """
    devices = [
        each
        for each in list_devices(error)
        if (each.inputs if direction == "input" else each.outputs)
    ]
    noun = "microphone" if direction == "input" else "speaker"
    if not devices:
        raise error(
            f"There is no {noun}: plug one in, or use the emulator (lapel demo) which needs none."
        )
    if not wanted:
        return None
    if wanted.isdigit():
        matches = [each for each in devices if each.index == int(wanted)]
    else:
        exact = [each for each in devices if each.name.lower() == wanted.lower()]
        matches = exact or [each for each in devices if wanted.lower() in each.name.lower()]
    if not matches:
        there_are = ", ".join(f"{each.index}: {each.name}" for each in devices)
        raise error(f"There is no {noun} '{wanted}'. There are: {there_are}.")
    return matches[0].index


def start_stream(kind: str, name: str, option: str, error: type[SoundUnusable], **how: Any) -> Any:
    """Open and start a PortAudio stream: `kind` is "InputStream" or "OutputStream".

    Raises:
        SoundUnusable: (or the subclass given) when the device is busy or refuses.
    """
    sounddevice = load_sounddevice(error)
    stream: Any = None
    try:
        stream = getattr(sounddevice, kind)(channels=1, dtype="int16", **how)
        stream.start()
    except sounddevice.PortAudioError as refused:
        if stream is not None:
            end_stream(stream)
        raise error(
            f"Cannot open {name} ({refused.args[0]}): close what else uses it, or pick another "
            f"with {option} (lapel devices lists them)."
        ) from refused
    return stream


def end_stream(stream: Any) -> None:
    """Let a stream go. `abort`, because `stop` hangs for ever on a device that is gone."""
    stream.abort(ignore_errors=True)
    stream.close(ignore_errors=True)
