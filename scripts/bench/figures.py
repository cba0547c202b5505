"""From recordings to figures: first audible samples, percentiles, ratios. Pure."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16_000
AUDIBLE = 330
"""A sample this far from zero is heard: -40 dB of full scale, as in `Room`."""

_COMMIT_EARLY_S = 0.1  # a decision this much before the last audible sample cuts the user off

Sound = NDArray[np.int16]


def first_audible(sound: Sound, start: int = 0) -> int | None:
    """Return the index of the first audible sample at or after `start`; None when there is none."""
    found = np.flatnonzero(np.abs(sound[start:].astype(np.int32)) >= AUDIBLE)
    return int(found[0]) + start if len(found) else None


def last_audible(sound: Sound) -> int | None:
    """Return the index of the last audible sample; None when there is none."""
    found = np.flatnonzero(np.abs(sound.astype(np.int32)) >= AUDIBLE)
    return int(found[-1]) if len(found) else None


@dataclass(frozen=True, slots=True)
class Measured:
    """What one turn's sound shows."""

    voice_to_voice_ms: float | None
    """None when nothing was answered, or the user was still speaking when it was."""
    end_of_speech: int | None
    """The sample of the recording that is the user's last audible one."""
    talked_over: bool
    """The assistant sounded while the user still spoke."""


def measure(
    user: Sound, assistant: Sound, start: int, end: int, capture_s: float = 0.0
) -> Measured:
    """Find the reply in the part [start, end) of a recording.

    Args:
        user: what the user said, shape (n,), without the room's noise.
        assistant: what the assistant played on the same clock, shape (n,).
        start: where the turn begins.
        end: where it ends.
        capture_s: how long a sample of the user is recorded before it sounds: the room notes a
            chunk when it hands it over, which is one chunk after it began to be spoken, beside
            what begins to play then.
    """
    last = last_audible(user[start:end])
    if last is None:
        return Measured(None, None, False)
    first = first_audible(user[start:end]) or 0
    last += start
    over = first_audible(assistant[start + first : last])
    answered = first_audible(assistant[:end], last)
    if over is not None or answered is None:
        return Measured(None, last, over is not None)
    return Measured((answered - last) * 1000.0 / RATE_HZ + capture_s * 1000.0, last, False)


def cut_off(talked_over: bool, commits_s: Iterable[float]) -> bool:
    """Whether the user was cut off: spoken over, or judged to be done before they were.

    `commits_s` are seconds after the end of speech at which the turn was decided.
    """
    return talked_over or any(at_s < -_COMMIT_EARLY_S for at_s in commits_s)


def summary(values: Sequence[float]) -> dict[str, Any]:
    """Return p50, p95 (linear between ranks) and n; None for percentiles of nothing."""
    if not values:
        return {"p50_ms": None, "p95_ms": None, "n": 0}
    p50, p95 = np.percentile(values, [50, 95])
    return {"p50_ms": round(float(p50), 1), "p95_ms": round(float(p95), 1), "n": len(values)}


def ratio(baseline_ms: float | None, ours_ms: float | None) -> float | None:
    """Return how many times quicker ours is; None when either is not known."""
    if baseline_ms is None or not ours_ms:
        return None
    return round(baseline_ms / ours_ms, 2)


def paired_ratios(
    ours: Mapping[str, Sequence[float]], baseline: Mapping[str, float | None]
) -> dict[str, float | None]:
    """Compare p50 and p95 over the utterances that both answered, by the utterance's id.

    Each of ours may have been said more than once: its median stands for it at p50, its worst
    at p95, so that nothing slow is hidden by repeating.
    """
    both = [each for each, ms in baseline.items() if ms is not None and ours.get(each)]
    theirs = summary([ms for each in both if (ms := baseline[each]) is not None])
    typical = summary([float(np.median(ours[each])) for each in both])
    worst = summary([max(ours[each]) for each in both])
    return {
        "p50": ratio(theirs["p50_ms"], typical["p50_ms"]),
        "p95": ratio(theirs["p95_ms"], worst["p95_ms"]),
    }


def medians(rows: Iterable[Mapping[str, float]]) -> dict[str, float]:
    """Return each key's median over the rows that have it, in the order of first appearance."""
    columns: dict[str, list[float]] = {}
    for row in rows:
        for key, value in row.items():
            columns.setdefault(key, []).append(value)
    return {key: round(float(np.median(values)), 1) for key, values in columns.items()}


def plain_words(text: str) -> list[str]:
    """Return the words of a text, without case and marks."""
    return re.findall(r"[a-z0-9']+", text.lower())
