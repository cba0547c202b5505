"""The silence around a clip, as a listener should hear it. Pure.

A voice puts silence before and after what it says: the joe voice 25-65 ms before and 95-230 ms
after. The first is pure delay. The second is the pause between two clauses, and is kept near the
voice's own: longest at the end of a sentence, shorter at a comma, shortest where it runs on.
"""

import re

import numpy as np

from device.audio import Samples

_QUIET = 180.0  # root mean square of what counts as silence: -45 dBFS
_WINDOW_S = 0.005
_KEPT_S = 0.015  # before the first sound, for soft onsets
_RUNNING_S = (0.02, 0.07)  # the sentence runs on
_WITHIN_S = (0.10, 0.18)
_BETWEEN_S = (0.20, 0.30)
_RUNS_ON = re.compile(r"\w\s*$")
_SENTENCE_END = re.compile(r"[.!?…][\"')\]]*\s*$")


def without_lead(samples: Samples, rate_hz: int) -> Samples:
    """Return a clip, shape (n,), int16, without its first silence; all of it if it is silent."""
    loud = _loud(samples, rate_hz)
    if not len(loud):
        return samples
    start = int((loud[0] * _WINDOW_S - _KEPT_S) * rate_hz)
    return samples[max(0, start) :]


def with_pause(samples: Samples, rate_hz: int, text: str) -> Samples:
    """Return a clip, shape (n,), int16, whose last silence fits the end of its text."""
    loud = _loud(samples, rate_hz)
    if not len(loud):
        return samples
    least_s, most_s = _WITHIN_S
    if _SENTENCE_END.search(text):
        least_s, most_s = _BETWEEN_S
    elif _RUNS_ON.search(text):
        least_s, most_s = _RUNNING_S
    end = min(len(samples), int((loud[-1] + 1) * _WINDOW_S * rate_hz))
    pause = len(samples) - end
    if pause < (least := int(least_s * rate_hz)):
        return np.concatenate([samples, np.zeros(least - pause, dtype=np.int16)])
    return samples[: end + min(pause, int(most_s * rate_hz))]


def _loud(samples: Samples, rate_hz: int) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Return which windows of `_WINDOW_S` are not silent."""
    width = int(_WINDOW_S * rate_hz)
    count = len(samples) // width
    windows = samples[: count * width].astype(np.float64).reshape(count, width)
    return np.flatnonzero(np.sqrt(np.mean(windows**2, axis=1)) > _QUIET)
