"""Sounds that are not words: the timer's ring, and earcons that say what the assistant does.

Earcons are short, soft and pure. A tone that glides or has overtones like a voice's could be taken
for a word by the speech recogniser when it comes back through the microphone; these are sine
notes, 20 dB below full scale, that begin and end at zero.
"""

import numpy as np
from numpy.typing import NDArray

from device.audio import Samples

_RING = 9_000  # of 32,767: it is meant to be heard across a room
_EARCON = 3_277  # -20 dBFS at the peak: quieter than speech
_SOFT = 1_640  # -26 dBFS: may sound many times over
_EDGE_S = 0.01


def ring(rate_hz: int) -> Samples:
    """Return a timer's ring: three rising pairs of notes, shape (n,), int16."""
    pair = [*_notes((880.0, 1174.7), 0.14, _RING, rate_hz), _silence(0.18, rate_hz)]
    return np.concatenate(pair * 3)


def listening(rate_hz: int) -> Samples:
    """Return "I am listening": two rising notes, 0.12 s, shape (n,), int16."""
    return np.concatenate(_notes((659.3, 987.8), 0.06, _EARCON, rate_hz))


def closed(rate_hz: int) -> Samples:
    """Return "I have stopped listening": two falling notes, 0.12 s, shape (n,), int16."""
    return np.concatenate(_notes((987.8, 659.3), 0.06, _EARCON, rate_hz))


def thinking(rate_hz: int) -> Samples:
    """Return "wait a moment": one soft, low note with a pause, 1.2 s, shape (n,), int16.

    Played again and again it is a slow, steady pulse.
    """
    notes = _notes((523.3,), 0.09, _SOFT, rate_hz)
    return np.concatenate([*notes, _silence(1.11, rate_hz)])


def cannot_hear(rate_hz: int) -> Samples:
    """Return "something is wrong": the same low note twice, 0.3 s, shape (n,), int16.

    For what cannot be put into words, as when the voice itself fails.
    """
    note = _notes((329.6,), 0.11, _EARCON, rate_hz)
    return np.concatenate([*note, _silence(0.08, rate_hz), *note])


def _notes(tones_hz: tuple[float, ...], each_s: float, peak: int, rate_hz: int) -> list[Samples]:
    return [_note(tone_hz, each_s, peak, rate_hz) for tone_hz in tones_hz]


def _note(tone_hz: float, seconds: float, peak: int, rate_hz: int) -> Samples:
    at: NDArray[np.float64] = np.arange(round(seconds * rate_hz)) / rate_hz
    # Ramps of a raised cosine, so that it does not click.
    ramp = np.clip(np.minimum(at, at[-1] - at) / _EDGE_S, 0.0, 1.0)
    edge = 0.5 - 0.5 * np.cos(np.pi * ramp)
    return (peak * edge * np.sin(2 * np.pi * tone_hz * at)).astype(np.int16)


def _silence(seconds: float, rate_hz: int) -> Samples:
    return np.zeros(round(seconds * rate_hz), dtype=np.int16)
