"""The way of the speaker's sound through a room into the microphone."""

import numpy as np
from numpy.typing import NDArray

from device.audio import CHUNK_SAMPLES, RATE_HZ, Samples

_SPECTRUM = CHUNK_SAMPLES + 1


class EchoPath:
    """A room response, a delay and a level; exact, one chunk of 512 samples at a time.

    The method is uniformly partitioned convolution (overlap-save): the response is cut into
    blocks of a chunk, whose spectra multiply those of the last chunks played. A response of a
    second costs about a tenth of a millisecond a chunk.
    """

    def __init__(
        self,
        response: NDArray[np.floating] | None = None,
        *,
        delay_s: float = 0.0,
        level: float = 1.0,
        soft_clip: float = 0.0,
    ) -> None:
        """Make a way for sound of 16 kHz.

        Args:
            response: of the room, shape (n,), at 16 kHz; its energy is made 1. None: no room.
            delay_s: of sound card, buffers and air together.
            level: how loud what comes back is, for white noise, against what was played.
            soft_clip: how far the loudspeaker bends what it plays: 0 not at all; at 1, full scale
                comes out at tanh(1) = 0.76 of it.
        """
        impulse = np.ones(1) if response is None else np.asarray(response, dtype=np.float64)
        impulse = level * impulse / np.sqrt(np.sum(impulse**2))
        taps = np.concatenate([np.zeros(round(delay_s * RATE_HZ)), impulse])
        count = -(-len(taps) // CHUNK_SAMPLES)
        taps = np.pad(taps, (0, count * CHUNK_SAMPLES - len(taps)))
        self._response = np.fft.rfft(taps.reshape(count, CHUNK_SAMPLES), 2 * CHUNK_SAMPLES)
        self._played = np.zeros((count, _SPECTRUM), dtype=np.complex128)
        self._last = np.zeros(CHUNK_SAMPLES)
        self._soft_clip = soft_clip

    def hear(self, played: Samples) -> NDArray[np.float64]:
        """Return what of the sound so far reaches the microphone during this chunk.

        Args:
            played: what the speaker plays in it: shape (512,), int16.

        Returns:
            Shape (512,), float64, on int16's scale and not clipped to it.
        """
        sound = played.astype(np.float64)
        if self._soft_clip:
            full = 32_768.0 / self._soft_clip
            sound = full * np.tanh(sound / full)
        self._played = np.roll(self._played, 1, axis=0)
        self._played[0] = np.fft.rfft(np.concatenate([self._last, sound]))
        self._last = sound
        heard = np.fft.irfft(np.sum(self._played * self._response, axis=0))
        return heard[CHUNK_SAMPLES:]
