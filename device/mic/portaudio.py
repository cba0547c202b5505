"""A live microphone through PortAudio (sounddevice)."""

from typing import Any

import numpy as np

from device.audio import CHUNK_SAMPLES, RATE_HZ
from device.errors import MicrophoneUnusable
from device.mic import Push
from device.sound_devices import end_stream, pick, start_stream


class PortAudioMicrophone:
    """The default input device, or one picked by a part of its name or its number."""

    def __init__(self, device: str = "") -> None:
        self._device = device
        self._stream: Any = None

    @property
    def name(self) -> str:
        """The device as it was asked for."""
        return self._device or "the default microphone"

    def open(self, push: Push) -> None:
        """Open the device and begin.

        Raises:
            MicrophoneUnusable: no such device, none at all, or busy.
        """
        index = pick(self._device, "input", MicrophoneUnusable)

        def callback(data: Any, _frames: int, _time: Any, _status: Any) -> None:
            push(np.array(data[:, 0]))  # PortAudio reuses its memory: copy, and nothing else

        self._stream = start_stream(
            "InputStream",
            self.name,
            "--mic",
            MicrophoneUnusable,
            device=index,
            samplerate=RATE_HZ,
            blocksize=CHUNK_SAMPLES,
            callback=callback,
        )

    def close(self) -> None:
        """Let the device go."""
        if self._stream is not None:
            stream, self._stream = self._stream, None
            end_stream(stream)
