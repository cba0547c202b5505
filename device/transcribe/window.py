"""A Whisper window as long as the utterance instead of 30 s. Pure.

Whisper's encoder takes a window of any length, at a cost that grows faster than the length. Two
things make a short window as good as the whole one:

- what follows the sound is as quiet as the features can say, as it was in training (faster-whisper
  pads with zeros, which stand for a faint hiss), and at least a second of it is encoded;
- the decoder also sees how the encoder writes down the silence at the end of a whole window. It
  does not depend on the utterance, so it is made once and joined to each utterance's encoding.
  Without it the decoder does not see that the sound is over and says its end again and again.
"""

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.float32]
"""Log-mel features as Whisper has them: shape (bands, frames), a frame each 10 ms."""
Encoding = NDArray[np.float32]
"""What the encoder made of them: shape (1, positions, width), a position each 20 ms."""

FRAMES_PER_S = 100
POSITIONS_PER_S = 50
WHOLE_S = 30
QUIET_AFTER_S = 1.0

_SILENCE = -0.6  # the quietest that features can be beside speech of ordinary loudness
_ACTIVE_BELOW_LOUDEST = 0.9  # in units of features, each 40 dB: 36 dB


def silence(bands: int) -> Features:
    """Return a whole window of silence."""
    return np.full((bands, WHOLE_S * FRAMES_PER_S), _SILENCE, dtype=np.float32)


def trimmed(features: Features) -> Features:
    """Add quiet after the utterance: a second of it, or less at the end of a whole window.

    Returns:
        Shape (bands, frames), with an even number of frames, at most a whole window.
    """
    wanted = min(features.shape[1] + int(QUIET_AFTER_S * FRAMES_PER_S), WHOLE_S * FRAMES_PER_S)
    more = max(0, wanted + wanted % 2 - features.shape[1])
    quietest = float(features.min(initial=0.0))
    return np.pad(features, ((0, 0), (0, more)), constant_values=quietest)


def with_silence_after(encoding: Encoding, whole: Encoding, tail_s: float) -> Encoding:
    """Join the end of a whole window of silence to an utterance's encoding.

    Args:
        encoding: of a trimmed window.
        whole: of `silence`, by the same encoder.
        tail_s: how much of it to join at the most, counted from its end.
    """
    begin = max(encoding.shape[1], whole.shape[1] - int(tail_s * POSITIONS_PER_S))
    return np.ascontiguousarray(np.concatenate([encoding, whole[:, begin:]], axis=1))


def active_s(features: Features) -> float:
    """Return the seconds in which the sound is within 36 dB of its loudest."""
    if not features.size:
        return 0.0
    loudest = features.max(axis=0)
    active = loudest > loudest.max() - _ACTIVE_BELOW_LOUDEST
    return float(np.count_nonzero(active)) / FRAMES_PER_S
