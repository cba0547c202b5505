"""Echo cancellation: the microphone's sound without what the speaker put into it.

The reference is what was really played (`Playout.take_played`), chunk by chunk beside the
microphone's chunks. The canceller finds the delay between the two by itself.
"""

from typing import Any, Protocol

import numpy as np

from device.audio import RATE_HZ, Samples

_FRAME_SAMPLES = 160
"""10 ms: what the canceller works on."""
_HELD_SAMPLES = 128
"""512 samples are three frames and a rest of 32, 64, 96, 128 or 0, so that at most 128 samples
wait for the next chunk; giving the output this much late makes every chunk come out whole."""


class EchoCanceller(Protocol):
    """Takes the assistant's own voice out of what the microphone hears."""

    def load(self) -> None:
        """Make it ready.

        Raises:
            EngineUnusable: it cannot be opened.
        """
        ...

    def process(self, chunk: Samples, played: Samples) -> Samples:
        """Return the next chunk without the echo.

        Args:
            chunk: from the microphone: shape (n,), int16, 16 kHz; n is 512, or another multiple
                of 32.
            played: what the speaker took meanwhile: the same shape and rate.

        Returns:
            The same shape, at most 16 ms late.
        """
        ...

    def reset(self) -> None:
        """Forget the room, as after a change of device."""
        ...


class NoEchoCanceller:
    """Lets everything through: for headphones, and for devices that cancel echo themselves."""

    def load(self) -> None:
        """There is nothing to open."""

    def process(self, chunk: Samples, played: Samples) -> Samples:
        """Return the chunk as it is."""
        del played
        return chunk

    def reset(self) -> None:
        """There is nothing to forget."""


class WebRtcEchoCanceller:
    """AEC3 of the WebRTC project (webrtc.googlesource.com, modules/audio_processing/aec3).

    Only the canceller runs, without noise suppression and gain control, so that speech stays as it
    was. It filters the microphone's sound below about 50 Hz, as it always does.
    """

    def __init__(self) -> None:
        self._canceller: Any = None

    def load(self) -> None:
        """Open the library."""
        import pywebrtc_audio

        self._canceller = pywebrtc_audio.EchoCanceller(sample_rate=RATE_HZ)
        self._forget_rest()

    def process(self, chunk: Samples, played: Samples) -> Samples:
        """Return the next chunk without the echo, 16 ms late: 8 here, 8 in AEC3's filter bank."""
        near = np.concatenate([self._near, chunk])
        far = np.concatenate([self._far, played])
        whole = len(near) - len(near) % _FRAME_SAMPLES
        self._near, self._far = near[whole:], far[whole:]
        ready = self._ready
        if whole:
            ready = np.concatenate([ready, self._canceller.process(near[:whole], far[:whole])])
        self._ready = ready[len(chunk) :]
        return ready[: len(chunk)]

    def reset(self) -> None:
        """Forget the room."""
        self._canceller.reset()
        self._forget_rest()

    def _forget_rest(self) -> None:
        nothing: Samples = np.zeros(0, dtype=np.int16)
        self._near, self._far = nothing, nothing
        self._ready: Samples = np.zeros(_HELD_SAMPLES, dtype=np.int16)
