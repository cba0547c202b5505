"""A live speaker through PortAudio (sounddevice)."""

from typing import Any

from device.errors import SpeakerUnusable
from device.play import Pull
from device.sound_devices import end_stream, pick, start_stream


class PortAudioSpeaker:
    """The default output device, or one picked by a part of its name or its number."""

    def __init__(self, device: str = "", rate_hz: int = 48_000) -> None:
        """Play at `rate_hz`; 48,000 is what nearly every sound card takes."""
        self._device = device
        self._rate_hz = rate_hz
        self._stream: Any = None

    @property
    def name(self) -> str:
        """The device as it was asked for."""
        return self._device or "the default speaker"

    @property
    def rate_hz(self) -> int:
        """The rate at which the device is opened."""
        return self._rate_hz

    def open(self, pull: Pull) -> None:
        """Open the device and begin.

        Raises:
            SpeakerUnusable: no such device, none at all, or busy.
        """
        index = pick(self._device, "output", SpeakerUnusable)

        def callback(out: Any, frames: int, _time: Any, _status: Any) -> None:
            out[:, 0] = pull(frames)

        self._stream = start_stream(
            "OutputStream",
            self.name,
            "--speaker",
            SpeakerUnusable,
            device=index,
            samplerate=self._rate_hz,
            blocksize=self._rate_hz // 100,
            latency="low",
            callback=callback,
        )

    def close(self) -> None:
        """Let the device go."""
        if self._stream is not None:
            stream, self._stream = self._stream, None
            end_stream(stream)
