"""Sounds that are not words."""

import numpy as np

from device.audio import Samples


def ring(rate_hz: int) -> Samples:
    """Return a timer's ring: three rising pairs of notes, shape (n,), int16."""
    notes = [_note(hz, 0.14, rate_hz) for hz in (880.0, 1174.7)]
    gap = np.zeros(int(0.18 * rate_hz), dtype=np.int16)
    return np.concatenate([*notes, gap] * 3)


def _note(tone_hz: float, seconds: float, rate_hz: int) -> Samples:
    at = np.arange(int(seconds * rate_hz)) / rate_hz
    edge = np.minimum(1.0, np.minimum(at, seconds - at) / 0.01)  # ramps, so that it does not click
    return (9_000 * edge * np.sin(2 * np.pi * tone_hz * at)).astype(np.int16)
