"""A live microphone through PortAudio (sounddevice)."""

from typing import Any

import numpy as np

from device.audio import CHUNK_SAMPLES, RATE_HZ
from device.errors import MicrophoneUnusable
from device.mic import Push
from device.sound_devices import load_sounddevice, pick


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
        sounddevice = load_sounddevice(MicrophoneUnusable)
        index = pick(self._device, "input", MicrophoneUnusable)

        def callback(data: Any, _frames: int, _time: Any, _status: Any) -> None:
            push(np.array(data[:, 0]))  # PortAudio reuses its memory: copy, and nothing else

        try:
            self._stream = sounddevice.InputStream(
                device=index,
                samplerate=RATE_HZ,
                channels=1,
                dtype="int16",
                blocksize=CHUNK_SAMPLES,
                callback=callback,
            )
            self._stream.start()
        except sounddevice.PortAudioError as error:
            self.close()
            raise MicrophoneUnusable(
                f"Cannot open {self.name} ({error.args[0]}): close what else uses it, or pick "
                "another with --mic (lapel devices lists them)."
            ) from error

    def close(self) -> None:
        """Let the device go. `abort`, because `stop` hangs for ever on a source that is gone."""
        if self._stream is not None:
            stream, self._stream = self._stream, None
            stream.abort(ignore_errors=True)
            stream.close(ignore_errors=True)
