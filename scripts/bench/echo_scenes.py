"""Sound as a microphone beside a loudspeaker would hear it: pure arithmetic on arrays.

All sound is 16 kHz. Levels are root mean squares of int16, over the chunks that are not silent.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16_000
CHUNK = 512
Sound = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Scene:
    """A room, what lies between loudspeaker and microphone, and the noise in it."""

    room: str
    response: Sound
    delay_s: float
    echo_level: float
    soft_clip: float
    """1 bends full scale to tanh(1); 0 is a perfect loudspeaker."""
    drift_ppm: float
    """How much faster the loudspeaker's clock runs than the microphone's."""
    noise: Sound
    noise_level: float

    def echo(self, played: NDArray[np.int16]) -> Sound:
        """Return what of the played sound reaches the microphone, of the same length."""
        sound = played.astype(np.float64)
        if self.soft_clip:
            full = 32_768 / self.soft_clip
            sound = full * np.tanh(sound / full)
        at = np.arange(len(sound)) * (1 + self.drift_ppm * 1e-6)
        sound = np.interp(at, np.arange(len(sound)), sound)
        heard = convolve(sound, self.response)
        late = round(self.delay_s * RATE_HZ)
        heard = np.concatenate([np.zeros(late), heard])[: len(sound)]
        return heard * (self.echo_level / level(heard))

    def background(self, count: int) -> Sound:
        """Return `count` samples of the noise."""
        noise = np.resize(self.noise, count)
        return noise * (self.noise_level / max(1e-9, rms(noise)))


def microphone(*sounds: Sound) -> NDArray[np.int16]:
    """Add sounds up as a microphone does, which clips."""
    return np.clip(sum(sounds), -32768, 32767).astype(np.int16)


def direct_first(response: Sound) -> Sound:
    """Cut a response so that it begins with the direct sound: the delay is told apart."""
    loud = np.abs(response)
    return response[int(np.flatnonzero(loud > 0.1 * loud.max())[0]) :]


def convolve(sound: Sound, response: Sound) -> Sound:
    """Return the convolution, cut to the length of the sound."""
    size = 1 << (len(sound) + len(response) - 1).bit_length()
    both = np.fft.rfft(sound, size) * np.fft.rfft(response, size)
    return np.fft.irfft(both, size)[: len(sound)]


def rms(sound: NDArray[np.generic]) -> float:
    """Return the root mean square."""
    return float(np.sqrt(np.mean(np.square(sound, dtype=np.float64))))


def level(sound: NDArray[np.generic]) -> float:
    """Return the root mean square over the chunks that are within 20 dB of the loudest."""
    each = _levels(sound, CHUNK)
    loud = each[each > 0.1 * each.max()]
    return float(np.sqrt(np.mean(loud**2))) if len(loud) else 1.0


def onset(sound: NDArray[np.generic]) -> int:
    """Return the sample where speech begins: the first 10 ms within 20 dB of the level."""
    return int(np.flatnonzero(_levels(sound, 160) > 0.1 * level(sound))[0]) * 160


def at_level(sound: NDArray[np.generic], wanted: float) -> Sound:
    """Return the sound at another level."""
    return sound.astype(np.float64) * (wanted / level(sound))


def _levels(sound: NDArray[np.generic], size: int) -> Sound:
    whole = sound[: len(sound) // size * size].astype(np.float64)
    return np.sqrt(np.mean(whole.reshape(-1, size) ** 2, axis=1))
